//! How a phase computes: what the spec leaves open, settled for a device and a network.

use serde::{Deserialize, Serialize};
use tch::Device;

use crate::blueprint::Blueprint;
use crate::error::UserError;
use crate::native::{self, Chosen};
use crate::spec::{Attention, Compute, Layout, Precision, PrecisionChoice, Switch};

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
    /// How attention is computed. Trainings of before there was a choice had the fused one.
    #[serde(default)]
    pub attention: Attention,
    /// Images in a batch without gradients. It takes no part in the numbers but for their last bits.
    pub evaluation_batch: i64,
    /// Whether a frozen prefix is computed once, where that can be done.
    pub cache: Switch,
    /// Whether steps are captured as graphs, where the device has any.
    pub graph: Switch,
}

impl Settings {
    /// The plain path: fp32, channels first, nothing cached, nothing captured. All others are tested against it.
    pub const PLAIN: Self = Self {
        precision: Precision::Fp32,
        layout: Layout::ChannelsFirst,
        attention: Attention::Fused,
        evaluation_batch: CPU_EVALUATION_BATCH as i64,
        cache: Switch::Off,
        graph: Switch::Off,
    };

    /// What a spec comes to on a device.
    pub fn new(compute: &Compute, chosen: &Chosen, blueprint: &Blueprint) -> Result<Self, UserError> {
        let precision = native::precision(compute.precision, chosen, blueprint)?;
        // Without feature maps there is nothing to lay out.
        let layout =
            if blueprint.has_feature_maps() { compute.layout.unwrap_or(FASTEST) } else { Layout::ChannelsFirst };
        let own = if chosen.device == Device::Cpu { CPU_EVALUATION_BATCH } else { GPU_EVALUATION_BATCH };
        Ok(Self {
            precision,
            layout,
            attention: compute.attention,
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
