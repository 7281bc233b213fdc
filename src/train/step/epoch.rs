//! One epoch of steps; the host does not wait for the device until the end.

use std::time::Instant;

use anyhow::Result;
use tch::Device;

use crate::native::TrainingPart;
use crate::seed::{Purpose, derive};
use crate::spec::Position;
use crate::train::checkpoint_state::{Checkpointed, TrainingState, state};
use crate::train::data::batches::Batches;
use crate::train::data::split_input::SplitInput;
use crate::train::numbers::Totals;
use crate::train::observer::{Control, Diverged, Ended, Observer};
use crate::train::step::batch_index::BatchIndex;
use crate::train::step::captured_work::CapturedWork;
use crate::train::step::learner::{Learner, OptimizerState};
use crate::train::step::sums::{EpochStart, Sums};

/// A learner, and the tensors that its steps read and write: at fixed addresses, as captured steps need.
pub(in crate::train) struct Trainer<'a> {
    learner: Learner<'a>,
    /// Measures that are part of a checkpoint.
    checkpointed: Vec<&'a dyn Checkpointed>,
    /// The seed of dropout, if the network has any.
    dropout: Option<u64>,
    batches: Option<Batches>,
    sums: Sums,
    /// Steps on full batches, and on the smaller one at the end of an epoch.
    whole: Steps,
    rest: Steps,
}

/// An epoch to train, or the rest of one.
pub(in crate::train) struct Epoch {
    /// Whole epochs before it.
    pub(in crate::train) behind: u64,
    /// Steps of the training before it.
    pub(in crate::train) done: u64,
    /// Its first step to take, and the end, exclusive.
    pub(in crate::train) from: u64,
    pub(in crate::train) to: u64,
    /// The sums and the seconds of the steps before `from`.
    pub(in crate::train) totals: Totals,
    pub(in crate::train) seconds: f64,
}

impl Epoch {
    /// The first `steps` of the training.
    pub(in crate::train) fn first(steps: u64) -> Self {
        Self { behind: 0, done: 0, from: 0, to: steps, totals: Totals::default(), seconds: 0.0 }
    }
}

/// How steps are submitted to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::train) enum Stepping {
    /// Operator by operator.
    Eager,
    /// Operator by operator, with the batch index on the device: the operators that a graph would have.
    Capturable,
    /// As a CUDA graph, after warm-up.
    Captured,
}

/// Steps on batches of one size.
struct Steps {
    work: CapturedWork,
    batch_index: BatchIndex,
}

impl Steps {
    fn new(device: Device, [batch, length]: [usize; 2], stepping: Stepping) -> Self {
        let batch_index = || BatchIndex::on(device, batch as i64, length as i64);
        match stepping {
            Stepping::Eager => Self { work: CapturedWork::default(), batch_index: BatchIndex::Host(0) },
            Stepping::Capturable => Self { work: CapturedWork::default(), batch_index: batch_index() },
            Stepping::Captured => Self { work: CapturedWork::captured(device), batch_index: batch_index() },
        }
    }
}

impl<'a> Trainer<'a> {
    /// A trainer for `count` examples in batches of `batch_size`.
    pub(in crate::train) fn new(
        learner: Learner<'a>,
        checkpointed: Vec<&'a dyn Checkpointed>,
        dropout: Option<u64>,
        device: Device,
        [count, batch_size]: [usize; 2],
        stepping: Stepping,
    ) -> Self {
        let steps = |length: usize| Steps::new(device, [batch_size, length], stepping);
        let kind = learner.network.kind();
        Self {
            learner,
            checkpointed,
            dropout,
            batches: None,
            sums: Sums::new(device, kind, [count, batch_size]),
            whole: steps(batch_size),
            rest: steps(count % batch_size),
        }
    }

