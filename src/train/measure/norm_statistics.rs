//! Running statistics of frozen batch norms for `frozen_norm = "target"`: computed once on the target's training images,
//! without augmentation, norm by norm; each norm sees inputs that the norms before it normalise with their new
//! statistics. They are exact, over all images.
//!
//! The inputs of a norm are kept for all images if memory allows, and the next norm continues from there, so that all
//! norms together take one forward pass. If they do not fit, the pass restarts at the last norm whose inputs are kept.

use anyhow::Result;
use tch::{Kind, Tensor, no_grad_guard};

use crate::blueprint::FrozenSet;
use crate::native;
use crate::network::{Flow, Mode, Network, NormLocation};
use crate::train::data::device_split::DeviceSplit;
use crate::train::data::prefix_cache::SHARE;
use crate::train::interrupt::{Interrupt, proceed};
use crate::train::out_of_memory::{Activity, during};

/// Sets the statistics of the batch norms in frozen layers, in batches of `batch` and in the network's full precision,
/// which is worth the time because it happens once. `interrupt` is called before every batch.
pub fn fit_frozen_statistics(
    network: &Network,
    frozen: &FrozenSet,
    data: &DeviceSplit,
    batch: i64,
    interrupt: Interrupt<'_>,
) -> Result<()> {
    // If the system does not report free memory, assume that it fits.
    let free = native::free_bytes(network.device()).unwrap_or(u64::MAX);
    let room = (SHARE * free as f64) as u64;
    StatisticsFit { network, data, batch, room, operations: 0 }.run(frozen, interrupt).map(|_| ())
}

/// A fit of statistics.
struct StatisticsFit<'a> {
    network: &'a Network,
    data: &'a DeviceSplit,
    batch: i64,
    /// Memory limit for kept inputs, in bytes.
    room: u64,
    /// Operations of the network run so far.
    operations: u64,
}

/// The inputs of a norm for all images, batch by batch.
struct NormInputs {
    place: NormLocation,
    flows: Vec<Option<Flow>>,
}

impl StatisticsFit<'_> {
    /// Returns how many operations it ran, each on one batch.
    fn run(mut self, frozen: &FrozenSet, interrupt: Interrupt<'_>) -> Result<u64> {
        // A guard, not `no_grad`: a panic at out-of-memory must restore the gradient mode.
        let _no_gradient = no_grad_guard();
        let mut kept: Option<NormInputs> = None;
        for place in self.network.batch_norms(|layer| frozen.has(layer)) {
            let last = kept.take();
            let attempt = during(Activity::CachingPrefix, || self.pass(last, place, interrupt));
            let (moments, next) = if let Ok(done) = attempt {
                done?
            } else {
                // It does not fit after all: start again from the images.
                native::empty_cache(self.network.device())?;
                self.room = 0;
                self.pass(None, place, interrupt)?
            };
            let (mean, variance) = statistics(moments, self.network.kind());
            self.network.set_statistics(place, &mean, &variance);
            kept = next;
        }
        Ok(self.operations)
    }

    /// The moments of each batch at `place`, continuing from `last`; and the inputs to keep: those at `place` if they fit,
    /// otherwise `last`.
    fn pass(
        &mut self,
        mut last: Option<NormInputs>,
        place: NormLocation,
        interrupt: Interrupt<'_>,
    ) -> Result<(Vec<Moments>, Option<NormInputs>)> {
        let count = self.data.count() as i64;
        let (mut moments, mut flows) = (Vec::new(), Vec::new());
        let mut fits = false;
        for (index, start) in (0..count).step_by(self.batch as usize).enumerate() {
            proceed(interrupt)?;
            let length = self.batch.min(count - start);
            let from = last.as_ref().map(|last| last.place);
            let flow = self.enter(last.as_mut(), index, [start, length], fits);
            let flow = self.network.run_between(from, place, flow, Mode::Evaluate);
            self.operations += self.network.operations_between(from, place) as u64;
            moments.push(Moments::of(place.input(&flow)));
            if index == 0 {
                fits = (flow.bytes() / length as u64).saturating_mul(count as u64) <= self.room;
            }
            if fits {
                flows.push(Some(flow));
                // The first batch was only copied, before it was known that these inputs fit.
                if let Some(last) = &mut last {
                    last.flows[index] = None;
                }
            }
        }
        Ok((moments, if fits { Some(NormInputs { place, flows }) } else { last }))
    }

    /// The flow of a batch to continue from: moved out of the kept inputs, or copied if they are needed again.
    fn enter(&self, last: Option<&mut NormInputs>, index: usize, [start, length]: [i64; 2], take: bool) -> Flow {
        match last.map(|last| &mut last.flows[index]) {
            Some(kept) if take => kept.take().expect("each batch is taken once"),
            Some(kept) => kept.as_ref().expect("what is not taken is there").copy(),
            None => self.network.enter(self.data.stretch(start, length)),
        }
    }
}

