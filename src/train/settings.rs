//! How a phase computes: what the spec leaves open, settled for a device and a network.

use serde::{Deserialize, Serialize};
use tch::Device;

use crate::blueprint::Blueprint;
use crate::error::UserError;
use crate::native::{self, Chosen};
use crate::spec::{Compute, Layout, Precision, PrecisionChoice, Switch};

/// Images in a batch without gradients. A GPU is idle with less; a CPU's caches overflow with more.
const CPU_EVALUATION_BATCH: usize = 500;
const GPU_EVALUATION_BATCH: usize = 2000;

/// Pixel by pixel: on CPUs 1.0 to 1.4 times as fast as channel by channel in every network with feature maps, in fp32
/// and in bf16 (`results/speed`), and the order that a GPU's matrix units read.
const FASTEST: Layout = Layout::ChannelsLast;

/// How a phase computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// In which kind of number.
    pub precision: Precision,
    /// How feature maps lie in memory.
    pub layout: Layout,
    /// Images in a batch without gradients. It takes no part in the numbers but for their last bits.
    pub evaluation_batch: i64,
    /// Whether a frozen prefix is computed once, where that can be done.
    pub cache: Switch,
    /// Whether steps are captured as graphs, where the device has any.
    pub graph: Switch,
}

/// The precision of a choice on a device, for a network.
///
/// On a CPU, libtorch 2.11 leaves memory as it finds it in the bf16 gradient of the weights of a strided 3×3
/// convolution over single pixels (`scripts/reference/one_pixel.py` shows it), so such networks compute in fp32.
fn settle(choice: PrecisionChoice, chosen: &Chosen, blueprint: &Blueprint) -> Result<Precision, UserError> {
    let precision = native::precision(choice, chosen)?;
    if precision != Precision::Bf16 || chosen.device != Device::Cpu || !blueprint.strides_over_one_pixel() {
        return Ok(precision);
    }
    match choice {
        PrecisionChoice::Auto => Ok(Precision::Fp32),
        PrecisionChoice::Fixed(_) => Err(UserError::new(
            "`precision = \"bf16\"` gives wrong gradients on a CPU where a strided convolution moves over single \
             pixels, as in this network at this image size",
        )
        .hint("take larger images, or `precision = \"fp32\"`, which `auto` takes here")),
    }
}

impl Settings {
    /// The plain path: fp32, channels first, nothing cached, nothing captured. All others are tested against it.
    pub const PLAIN: Self = Self {
        precision: Precision::Fp32,
        layout: Layout::ChannelsFirst,
        evaluation_batch: CPU_EVALUATION_BATCH as i64,
        cache: Switch::Off,
        graph: Switch::Off,
    };

    /// What a spec comes to on a device.
    pub fn new(compute: &Compute, chosen: &Chosen, blueprint: &Blueprint) -> Result<Self, UserError> {
        let precision = settle(compute.precision, chosen, blueprint)?;
        // Without feature maps there is nothing to lay out.
        let layout =
            if blueprint.has_feature_maps() { compute.layout.unwrap_or(FASTEST) } else { Layout::ChannelsFirst };
        let own = if chosen.device == Device::Cpu { CPU_EVALUATION_BATCH } else { GPU_EVALUATION_BATCH };
        Ok(Self {
            precision,
            layout,
            evaluation_batch: compute.evaluation_batch.unwrap_or(own) as i64,
            cache: compute.cache,
            graph: compute.graph,
        })
    }

    /// The same, but for what the spec leaves open as it was `before`: a training goes on as it began.
    #[must_use]
    pub fn as_before(self, before: &Self, compute: &Compute) -> Self {
        Self {
            precision: if compute.precision == PrecisionChoice::Auto { before.precision } else { self.precision },
            layout: if compute.layout.is_none() { before.layout } else { self.layout },
            evaluation_batch: match compute.evaluation_batch {
                None => before.evaluation_batch,
                Some(_) => self.evaluation_batch,
            },
            ..self
        }
    }

    /// For people: `bf16, channels_first`.
    pub fn sentence(&self) -> String {
        format!("{}, {}", self.precision.name(), self.layout.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{Architecture, Granularity, ImageShape};
    use crate::spec::DeviceChoice;

    fn precision(side: usize, choice: PrecisionChoice) -> Result<Precision, UserError> {
        let shape = ImageShape { channels: 3, height: side, width: side };
        let architecture = Architecture::PreactResnet18 { width: 2 };
        let blueprint = Blueprint::new(&architecture, Granularity::Block, shape, 2).expect("it fits");
        settle(choice, &native::choose(DeviceChoice::Cpu).expect("there is a CPU"), &blueprint)
    }

    /// Eight pixels become two before the last stride, four become one.
    #[test]
    fn bf16_is_refused_where_a_stride_moves_over_single_pixels() {
        let bf16 = PrecisionChoice::Fixed(Precision::Bf16);
        assert!(precision(4, bf16).is_err());
        assert!(matches!(precision(8, bf16), Ok(Precision::Bf16)));
        assert!(matches!(precision(4, PrecisionChoice::Auto), Ok(Precision::Fp32)));
        assert!(matches!(precision(4, PrecisionChoice::Fixed(Precision::Fp32)), Ok(Precision::Fp32)));
    }
}
