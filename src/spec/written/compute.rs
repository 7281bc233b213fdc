//! The keys of `[compute]`: how to compute, not what. None of them changes which run it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::compute::{Attention, Switch};

/// Speed, memory use and determinism. The results differ at most by floating-point rounding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::spec) struct Compute {
    /// Whether to compute the outputs of the frozen layers once per example and reuse them (prefix cache). `auto` does
    /// so where they are the same in every epoch (no augmentation, `frozen_norm` not `batch`) and fit in memory.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) cache: Switch,
    /// Whether to capture the training step as a CUDA graph. No effect on a CPU.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) graph: Switch,
    /// Memory layout of feature maps. `auto` is `channels_last`, the faster one on every device measured.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) layout: MemoryFormat,
    /// How attention is computed: `fused` in one kernel, or `plain` as matrix product, softmax and matrix product,
    /// which is slower and uses more memory, but runs the same operations on every device.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) attention: Attention,
    /// Batch size for evaluation and other passes without gradients.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "images", "x-default" = "500 on a CPU, 2000 on CUDA", "x-identity" = false))]
    pub(in crate::spec) evaluation_batch: Option<u64>,
    /// Use only deterministic CUDA kernels, which give bit-identical results in every call. CPU kernels always are.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) deterministic: bool,
}

/// Memory layout of feature maps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::spec) enum MemoryFormat {
    /// The faster one on the device.
    #[default]
    Auto,
    /// NCHW.
    ChannelsFirst,
    /// NHWC.
    ChannelsLast,
}

/// Floating-point precision of the training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Precision {
    /// bf16 where it is faster on the device, else fp32.
    #[default]
    Auto,
    /// 32-bit floating point throughout.
    Fp32,
    /// Matrix products in bfloat16, weights and sums in fp32.
    Bf16,
    /// fp32 with matrix products rounded to TF32; CUDA only.
    Tf32,
    /// Matrix products in half precision, with loss scaling; CUDA only.
    Fp16,
}
