//! Decides how many cells run on one device at a time.
//!
//! Processes share a GPU by taking turns, so the best number depends on how much of it one cell leaves idle. It is measured
//! on the cells themselves: one more is started if its memory fits, and the number stays if the device does more work in
//! total. An out-of-memory error beside other cells lowers the number for good. Pure; the runner reports what happens.

use std::collections::BTreeMap;

/// The least gain in total work for which one more cell stays. Less is noise, and a cell costs memory and a host core.
const LEAST_GAIN: f64 = 0.05;
/// Epochs whose median is a cell's pace.
const EPOCHS: usize = 3;
/// Free memory for one more cell, relative to the mean of those that run. Cells differ, and some are below their peak.
const MEMORY_MARGIN: f64 = 1.2;

/// How many cells a device runs at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jobs {
    /// This many.
    Fixed(usize),
    /// A number found while the sweep runs.
    Adaptive {
        /// The most.
        most: usize,
        /// Bytes of the device's memory.
        memory: u64,
    },
}

/// The cells on a device.
#[derive(Debug)]
pub(super) struct DeviceLoad {
    allowed: usize,
    /// Whether `allowed` may change.
    adapts: bool,
    search: Option<Search>,
    jobs: BTreeMap<usize, TimedJob>,
}

/// The search for the number.
#[derive(Debug)]
struct Search {
    most: usize,
    memory: u64,
    /// Free bytes after the latest epoch.
    free: Option<u64>,
    /// During a trial of one more cell: the pace of the others before it, in seconds per epoch.
    before: Option<BTreeMap<usize, f64>>,
}

/// A running cell.
#[derive(Debug, Default)]
struct TimedJob {
    /// Whether it has finished an epoch. Before that it loads libtorch and data, and hardly uses the device.
    trains: bool,
    /// Whether its current epoch began before the cells on the device changed.
    skips: bool,
    /// Seconds of each epoch since the cells on the device changed.
    epochs: Vec<f64>,
}

impl DeviceLoad {
    pub(super) fn new(jobs: Jobs) -> Self {
        let (allowed, search) = match jobs {
            Jobs::Fixed(count) => (count, None),
            Jobs::Adaptive { most, memory } => {
                (1, (most > 1).then_some(Search { most, memory, free: None, before: None }))
            }
        };
        Self { allowed, adapts: matches!(jobs, Jobs::Adaptive { .. }), search, jobs: BTreeMap::new() }
    }

    /// How many cells may run now.
    pub(super) fn allowed(&self) -> usize {
        self.allowed
    }

    /// Whether one more cell may start.
    pub(super) fn has_room(&self) -> bool {
        self.jobs.len() < self.allowed
    }

    /// Whether `epoch` must be called.
    pub(super) fn is_searching(&self) -> bool {
        self.search.is_some()
    }

    /// Records that a cell has started, under a unique number.
    pub(super) fn started(&mut self, job: usize) {
        self.jobs.insert(job, TimedJob::default());
    }

    /// Records that a cell has ended.
    pub(super) fn ended(&mut self, job: usize) {
        self.jobs.remove(&job);
        self.restart_timing();
        if let Some(search) = &mut self.search
            && let Some(before) = &mut search.before
        {
            before.remove(&job);
            if before.is_empty() {
                // No cell is left to compare: repeat the trial later.
                search.before = None;
                self.allowed -= 1;
            }
        }
    }

    /// Records that the cell that just ended ran out of memory. Returns whether to start it again: other cells were running,
    /// and no more than those run from now on.
    pub(super) fn out_of_memory(&mut self) -> bool {
        let others = self.jobs.len();
        if others == 0 || !self.adapts {
            return false;
        }
        (self.allowed, self.search) = (others.min(self.allowed), None);
        true
    }

    /// Records that a cell has finished an epoch, its duration, and the free bytes of the device after it.
    pub(super) fn epoch(&mut self, job: usize, seconds: f64, free: Option<u64>) {
        let (Some(search), Some(own)) = (&mut self.search, self.jobs.get_mut(&job)) else { return };
        search.free = free;
        if !own.trains {
            own.trains = true;
            self.restart_timing();
        } else if own.skips {
            own.skips = false;
        } else {
            own.epochs.push(seconds);
            self.decide();
        }
    }

    fn restart_timing(&mut self) {
        for job in self.jobs.values_mut() {
            job.skips = job.trains;
            job.epochs.clear();
        }
    }

    fn decide(&mut self) {
        let Some(search) = &mut self.search else { return };
        if self.jobs.len() != self.allowed || !self.jobs.values().all(|job| job.trains) {
            return;
        }
        let pace = |job: &TimedJob| (job.epochs.len() >= EPOCHS).then(|| median(&job.epochs));
        match &search.before {
            None => {
                let paces: BTreeMap<usize, f64> =
                    self.jobs.iter().filter_map(|(&number, job)| Some((number, pace(job)?))).collect();
                if paces.len() == self.jobs.len() && search.has_memory(self.jobs.len()) {
                    search.before = Some(paces);
                    self.allowed += 1;
                }
            }
            Some(before) => {
                let slowed = before.iter().map(|(number, before)| Some(before / pace(self.jobs.get(number)?)?));
                let Some(slowed) = slowed.collect::<Option<Vec<f64>>>() else { return };
                let speed = slowed.iter().sum::<f64>() / slowed.len() as f64;
                // Assumes that the new cell is slowed down as much as the others.
                let gain = speed * self.allowed as f64 / (self.allowed - 1) as f64 - 1.0;
                search.before = None;
                if gain < LEAST_GAIN {
                    self.allowed -= 1;
                }
                if gain < LEAST_GAIN || self.allowed >= search.most {
                    self.search = None;
                }
            }
        }
    }
}

impl Search {
    /// Whether one more cell fits beside `running` others.
    fn has_memory(&self, running: usize) -> bool {
        let Some(free) = self.free else { return false };
        let each = self.memory.saturating_sub(free) as f64 / running as f64;
        free as f64 >= MEMORY_MARGIN * each
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
