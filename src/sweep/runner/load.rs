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
mod tests {
    use super::*;

    /// A simulated GPU with cells of `each` bytes.
    struct Simulated {
        load: DeviceLoad,
        memory: u64,
        each: u64,
        next: usize,
    }

    impl Simulated {
        fn new(most: usize, memory: u64, each: u64) -> Self {
            Self { load: DeviceLoad::new(Jobs::Adaptive { most, memory }), memory, each, next: 0 }
        }

        /// Starts as many cells as allowed and finishes epochs, whose duration depends on the number of cells.
        fn run(&mut self, epochs: usize, seconds: impl Fn(usize) -> f64) {
            for _ in 0..epochs {
                while self.load.has_room() {
                    self.load.started(self.next);
                    self.next += 1;
                }
                let jobs: Vec<usize> = self.load.jobs.keys().copied().collect();
                let free = self.memory.saturating_sub(self.each * jobs.len() as u64);
                for &job in &jobs {
                    self.load.epoch(job, seconds(jobs.len()), Some(free));
                }
            }
        }
    }

    /// Up to `cells` cells do not slow each other down; more share the time of those.
    fn room_for(cells: usize) -> impl Fn(usize) -> f64 {
        move |running| (running as f64 / cells as f64).max(1.0)
    }

    #[test]
    fn the_number_that_pays_off_is_found() {
        for (pays, most, expected) in [(1, 16, 1), (2, 16, 2), (3, 16, 3), (5, 16, 5), (8, 4, 4), (4, 1, 1)] {
            let mut gpu = Simulated::new(most, 1 << 40, 1 << 20);
            gpu.run(200, room_for(pays));
            assert_eq!((gpu.load.allowed(), gpu.load.is_searching()), (expected, false), "{pays} pay, at most {most}");
        }
    }

    /// One more cell stays while the total grows by 5%.
    #[test]
    fn a_small_slowdown_is_accepted() {
        let mut gpu = Simulated::new(16, 1 << 40, 1 << 20);
        // Every further cell slows all down by 15%: the totals are 1, 1.74, 2.27, 2.63, 2.86 and 2.98.
        gpu.run(300, |running| 1.15f64.powi(running as i32 - 1));
        assert_eq!(gpu.load.allowed(), 5);
    }

    #[test]
    fn memory_bounds_them() {
        for (memory, each, expected) in [(10, 4, 2), (10, 3, 3), (10, 2, 4), (10, 6, 1), (100, 1, 16)] {
            let mut gpu = Simulated::new(16, memory, each);
            gpu.run(400, |_| 1.0);
            assert_eq!(gpu.load.allowed(), expected, "{each} of {memory} each");
        }
        let mut unknown = DeviceLoad::new(Jobs::Adaptive { most: 16, memory: 1 << 30 });
        unknown.started(0);
        (0..20).for_each(|_| unknown.epoch(0, 1.0, None));
        assert_eq!(unknown.allowed(), 1, "unknown memory does not count as free");
    }

    #[test]
    fn an_out_of_memory_lowers_the_number_for_good() {
        let mut gpu = Simulated::new(16, 1 << 40, 1 << 20);
        gpu.run(200, room_for(3));
        // The fourth, which did not pay off, runs to its end.
        gpu.load.ended(3);
        gpu.load.ended(0);
        assert!(gpu.load.out_of_memory(), "two are beside it");
        assert_eq!(gpu.load.allowed(), 2);
        gpu.run(100, |_| 1.0);
        assert_eq!(gpu.load.allowed(), 2, "it is not tried again");
        gpu.load.ended(1);
        assert!(gpu.load.out_of_memory());
        assert_eq!(gpu.load.allowed(), 1);
        let jobs: Vec<usize> = gpu.load.jobs.keys().copied().collect();
        for job in jobs {
            gpu.load.ended(job);
        }
        assert!(!gpu.load.out_of_memory(), "alone it fails");
    }

    #[test]
    fn a_trial_without_comparison_is_repeated() {
        let mut gpu = Simulated::new(2, 1 << 40, 1 << 20);
        gpu.run(5, |_| 1.0);
        assert_eq!(gpu.load.allowed(), 2, "a trial");
        gpu.load.ended(0);
        assert_eq!(gpu.load.allowed(), 1, "the cell to compare has ended");
        gpu.run(20, |_| 1.0);
        assert_eq!((gpu.load.allowed(), gpu.load.is_searching()), (2, false));
    }

    #[test]
    fn a_given_number_stays() {
        let mut load = DeviceLoad::new(Jobs::Fixed(2));
        load.started(0);
        assert!(load.has_room() && !load.is_searching());
        load.started(1);
        (0..20).for_each(|epoch| load.epoch(epoch % 2, 1.0, Some(1 << 40)));
        assert!(!load.has_room());
        load.ended(0);
        assert!(!load.out_of_memory(), "it fails");
    }
}
