//! The keys of the `compute` table: how, not what. None of them makes another run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::compute::{Attention, Switch};

/// How to compute. What these keys choose gives the same numbers, but for their last bits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::spec) struct Compute {
    /// Whether the outputs of the frozen layers are computed once and kept, where they are the same in every epoch
    /// (no augmentation, `frozen_norm` not `batch`) and fit into memory.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) cache: Switch,
    /// Whether a step is captured as a CUDA graph; on a CPU there is none.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) graph: Switch,
    /// How feature maps lie in memory: `auto` is `channels_last`, the faster on every device
    /// that was measured.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) layout: MemoryFormat,
    /// How a transformer's attention is computed: `fused` in one kernel, or `plain`, a product, a softmax and a
    /// product, which is slower, takes more memory, and is the same on every device.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) attention: Attention,
    /// Images in a batch without gradients.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "images", "x-default" = "500 on a CPU, 2000 on CUDA", "x-identity" = false))]
    pub(in crate::spec) evaluation_batch: Option<u64>,
    /// On CUDA: only kernels that give the same bits in every call. A CPU's always do.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) deterministic: bool,
}

/// A layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::spec) enum MemoryFormat {
    /// By the table.
    #[default]
    Auto,
    /// Channel by channel.
    ChannelsFirst,
    /// Pixel by pixel.
    ChannelsLast,
}

/// A kind of number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Precision {
    /// bf16 where the device has instructions for it, else fp32.
    #[default]
    Auto,
    /// 32 bits throughout.
    Fp32,
    /// Products in bfloat16, weights and sums in fp32.
    Bf16,
    /// fp32 with products rounded to TF32, on CUDA.
    Tf32,
    /// Products in half precision, with a scaled loss, on CUDA.
    Fp16,
}
