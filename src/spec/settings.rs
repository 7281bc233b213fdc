//! The compute settings of a phase, all resolved: what records and checkpoints store.

use serde::{Deserialize, Serialize};

use super::compute::{Attention, Compute, MemoryFormat, Precision, PrecisionChoice, Switch};

/// Batch size for evaluation on a CPU; larger batches overflow its caches.
pub const CPU_EVALUATION_BATCH: usize = 500;

/// The compute settings of a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Floating-point precision.
    pub precision: Precision,
    /// Memory layout of feature maps.
    pub layout: MemoryFormat,
    /// How attention is computed. Older records without this field used the fused kernel.
    #[serde(default)]
    pub attention: Attention,
    /// Batch size without gradients. Affects results only by floating-point rounding.
    pub evaluation_batch: i64,
    /// Whether to use the prefix cache where possible.
    pub cache: Switch,
    /// Whether to capture steps as CUDA graphs where possible.
    pub graph: Switch,
}

impl Settings {
    /// The reference: fp32, channels first, no cache, no graphs. All other settings are tested against it.
    pub const PLAIN: Self = Self {
        precision: Precision::Fp32,
        layout: MemoryFormat::ChannelsFirst,
        attention: Attention::Fused,
        evaluation_batch: CPU_EVALUATION_BATCH as i64,
        cache: Switch::Off,
        graph: Switch::Off,
    };

    /// The same settings, with those that the spec leaves open taken from `before`, so that a resumed training keeps
    /// them.
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
