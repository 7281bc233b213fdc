//! Exponentially averaged weights: a second network beside the one that trains, which it never changes.
//!
//! After every step `average += (1 − d) · (weight − average)` with d = 2^(−1 / half-life), as PyTorch's
//! `get_ema_multi_avg_fn` does. Batch norms get running statistics of their own before an evaluation, in one pass over at
//! most 4,000 training images without augmentation: the plain mean of each batch's statistics, as PyTorch's
//! `swa_utils.update_bn` does. Dropout is off in that pass, so that it draws nothing.

use crate::train::step::measures::Averages;
use anyhow::Result;
use tch::{Tensor, no_grad_guard};

use crate::error::UserError;
use crate::native::{Autocast, Part};
use crate::network::{Mode, NamedTensors, Network};
use crate::train::checkpoint_state::{Checkpointed, State, misfit};
use crate::train::data::splits::Splits;
use crate::train::interrupt::{Interrupt, Stopped, proceed};
use crate::train::phase::Phase;

/// The most training images that batch-norm statistics are estimated on.
const STATISTICS_IMAGES: i64 = 4000;

/// A network whose weights are averages of those that train.
pub(in crate::train) struct AveragedWeights {
    pub(in crate::train) network: Network,
    paths: Vec<String>,
    averages: Vec<Tensor>,
    /// Steps after which a weight's share has halved.
    half_life: f64,
}

impl AveragedWeights {
    /// Averages that begin at a network's weights, of the parameters that train.
    pub(in crate::train) fn new(network: &Network, trained: &[String], half_life: f64) -> Result<Self, UserError> {
        let own = network.twin()?;
        let found = |path: &String| own.tensors().find(|named| named.path == path).map(|named| named.tensor.detach());
        let averages: Vec<Tensor> = trained.iter().filter_map(found).collect();
        debug_assert_eq!(averages.len(), trained.len());
        Ok(Self { network: own, paths: trained.to_vec(), averages, half_life })
    }

    /// What a step needs.
    pub(in crate::train) fn averages(&self) -> Averages {
        let averages = self.averages.iter().map(Tensor::shallow_clone).collect();
        Averages { averages, weight: 1.0 - 0.5f64.powf(1.0 / self.half_life) }
    }

    /// Takes the averages of a checkpoint.
    pub(in crate::train) fn load(&self, state: &State) -> Result<()> {
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

    /// Gives its batch norms statistics that fit its weights: of the training images, without augmentation, in batches of
    /// the training's size that are spread evenly over them. Frozen norms that do not move keep theirs.
    pub(in crate::train) fn refresh(
        &self,
        phase: &Phase<'_>,
        splits: &Splits,
        interrupt: Interrupt<'_>,
    ) -> Result<(), Stopped> {
        let split = &splits.train;
        let first = split.first_layer();
        let moves = |layer: usize| layer >= first && phase.mode(layer) != Mode::Evaluate;
        if self.network.batch_norms(moves).is_empty() {
            return Ok(());
        }
        let _part = Part::Evaluation.begin();
        let _no_gradient = no_grad_guard();
        let (count, device) = (split.data.count() as i64, split.data.device());
        let batch = (phase.training.batch_size as i64).min(count);
        let batches = (count.min(STATISTICS_IMAGES) / batch).max(1);
        for index in 0..batches {
            proceed(interrupt)?;
            let mode = Mode::Estimate { batches: index as u32 + 1 };
            let layers = 0..=self.network.freezable();
            let modes: Vec<Mode> = layers.map(|layer| if moves(layer) { mode } else { Mode::Evaluate }).collect();
            let _autocast = Autocast::new(device, phase.settings.precision);
            let images = spread(index, [batches, batch], count).to_device(device);
            self.network.run_each(first, modes.len(), split.gather(&self.network, &images), &modes);
        }
        Ok(())
    }
}

/// The images of one of some batches, `[batch]`: image j of batch i is ⌊(j · batches + i) · count / (batches · batch)⌋, so
/// that every batch has images from everywhere, whatever their order.
fn spread(index: i64, [batches, batch]: [i64; 2], count: i64) -> Tensor {
    let images: Vec<i64> = (0..batch).map(|place| (place * batches + index) * count / (batches * batch)).collect();
    Tensor::from_slice(&images)
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
    use crate::train::tests::testing::families;

    /// Against a plain loop in double precision.
    #[test]
    fn averages_are_those_of_a_plain_loop() {
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
    fn batches_of_statistics_are_spread_over_all_images() {
        let images = |batches, batch, count| -> Vec<Vec<i64>> {
            (0..batches).map(|index| Vec::try_from(spread(index, [batches, batch], count)).expect("numbers")).collect()
        };
        assert_eq!(images(2, 3, 6), [[0, 2, 4], [1, 3, 5]]);
        assert_eq!(images(2, 2, 8), [[0, 4], [2, 6]]);
        assert_eq!(images(1, 2, 3), [[0, 1]]);
    }
}
