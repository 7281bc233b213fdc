//! How a phase computes, every choice made: what a record and a checkpoint say of it.

use serde::{Deserialize, Serialize};

use super::compute::{Attention, Compute, MemoryFormat, Precision, PrecisionChoice, Switch};

/// Images in a batch without gradients, on a CPU: its caches overflow with more.
pub const CPU_EVALUATION_BATCH: usize = 500;

/// How a phase computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// In which kind of number.
    pub precision: Precision,
    /// How feature maps lie in memory.
    pub layout: MemoryFormat,
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
        layout: MemoryFormat::ChannelsFirst,
        attention: Attention::Fused,
        evaluation_batch: CPU_EVALUATION_BATCH as i64,
        cache: Switch::Off,
        graph: Switch::Off,
    };

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