    /// Trains on an epoch's batches.
    pub(in crate::train) fn epoch(
        &mut self,
        split: &SplitInput,
        batches: Batches,
        epoch: &Epoch,
        observer: &mut dyn Observer,
    ) -> Result<Ended> {
        let started = Instant::now();
        match &mut self.batches {
            Some(kept) => kept.renew(&batches),
            none => *none = Some(batches),
        }
        self.sums.start(EpochStart { step: epoch.from, totals: epoch.totals });
        let batches = self.batches.as_ref().map_or(0, Batches::count);
        self.whole.batch_index.set(epoch.from as i64);
        self.rest.batch_index.set(batches - 1);
        for index in epoch.from..epoch.to {
            let control = observer.control();
            if control != Control::GoOn {
                let seconds = epoch.seconds + started.elapsed().as_secs_f64();
                let position = Position { epochs: epoch.behind, steps: index };
                observer.save(&self.state(split, position, seconds)?)?;
            }
            if control == Control::Stop {
                return Ok(Ended::Stopped);
            }
            self.step(split, index as i64, epoch.done, observer)?;
        }
        Ok(Ended::Complete)
    }

    fn step(&mut self, split: &SplitInput, index: i64, done: u64, observer: &mut dyn Observer) -> Result<()> {
        let Some(batches) = &self.batches else { return Ok(()) };
        let length = batches.length(index);
        let step = done + index as u64;
        // Dropout uses the device's generator, seeded so that a step's draws depend only on the step.
        let seed = self.dropout.map(|seed| derive(seed, Purpose::Dropout, &step.to_string()) as i64);
        let (learner, sums) = (&mut self.learner, &mut self.sums);
        // A split smaller than a batch has no full one.
        let Steps { work, batch_index } = if batches.is_whole(index) { &mut self.whole } else { &mut self.rest };
        let not_captured = work.run(
            || {
                if let Some(seed) = seed {
                    tch::manual_seed(seed);
                }
            },
            || {
                learner.step(batch_index, batches.get(learner.network, split, batch_index, length), sums);
                let _part = TrainingPart::Gather.begin();
                batch_index.advance();
            },
        );
        if let Some(cause) = not_captured {
            observer
                .note(&format!("a step cannot be captured as a CUDA graph and runs operator by operator: {cause}"))?;
        }
        observer.step(step + 1);
        Ok(())
    }

    /// Loads the optimizer's and the loss scaler's part of a checkpoint.
    pub(in crate::train) fn load(&self, state: &TrainingState) -> Result<()> {
        let optimizer = OptimizerState(&self.learner);
        let scaler = self.learner.scaler.as_ref().map(|scaler| scaler as &dyn Checkpointed);
        let owners: Vec<&dyn Checkpointed> = [&optimizer as &dyn Checkpointed].into_iter().chain(scaler).collect();
        let mut names: Vec<&str> = owners.iter().map(|owner| owner.owner()).collect();
        names.push(self.learner.network.owner());
        state.check_owners(&names)?;
        owners.into_iter().try_for_each(|owner| state.load(owner))
    }

    /// The sums of the current epoch up to its step `end`, exclusive, and the first step whose loss was not finite.
    pub(in crate::train) fn totals(&self, split: &SplitInput, end: u64) -> (Totals, Option<u64>) {
        let _part = TrainingPart::Metrics.begin();
        match &self.batches {
            Some(batches) if end > 0 => self.sums.read(batches, &split.data.labels, end),
            _ => (Totals::default(), None),
        }
    }

    /// The state at a position; `seconds` is the time of the current epoch so far.
    ///
    /// # Errors
    ///
    /// `Diverged` if any of its numbers is not finite.
    pub(in crate::train) fn state(
        &self,
        split: &SplitInput,
        position: Position,
        seconds: f64,
    ) -> Result<TrainingState> {
        let Position { epochs, steps } = position;
        let (totals, bad) = self.totals(split, steps);
        let behind = epochs * self.batches.as_ref().map_or(0, |batches| batches.count() as u64);
        let epoch = epochs + u64::from(steps > 0);
        if let Some(bad) = bad {
            let updates = behind + bad;
            return Err(Diverged { step: updates + 1, epoch, updates }.into());
        }
        let optimizer = OptimizerState(&self.learner);
        let mut owners: Vec<&dyn Checkpointed> = vec![self.learner.network, &optimizer];
        owners.extend(self.learner.scaler.iter().map(|scaler| scaler as &dyn Checkpointed));
        let needed = owners.len();
        owners.extend(&self.checkpointed);
        let state = state(&owners, needed, totals, position, seconds)?;
        let step = behind + steps;
        state.ok_or_else(|| Diverged { step, epoch, updates: step }.into())
    }
}
