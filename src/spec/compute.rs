//! How a run computes, as far as the spec says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::experiment::DeviceChoice;
use super::meaning::ProblemReport;
use super::written::{self, Written};

/// How to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compute {
    /// In which kind of number.
    pub precision: PrecisionChoice,
    /// Whether a frozen prefix is computed once.
    pub cache: Switch,
    /// Whether a step is captured as a graph.
    pub graph: Switch,
    /// How feature maps lie in memory; `None` takes what the table says.
    pub layout: Option<MemoryFormat>,
    /// How attention is computed.
    pub attention: Attention,
    /// Images in a batch without gradients; `None` takes the device's.
    pub evaluation_batch: Option<usize>,
    /// Whether a GPU may take only kernels that repeat their bits.
    pub deterministic: bool,
}

/// A kind of number, or the one that suits the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrecisionChoice {
    /// The device's.
    Auto,
    /// This one.
    Fixed(Precision),
}

/// In which kind of number a network computes. Weights, statistics and sums are fp32 in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// fp32 throughout.
    Fp32,
    /// Products and feature maps in bfloat16.
    Bf16,
    /// Products rounded to TF32 (CUDA).
    Tf32,
    /// Products and feature maps in half precision, the loss scaled (CUDA).
    Fp16,
}

impl Precision {
    /// Its name in specs and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Bf16 => "bf16",
            Self::Tf32 => "tf32",
            Self::Fp16 => "fp16",
        }
    }
}

/// Where it can be done, or never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// Where it can be done.
    #[default]
    Auto,
    /// Never.
    Off,
}

/// The order of a feature map's dimensions in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryFormat {
    /// Channel by channel (NCHW).
    ChannelsFirst,
    /// Pixel by pixel (NHWC).
    ChannelsLast,
}

impl MemoryFormat {
    /// Its name in specs and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChannelsFirst => "channels_first",
            Self::ChannelsLast => "channels_last",
        }
    }
}

/// How a transformer's attention is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// In one kernel, where the device has one.
    #[default]
    Fused,
    /// Step by step: the same on every device.
    Plain,
}

/// What the spec says, with what cannot be on the device that it names.
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
            format!("`precision = \"{}\"` is for CUDA, and `device` is `cpu`", precision.name()),
            "`fp32` and `bf16` work on a CPU; `auto` takes the faster",
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
