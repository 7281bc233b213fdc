//! Exponentially averaged weights: a second network that never affects the one that trains.
//!
//! After every step `average += (1 − d) · (weight − average)` with d = 2^(−1 / half-life), as in PyTorch's
//! `get_ema_multi_avg_fn`. Before an evaluation its batch norms get their own running statistics, in one pass over at most
//! 4,000 training images without augmentation: the mean of the batches' statistics, as in PyTorch's
//! `swa_utils.update_bn`. Dropout is off in that pass, so that it draws no random numbers.

use crate::train::step::measures::Averages;
use anyhow::Result;
use tch::{Tensor, no_grad_guard};

use crate::error::UserError;
use crate::native::{Autocast, TrainingPart};
use crate::network::{Mode, NamedTensors, Network};
use crate::train::checkpoint_state::{Checkpointed, TrainingState, misfit};
use crate::train::data::split_inputs::SplitInputs;
use crate::train::interrupt::{Interrupt, Stopped, proceed};
use crate::train::phase::Phase;

/// Maximum number of training images to estimate batch norm statistics on.
const STATISTICS_IMAGES: i64 = 4000;

/// A network whose weights are averages of the trainable ones.
pub(in crate::train) struct AveragedWeights {
    pub(in crate::train) network: Network,
    paths: Vec<String>,
    averages: Vec<Tensor>,
    /// Steps after which a weight's contribution has halved.
    half_life: f64,
}

impl AveragedWeights {
    /// Averages of the trainable parameters `trained`, starting at the network's weights.
    pub(in crate::train) fn new(network: &Network, trained: &[String], half_life: f64) -> Result<Self, UserError> {
        let own = network.twin()?;
        let found = |path: &String| own.tensors().find(|named| named.path == path).map(|named| named.tensor.detach());
        let averages: Vec<Tensor> = trained.iter().filter_map(found).collect();
        debug_assert_eq!(averages.len(), trained.len());
        Ok(Self { network: own, paths: trained.to_vec(), averages, half_life })
    }

    /// The averages, for training steps.
    pub(in crate::train) fn averages(&self) -> Averages {
        let averages = self.averages.iter().map(Tensor::shallow_clone).collect();
        Averages { averages, weight: 1.0 - 0.5f64.powf(1.0 / self.half_life) }
    }

    /// Loads the averages from a checkpoint.
    pub(in crate::train) fn load(&self, state: &TrainingState) -> Result<()> {
        let kept = state.number(&format!("{OWNER}.{HALF_LIFE}"))?;
        if kept.to_bits() != self.half_life.to_bits() {
            return Err(misfit(&format!(
                "its averaged weights have a half-life of {kept} steps, not {}",
                self.half_life
            ))
            .into());
        }
        state.load(self)
    }

    /// Re-estimates the statistics of its batch norms on training images without augmentation, in batches of the training
    /// size, spread evenly over all images. Frozen norms with fixed statistics keep them.
    pub(in crate::train) fn refresh(
        &self,
        phase: &Phase<'_>,
        splits: &SplitInputs,
        interrupt: Interrupt<'_>,
    ) -> Result<(), Stopped> {
        let split = &splits.train;
        let first = split.first_layer();
        let moves = |layer: usize| layer >= first && phase.mode(layer) != Mode::Evaluate;
        if self.network.batch_norms(moves).is_empty() {
            return Ok(());
        }
        let _part = TrainingPart::Evaluation.begin();
        let _no_gradient = no_grad_guard();
        let (count, device) = (split.data.count() as i64, split.data.device());
        let batch = (phase.training.batch_size as i64).min(count);
        let batches = (count.min(STATISTICS_IMAGES) / batch).max(1);
        // One upload, where one for each batch would wait for the device each time.
        let images = spread([batches, batch], count).to_device(device);
        for index in 0..batches {
            proceed(interrupt)?;
            let mode = Mode::Estimate { batches: index as u32 + 1 };
            let layers = 0..=self.network.freezable();
            let modes: Vec<Mode> = layers.map(|layer| if moves(layer) { mode } else { Mode::Evaluate }).collect();
            let _autocast = Autocast::new(device, phase.settings.precision);
            let flow = split.gather(&self.network, &images.get(index));
            self.network.run_each(first, modes.len(), flow, &modes);
        }
        Ok(())
    }
}

/// The images of each batch, `[batches, batch]`: image j of batch i is ⌊(j · batches + i) · count / (batches · batch)⌋, so
/// that every batch is spread over the whole split.
fn spread([batches, batch]: [i64; 2], count: i64) -> Tensor {
    let image = |index, place| (place * batches + index) * count / (batches * batch);
    let images: Vec<i64> = (0..batches).flat_map(|index| (0..batch).map(move |place| image(index, place))).collect();
    Tensor::from_slice(&images).view([batches, batch])
}

const OWNER: &str = "averaged";
const HALF_LIFE: &str = "half_life";

