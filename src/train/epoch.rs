//! One epoch of steps, without a wait for the device until its end.

use anyhow::Result;
use tch::Device;

use super::batches::Batches;
use super::cursor::Cursor;
use super::repeated::Repeated;
use super::report::Observer;
use super::split::Split;
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

    /// Trains on the first `steps` of an epoch's batches; `done` steps of the whole training are behind.
    pub(super) fn epoch(
        &mut self,
        split: &Split,
        batches: Batches,
        steps: u64,
        done: u64,
        observer: &mut dyn Observer,
    ) -> Result<EpochSums> {
        let batches = match &mut self.batches {
            Some(kept) => {
                kept.renew(&batches);
                kept
            }
            none => none.insert(batches),
        };
        self.sums.start(done);
        self.whole.cursor.set(0);
        self.rest.cursor.set(batches.count() - 1);
        let (whole, mut images) = (batches.length(0), 0);
        for index in 0..steps {
            let length = batches.length(index as i64);
            images += length;
            // The device's own generator draws what is dropped; a step's draws depend on the step alone.
            if let Some(seed) = self.dropout {
                tch::manual_seed(derive(seed, Purpose::Dropout, &(done + index).to_string()) as i64);
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
            observer.step(done + index + 1);
        }
        Ok(self.sums.read(images as f64))
    }
}