/// Count, mean and sum of squared deviations of a batch, per channel, in double.
struct Moments {
    count: f64,
    mean: Tensor,
    squares: Tensor,
}

impl Moments {
    /// The moments of `[batch, channels, …]`, in two passes, which is accurate even if the mean is large.
    fn of(value: &Tensor) -> Self {
        let value = value.transpose(0, 1).flatten(1, -1).to_kind(Kind::Double);
        let mean = value.mean_dim([1i64].as_slice(), false, Kind::Double);
        let squares = (&value - mean.unsqueeze(1)).square().sum_dim_intlist([1i64].as_slice(), false, Kind::Double);
        Self { count: value.size()[1] as f64, mean, squares }
    }

    /// Chan, Golub and `LeVeque`, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances" (1979).
    fn join(self, other: Self) -> Self {
        let count = self.count + other.count;
        let difference = other.mean - &self.mean;
        let squares = self.squares + other.squares + difference.square() * (self.count * other.count / count);
        Self { count, mean: self.mean + difference * (other.count / count), squares }
    }
}

/// Mean and unbiased variance per channel, as in PyTorch's running statistics.
fn statistics(moments: Vec<Moments>, kind: Kind) -> (Tensor, Tensor) {
    let Moments { count, mean, squares } =
        moments.into_iter().reduce(Moments::join).expect("a task has training images");
    (mean.to_kind(kind), (squares / (count - 1.0).max(1.0)).to_kind(kind))
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;
    use crate::network::NamedTensors;
    use crate::train::tests::testing::{families, split};

    const BATCH: i64 = 4;
    const COUNT: usize = 10;

    fn fitted(blueprint: &crate::blueprint::Blueprint, kind: Kind, room: u64) -> (NamedTensors, u64) {
        let network = Network::new(blueprint, Device::Cpu, kind, 1);
        let frozen = FrozenSet::first(blueprint.layers.len(), blueprint.layers.len());
        let data = split(COUNT, kind);
        let fit = StatisticsFit { network: &network, data: &data, batch: BATCH, room, operations: 0 };
        let operations = fit.run(&frozen, &mut || false).expect("nothing stops it");
        (network.state(), operations)
    }

    /// With nothing kept, every norm takes a full pass from the images: the simple algorithm to compare with.
    #[test]
    fn kept_activations_change_no_bit_and_need_one_pass() {
        for blueprint in families() {
            for kind in [Kind::Float, Kind::Double] {
                let (plain, many) = fitted(&blueprint, kind, 0);
                let (kept, once) = fitted(&blueprint, kind, u64::MAX);
                assert_eq!(plain, kept, "{kind:?}");
                let network = Network::new(&blueprint, Device::Cpu, kind, 1);
                let norms = network.batch_norms(|layer| layer < network.freezable());
                let Some(&last) = norms.last() else { continue };
                let batches = (COUNT as u64).div_ceil(BATCH as u64);
                assert_eq!(once, batches * network.operations_between(None, last) as u64);
                let each = norms.iter().map(|&norm| network.operations_between(None, norm) as u64).sum::<u64>();
                assert_eq!(many, batches * each);
                // The inputs of some norms fit and those of others do not.
                for room in [3_000, 10_000, 30_000] {
                    let (some, between) = fitted(&blueprint, kind, room);
                    assert_eq!(plain, some, "{kind:?}, {room} bytes");
                    assert!((once..=many).contains(&between), "{once} {between} {many}");
                }
            }
        }
    }

    #[test]
    fn fits_can_be_interrupted_before_any_batch() {
        let blueprint = &families()[0];
        let network = Network::new(blueprint, Device::Cpu, Kind::Float, 1);
        let frozen = FrozenSet::first(3, blueprint.layers.len());
        let (data, mut asked) = (split(COUNT, Kind::Float), 0);
        let stopped = fit_frozen_statistics(&network, &frozen, &data, BATCH, &mut || {
            asked += 1;
            asked == 5
        });
        assert!(stopped.is_err() && asked == 5);
    }
}
