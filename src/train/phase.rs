//! A phase: what to train, on which data, and how.

use tch::Device;

use crate::blueprint::{FrozenSet, Role};
use crate::native::Scaler;
use crate::network::{Mode, Named, Network};
use crate::spec::{Evaluation, FrozenNorm, Precision, Seeds, Switch, Training};
use crate::train::checkpoint_state::Checkpointed;
use crate::train::data::batches::Batches;
use crate::train::data::device_split::DeviceSplit;
use crate::train::data::split_input::SplitInput;
use crate::train::settings::Settings;
use crate::train::step::epoch::{Stepping, Trainer};
use crate::train::step::learner::Learner;
use crate::train::step::measures::StepMeasures;
use crate::train::step::optimizer::Optimizer;
use crate::train::step::schedule;

/// One phase of training: a network, its data, and how to train. `training_loop` runs it, `branch` continues from its
/// states, `cost` measures it.
pub struct Phase<'a> {
    /// The network, which training changes.
    pub network: &'a Network,
    /// The training examples.
    pub train: DeviceSplit,
    /// The test examples.
    pub test: DeviceSplit,
    /// The validation examples, if any.
    pub validation: Option<DeviceSplit>,
    /// Budget, batch size, optimizer and schedule.
    pub training: &'a Training,
    /// Seeds of its random streams.
    pub seeds: Seeds,
    /// Which layers are frozen.
    pub frozen: &'a FrozenSet,
    /// Which statistics batch norm uses in frozen layers.
    pub frozen_norm: FrozenNorm,
    /// The evaluation schedule.
    pub evaluation: Evaluation,
    /// Precision, memory layout, prefix cache, CUDA graphs.
    pub settings: Settings,
}

impl<'a> Phase<'a> {
    /// The learning rate of a step, counted from 0.
    pub(in crate::train) fn rate(&self, step: u64) -> f64 {
        let count = self.train.count();
        let (per_epoch, total) = (self.training.steps_per_epoch(count), self.training.steps(count));
        schedule::rate(&self.training.rate, step, per_epoch, total)
    }

    /// The batches of an epoch.
    pub(in crate::train) fn batches(&self, split: &SplitInput, epoch: u64) -> Batches {
        let done = (epoch - 1) * self.training.steps_per_epoch(self.train.count());
        let rate = |step| self.rate(done + step);
        Batches::draw(split, self.training.batch_size, self.training.augmentation, self.seeds, epoch, rate)
    }

    /// A trainer that measures nothing.
    pub(in crate::train) fn trainer(&self, first_layer: usize, stepping: Stepping) -> Trainer<'a> {
        self.trainer_of(self.learner(first_layer), Vec::new(), stepping)
    }

    /// The trainer of a learner, with what joins its checkpoints.
    pub(in crate::train) fn trainer_of<'b>(
        &self,
        learner: Learner<'b>,
        checkpointed: Vec<&'b dyn Checkpointed>,
        stepping: Stepping,
    ) -> Trainer<'b> {
        let dropout = self.network.has_dropout().then_some(self.seeds.dropout);
        let sizes = [self.train.count(), self.training.batch_size];
        Trainer::new(learner, checkpointed, dropout, self.network.device(), sizes, stepping)
    }

    /// Whether steps are captured as CUDA graphs.
    pub(in crate::train) fn captures(&self) -> bool {
        self.settings.graph == Switch::Auto && self.network.device() != Device::Cpu
    }

    /// How steps are submitted to the device.
    pub(in crate::train) fn stepping(&self) -> Stepping {
        if self.captures() { Stepping::Captured } else { Stepping::Eager }
    }

    /// The learner of the layers that are not frozen. It changes the network: from here on frozen layers do not train.
    pub(in crate::train) fn learner(&self, first_layer: usize) -> Learner<'a> {
        let (mut parameters, mut trained) = (Vec::new(), Vec::new());
        for named in self.network.tensors() {
            let trains = named.role == Role::Parameter && !self.frozen.has(named.layer);
            // Frozen parameters and statistics get neither gradients nor optimizer state.
            let tensor = named.tensor.set_requires_grad(trains);
            if trains {
                parameters.push(tensor);
                trained.push(named.path.to_owned());
            }
        }
        let precision = self.settings.precision;
        Learner {
            network: self.network,
            optimizer: Optimizer::new(self.training.optimizer, parameters),
            trained,
            scaler: (precision == Precision::Fp16).then(|| Scaler::new(self.network.device())),
            first_layer,
            leading: self.frozen.leading(),
            modes: (0..=self.network.freezable()).map(|layer| self.mode(layer)).collect(),
            training: self.training,
            precision,
            step_measures: StepMeasures::default(),
        }
    }

    /// Bytes that the training will hold besides the network and its data: gradients, optimizer moments, averaged weights,
    /// and the initial weights that norms are measured from.
    pub(in crate::train) fn state_bytes(&self) -> u64 {
        let bytes = |named: &Named<'_>| (named.tensor.numel() * named.tensor.kind().elt_size_in_bytes()) as u64;
        let trains = |named: &Named<'_>| named.role == Role::Parameter && !self.frozen.has(named.layer);
        let trained: u64 = self.network.tensors().filter(trains).map(|named| bytes(&named)).sum();
        let all: u64 = self.network.tensors().map(|named| bytes(&named)).sum();
        let wanted = self.evaluation.extra;
        let copies = 1 + self.training.optimizer.moments() + u64::from(wanted.norms);
        trained * copies + wanted.averaging.map_or(0, |_| all)
    }

    /// The mode of a layer. In a frozen layer dropout is off, and the spec decides the batch norm statistics.
    pub(in crate::train) fn mode(&self, layer: usize) -> Mode {
        match (self.frozen.has(layer), self.frozen_norm) {
            (false, _) => Mode::Train,
            (true, FrozenNorm::Batch) => Mode::BatchStatistics,
            (true, FrozenNorm::Source | FrozenNorm::Target) => Mode::Evaluate,
        }
    }
}
