//! The `[compute]` table and `precision`, validated.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::DeviceChoice;
use super::report::ProblemReport;
use super::written::{self, Written};

/// Precision, memory layout and kernels of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compute {
    /// Floating-point precision.
    pub precision: PrecisionChoice,
    /// Whether to use the prefix cache.
    pub cache: Switch,
    /// Whether to capture training steps as CUDA graphs.
    pub graph: Switch,
    /// Memory layout of feature maps; `None`: chosen by device.
    pub layout: Option<MemoryFormat>,
    /// How to compute attention.
    pub attention: Attention,
    /// Batch size without gradients; `None`: chosen by device.
    pub evaluation_batch: Option<usize>,
    /// Whether to use only deterministic CUDA kernels.
    pub deterministic: bool,
}

/// A precision, or `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrecisionChoice {
    /// The fastest on the device.
    Auto,
    /// A fixed precision.
    Fixed(Precision),
}

/// Floating-point precision. Weights, statistics and sums are fp32 in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 32-bit floating point throughout.
    Fp32,
    /// Matrix products and feature maps in bfloat16.
    Bf16,
    /// Matrix products rounded to TF32; CUDA only.
    Tf32,
    /// Matrix products and feature maps in half precision, with loss scaling; CUDA only.
    Fp16,
}

impl Precision {
    /// Name in specs and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Bf16 => "bf16",
            Self::Tf32 => "tf32",
            Self::Fp16 => "fp16",
        }
    }
}

/// `auto` or `off`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// Wherever possible.
    #[default]
    Auto,
    /// Never.
    Off,
}

/// Memory layout of feature maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryFormat {
    /// NCHW.
    ChannelsFirst,
    /// NHWC.
    ChannelsLast,
}

impl MemoryFormat {
    /// Name in specs and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChannelsFirst => "channels_first",
            Self::ChannelsLast => "channels_last",
        }
    }
}

/// How attention is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// In one fused kernel, where the device has one.
    #[default]
    Fused,
    /// Matrix product, softmax, matrix product: the same operations on every device.
    Plain,
}

impl Attention {
    /// Name in specs and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fused => "fused",
            Self::Plain => "plain",
        }
    }
}

/// Validates the table, also against the device if the spec names one.
pub(super) fn compute(spec: &Written, device: DeviceChoice, report: &mut ProblemReport<'_>) -> Compute {
    let precision = match spec.precision {
        written::Precision::Auto => PrecisionChoice::Auto,
        written::Precision::Fp32 => PrecisionChoice::Fixed(Precision::Fp32),
        written::Precision::Bf16 => PrecisionChoice::Fixed(Precision::Bf16),
        written::Precision::Tf32 => PrecisionChoice::Fixed(Precision::Tf32),
        written::Precision::Fp16 => PrecisionChoice::Fixed(Precision::Fp16),
    };
    if let (PrecisionChoice::Fixed(precision @ (Precision::Tf32 | Precision::Fp16)), DeviceChoice::Cpu) =
        (precision, device)
    {
        report.add(
            "precision",
            format!("`precision = \"{}\"` needs CUDA, but `device` is `cpu`", precision.name()),
            "use `fp32`, `bf16`, or `auto` for the faster of the two",
        );
    }
    Compute {
        precision,
        cache: spec.compute.cache,
        graph: spec.compute.graph,
        layout: match spec.compute.layout {
            written::MemoryFormat::Auto => None,
            written::MemoryFormat::ChannelsFirst => Some(MemoryFormat::ChannelsFirst),
            written::MemoryFormat::ChannelsLast => Some(MemoryFormat::ChannelsLast),
        },
        attention: spec.compute.attention,
        evaluation_batch: spec.compute.evaluation_batch.map(|batch| batch as usize),
        deterministic: spec.compute.deterministic,
    }
}
