//! A lower bound on the time that work takes on a GPU, from its data sheet: arithmetic at peak rate and memory at full
//! bandwidth, both at once, and nothing else.

use serde::Serialize;

use crate::spec::Precision;

/// Data sheet figures of a GPU: dense arithmetic, without sparsity.
struct Figures {
    name: &'static str,
    /// Floating-point operations per second in fp32, TF32, and bf16 or fp16.
    fp32: f64,
    tf32: f64,
    narrow: f64,
    /// Memory bandwidth in bytes per second.
    bandwidth: f64,
}

/// From NVIDIA's data sheets of the H100 (SXM, 80 GB) and the H200 (SXM).
const GPUS: [Figures; 2] = [
    Figures { name: "H100 SXM", fp32: 67e12, tf32: 494.7e12, narrow: 989.4e12, bandwidth: 3.35e12 },
    Figures { name: "H200 SXM", fp32: 67e12, tf32: 494.7e12, narrow: 989.4e12, bandwidth: 4.8e12 },
];

/// The least time that a GPU's data sheet allows, in seconds; computed, not measured.
#[derive(Clone, Debug, Serialize)]
pub struct Bound {
    /// The GPU's name.
    pub gpu: &'static str,
    /// Arithmetic of a step.
    pub step_arithmetic_seconds: f64,
    /// Memory traffic of a step.
    pub step_memory_seconds: f64,
    /// Arithmetic of an epoch.
    pub epoch_arithmetic_seconds: f64,
    /// Memory traffic of an epoch.
    pub epoch_memory_seconds: f64,
}

impl Bound {
    /// The bounds of a step and of an epoch: the larger of arithmetic and memory.
    pub fn seconds(&self) -> [f64; 2] {
        let step = self.step_arithmetic_seconds.max(self.step_memory_seconds);
        [step, self.epoch_arithmetic_seconds.max(self.epoch_memory_seconds)]
    }
}

/// The work of a step or an epoch.
#[derive(Clone, Copy, Debug)]
pub(in crate::run) struct Load {
    /// Floating-point operations.
    pub(in crate::run) flops: u64,
    /// Bytes read from or written to memory.
    pub(in crate::run) moved_bytes: i64,
}

/// The bounds on each GPU.
pub(in crate::run) fn bounds(precision: Precision, step: Load, epoch: Load) -> Vec<Bound> {
    let bound = |figures: &Figures| {
        let rate = match precision {
            Precision::Fp32 => figures.fp32,
            Precision::Tf32 => figures.tf32,
            Precision::Bf16 | Precision::Fp16 => figures.narrow,
        };
        let arithmetic = |load: Load| load.flops as f64 / rate;
        let memory = |load: Load| load.moved_bytes as f64 / figures.bandwidth;
        Bound {
            gpu: figures.name,
            step_arithmetic_seconds: arithmetic(step),
            step_memory_seconds: memory(step),
            epoch_arithmetic_seconds: arithmetic(epoch),
            epoch_memory_seconds: memory(epoch),
        }
    };
    GPUS.iter().map(bound).collect()
}