impl Checkpointed for AveragedWeights {
    fn owner(&self) -> &'static str {
        OWNER
    }

    fn tensors(&self) -> NamedTensors {
        let averages = self.averages.iter().map(Tensor::shallow_clone);
        let mut tensors: NamedTensors = self.paths.iter().cloned().zip(averages).collect();
        tensors.insert(HALF_LIFE.into(), Tensor::from(self.half_life));
        tensors
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, no_grad};

    use super::*;
    use crate::blueprint::FrozenSet;
    use crate::spec::{Budget, EvaluationSchedule, FrozenNorm, Optimizer, Seeds, Training};
    use crate::train::settings::Settings;
    use crate::train::tests::testing::{Listener, SHAPE, families, split};

    /// Compares with a plain loop in double precision.
    #[test]
    fn averages_match_a_plain_loop() {
        let network = Network::new(&families()[0], Device::Cpu, Kind::Float, 1);
        let trained = vec!["fc.weight".to_owned(), "fc.bias".to_owned()];
        let averaged = AveragedWeights::new(&network, &trained, 7.0).expect("a twin");
        let averages = averaged.averages();
        let values = |network: &Network| -> Vec<f64> {
            let tensors = network.tensors().filter(|named| trained.iter().any(|path| path == named.path));
            tensors.flat_map(|named| Vec::<f64>::try_from(&named.tensor.flatten(0, -1)).expect("numbers")).collect()
        };
        let mut expected = values(&network);
        let decay = 2f64.powf(-1.0 / 7.0);
        for step in 0..50 {
            let mut weights = Vec::new();
            no_grad(|| {
                for named in network.tensors().filter(|named| trained.iter().any(|path| path == named.path)) {
                    let _ = named.tensor.shallow_clone().g_mul_scalar_(0.9).g_add_scalar_(0.01 * f64::from(step % 5));
                    weights.push(named.tensor.shallow_clone());
                }
            });
            averages.step(&weights).expect("alike");
            for (average, value) in expected.iter_mut().zip(values(&network)) {
                *average = decay * *average + (1.0 - decay) * value;
            }
        }
        let found = values(&averaged.network);
        assert!(found.iter().zip(&expected).all(|(one, other)| (one - other).abs() < 1e-6));
        assert!(found.iter().zip(values(&network)).any(|(one, other)| (one - other).abs() > 1e-3), "they lag behind");
    }

    #[test]
    fn statistics_batches_are_spread_over_all_images() {
        let images = |batches, batch, count| -> Vec<Vec<i64>> {
            Vec::try_from(spread([batches, batch], count)).expect("numbers")
        };
        assert_eq!(images(2, 3, 6), [[0, 2, 4], [1, 3, 5]]);
        assert_eq!(images(2, 2, 8), [[0, 4], [2, 6]]);
        assert_eq!(images(1, 2, 3), [[0, 1]]);
    }

    /// The first batch norm's statistics against those of its inputs, computed in double precision over all images.
    #[test]
    fn batch_norm_statistics_are_exact() {
        const IMAGES: i64 = 72;
        const BATCH: i64 = 24;
        let blueprint = &families()[1];
        let network = Network::new(blueprint, Device::Cpu, Kind::Float, 1);
        let training = Training::plain(
            Budget::Epochs(1),
            BATCH as usize,
            Optimizer::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 },
            0.01,
        );
        let phase = Phase {
            network: &network,
            train: split(IMAGES as usize, Kind::Float),
            test: split(8, Kind::Float),
            validation: None,
            training: &training,
            seeds: Seeds { initial: 0, subset: 0, noise: 0, order: 0, augment: 0, dropout: 0 },
            frozen: &FrozenSet::first(0, blueprint.layers.len()),
            frozen_norm: FrozenNorm::Source,
            evaluation: EvaluationSchedule::Every(1).into(),
            settings: Settings::PLAIN,
        };
        let splits = SplitInputs::new(&phase, &mut Listener::default()).expect("splits");
        let averaged = AveragedWeights::new(&network, &["conv1.weight".to_owned()], 7.0).expect("a twin");
        // Earlier statistics do not matter, even of weights that overflowed.
        let norm = averaged.network.tensors().find(|named| named.path == "bn1.running_mean").expect("a tensor");
        let _ = no_grad(|| norm.tensor.shallow_clone().fill_(f64::NAN));
        averaged.refresh(&phase, &splits, &mut || false).expect("nothing stops it");

        let tensor = |path: &str| {
            let found = averaged.network.tensors().find(|named| named.path == path).expect("a tensor");
            found.tensor.detach().to_kind(Kind::Double)
        };
        let pixels: Vec<f64> = (0..IMAGES as usize * SHAPE.elements()).map(|at| (at * at % 251) as f64).collect();
        let images = Tensor::from_slice(&pixels).view([IMAGES, 3, 8, 8]) / 255.0;
        let inputs =
            ((images - 0.5) / 0.25).conv2d(&tensor("conv1.weight"), None::<Tensor>, [1i64, 1], [1i64, 1], [1i64, 1], 1);
        let over = [0i64, 2, 3];
        let mean = inputs.mean_dim(over.as_slice(), false, Kind::Double);
        let indices = spread([IMAGES / BATCH, BATCH], IMAGES);
        let batches = (0..IMAGES / BATCH).map(|index| inputs.index_select(0, &indices.get(index)));
        let variances: Vec<Tensor> = batches.map(|batch| batch.var_dim(over.as_slice(), true, false)).collect();
        let variance = Tensor::stack(&variances, 0).mean_dim([0i64].as_slice(), false, Kind::Double);
        let distance = |one: &Tensor, other: &Tensor| (one - other).abs().max().double_value(&[]);
        assert!(distance(&mean, &tensor("bn1.running_mean")) < 1e-5, "{mean} {}", tensor("bn1.running_mean"));
        assert!(distance(&variance, &tensor("bn1.running_var")) < 1e-5, "{variance} {}", tensor("bn1.running_var"));
    }
}
