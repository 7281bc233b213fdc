//! One epoch of steps, without a wait for the device until its end.

use std::time::Instant;

use anyhow::Result;
use tch::{Device, Tensor};

use super::batches::Batches;
use super::cursor::Cursor;
use super::repeated::Repeated;
use super::report::{Ended, Observer, Wish};
use super::split::Split;
use super::state::{State, state};
use super::step::Learner;
use super::sums::{EpochSums, Sums};
use crate::seed::{Purpose, derive};

/// A learner and what its steps read and write in every epoch, in the same places, as a captured step needs it.
pub(super) struct Trainer<'a> {
    learner: Learner<'a>,
    /// The seed of dropout, where the network has any.
    dropout: Option<u64>,
    batches: Option<Batches>,
    sums: Sums,
    /// Steps on whole batches, and on the smaller one at the end of an epoch.
    whole: Steps,
    rest: Steps,
}

/// An epoch to be trained, or the rest of one.
pub(super) struct Epoch {
    /// Whole epochs before it.
    pub(super) behind: u64,
    /// Steps of the training before it.
    pub(super) done: u64,
    /// Its first step to take, and the one to end before.
    pub(super) from: u64,
    pub(super) to: u64,
    /// What the steps before `from` added up, if there are any, and their seconds.
    pub(super) totals: Option<Tensor>,
    pub(super) seconds: f64,
}

impl Epoch {
    /// The first steps of all.
    pub(super) fn first(steps: u64) -> Self {
        Self { behind: 0, done: 0, from: 0, to: steps, totals: None, seconds: 0.0 }
    }
}

/// Steps on batches of one size.
struct Steps {
    repeated: Repeated,
    cursor: Cursor,
}

impl Steps {
    fn new(device: Device, length: i64, capture: bool) -> Self {
        if capture {
            Self { repeated: Repeated::captured(), cursor: Cursor::on(device, length) }
        } else {
            Self { repeated: Repeated::default(), cursor: Cursor::Host(0) }
        }
    }
}

impl<'a> Trainer<'a> {
    /// A trainer for batches of `batch_size` of `count` examples on a device; `capture` asks for graphs.
    pub(super) fn new(
        learner: Learner<'a>,
        dropout: Option<u64>,
        device: Device,
        [count, batch_size]: [usize; 2],
        capture: bool,
    ) -> Self {
        let steps = |length: usize| Steps::new(device, length as i64, capture);
        Self {
            learner,
            dropout,
            batches: None,
            sums: Sums::new(device),
            whole: steps(batch_size),
            rest: steps(count % batch_size),
        }
    }

    /// Trains on an epoch's batches, and keeps its sums.
    pub(super) fn epoch(
        &mut self,
        split: &Split,
        batches: Batches,
        epoch: &Epoch,
        observer: &mut dyn Observer,
    ) -> Result<Ended> {
        let started = Instant::now();
        match &mut self.batches {
            Some(kept) => kept.renew(&batches),
            none => *none = Some(batches),
        }
        match &epoch.totals {
            Some(totals) => self.sums.resume(epoch.done + epoch.from, totals),
            None => self.sums.start(epoch.done),
        }
        let batches = self.batches.as_ref().map_or(0, Batches::count);
        self.whole.cursor.set(epoch.from as i64);
        self.rest.cursor.set(batches - 1);
        for index in epoch.from..epoch.to {
            let wish = observer.wish();
            if wish != Wish::GoOn {
                let seconds = epoch.seconds + started.elapsed().as_secs_f64();
                observer.save(&self.state(epoch.behind, index, seconds)?)?;
            }
            if wish == Wish::Stop {
                return Ok(Ended::Stopped);
            }
            self.step(split, index as i64, epoch.done, observer)?;
        }
        Ok(Ended::Complete)
    }

    fn step(&mut self, split: &Split, index: i64, done: u64, observer: &mut dyn Observer) -> Result<()> {
        let Some(batches) = &self.batches else { return Ok(()) };
        let (whole, length) = (batches.length(0), batches.length(index));
        let step = done + index as u64;
        // The device's own generator draws what is dropped; a step's draws depend on the step alone.
        if let Some(seed) = self.dropout {
            tch::manual_seed(derive(seed, Purpose::Dropout, &step.to_string()) as i64);
        }
        let (learner, sums) = (&mut self.learner, &mut self.sums);
        let Steps { repeated, cursor } = if length == whole { &mut self.whole } else { &mut self.rest };
        let not_captured = repeated.run(|| {
            learner.step(batches.get(learner.network, split, cursor, length), sums);
            cursor.advance();
        });
        if let Some(cause) = not_captured {
            observer
                .note(&format!("a step cannot be captured as a graph, so it goes operator by operator: {cause}"))?;
        }
        observer.step(step + 1);
        Ok(())
    }

    /// What its steps change.
    pub(super) fn learner(&self) -> &Learner<'a> {
        &self.learner
    }

    /// What the epoch gave, of so many images.
    pub(super) fn sums(&self, images: u64) -> EpochSums {
        self.sums.read(images as f64)
    }

    /// The state after whole epochs and `steps` steps of the next, which took some seconds.
    pub(super) fn state(&self, epochs: u64, steps: u64, seconds: f64) -> Result<State> {
        state(&self.learner, &self.sums, [epochs, steps], seconds)
    }
}
