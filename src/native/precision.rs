//! Floating-point precision: autocast, TF32, and the meaning of `auto`.

use std::ffi::c_int;

use tch::{Device, Kind};

use super::shim::{self, call};
use super::{ChosenDevice, cpu_features};
use crate::blueprint::Blueprint;
use crate::error::UserError;
use crate::spec::{Precision, PrecisionChoice};

/// NVIDIA GPUs have bf16 matrix units from this compute capability on (Ampere).
pub(super) const BF16_CAPABILITY: i32 = 8;

/// On CPUs with AVX-512 BF16 but no AMX, narrower transformers train faster in fp32: on a Zen 4, bf16 has 0.46 times
/// the speed of fp32 at width 64, 0.78 at 128 and 1.16 at 256 (`results/speed`, "Precisions").
const BF16_TOKEN_WIDTH: usize = 256;

/// On several threads oneDNN's bf16 gradient of a 1×1 convolution with fewer input channels writes outside of its buffer
/// for odd batches (libtorch 2.11 on AVX-512: PyTorch crashes or hangs with 4 and 8 channels, and not with 16 or more).
const BF16_POINTWISE_INPUTS: usize = 16;

/// Resolves a precision for a device and a network. `auto` is a fixed table; nothing is measured at run time.
pub fn precision(
    choice: PrecisionChoice,
    chosen: &ChosenDevice,
    blueprint: &Blueprint,
) -> Result<Precision, UserError> {
    let fixed = match choice {
        PrecisionChoice::Fixed(precision) => precision,
        PrecisionChoice::Auto => {
            let capability = chosen.gpu.as_ref().map(|gpu| gpu.capability);
            return Ok(fastest(capability, &cpu_features(), blueprint));
        }
    };
    if matches!(fixed, Precision::Tf32 | Precision::Fp16) && chosen.device == Device::Cpu {
        let message = format!("`precision = \"{}\"` needs CUDA, but this run uses the CPU", fixed.name());
        return Err(UserError::new(message).hint("use `fp32`, `bf16`, or `auto` for the faster of the two"));
    }
    Ok(fixed)
}

/// Resolves a precision for this machine's CPU.
pub fn precision_on_cpu(choice: PrecisionChoice, blueprint: &Blueprint) -> Precision {
    match choice {
        PrecisionChoice::Fixed(precision) => precision,
        PrecisionChoice::Auto => fastest(None, &cpu_features(), blueprint),
    }
}

/// Whether a device has instructions for a precision, so that it is fast and gives the same results as on similar
/// devices.
pub fn has_instructions(precision: Precision, chosen: &ChosenDevice) -> bool {
    let capability = chosen.gpu.as_ref().map(|gpu| gpu.capability.0);
    match precision {
        Precision::Fp32 => true,
        Precision::Bf16 => capability.map_or_else(
            || cpu_features().iter().any(|name| ["avx512_bf16", "amx_bf16"].contains(name)),
            |major| major >= BF16_CAPABILITY,
        ),
        Precision::Tf32 => capability.is_some_and(|major| major >= BF16_CAPABILITY),
        Precision::Fp16 => capability.is_some(),
    }
}

/// Whether libtorch can corrupt memory when it trains this network in bf16 on several threads of a CPU.
fn bf16_corrupts(blueprint: &Blueprint) -> bool {
    blueprint.narrowest_pointwise().is_some_and(|inputs| inputs < BF16_POINTWISE_INPUTS)
}

/// Refuses what would corrupt memory.
///
/// # Errors
///
/// If a network with narrow 1×1 convolutions would train in bf16 on several threads of the CPU.
pub fn refuse_corruption(
    precision: Precision,
    device: Device,
    threads: usize,
    blueprint: &Blueprint,
) -> Result<(), UserError> {
    if precision != Precision::Bf16 || device != Device::Cpu || threads == 1 || !bf16_corrupts(blueprint) {
        return Ok(());
    }
    let message = format!(
        "in bf16 on {threads} threads libtorch can corrupt memory with 1×1 convolutions of fewer than \
         {BF16_POINTWISE_INPUTS} input channels, which this network has"
    );
    Err(UserError::usage(message).hint("set `precision = \"fp32\"`, `threads = 1`, or a larger width"))
}

/// The table of `auto`: by compute capability of the GPU, or by CPU features, and by sizes of the network.
/// Transformers were not measured on AMX, and nothing was measured on a GPU.
fn fastest(capability: Option<(i32, i32)>, cpu: &[&str], blueprint: &Blueprint) -> Precision {
    let has = |feature| cpu.contains(&feature);
    let bf16 = match capability {
        Some((major, _)) => major >= BF16_CAPABILITY,
        None if bf16_corrupts(blueprint) => false,
        None if has("amx_bf16") => true,
        None => has("avx512_bf16") && blueprint.token_width().is_none_or(|width| width >= BF16_TOKEN_WIDTH),
    };
    if bf16 { Precision::Bf16 } else { Precision::Fp32 }
}

/// Sets process-wide flags: whether fp32 may be rounded to TF32, and that cuDNN benchmarks its kernels.
pub fn prepare(device: Device, precision: Precision) -> Result<(), UserError> {
    if device == Device::Cpu {
        return Ok(());
    }
    tch::Cuda::cudnn_set_benchmark(true);
    // With fp16 and bf16 too, whatever stays in fp32 stays exact.
    // SAFETY: the function sets two flags and catches C++ exceptions.
    call(|error| unsafe { shim::freezewise_allow_tf32(precision == Precision::Tf32, error) })
}

/// A process-wide switch that is reset when dropped.
#[derive(Debug)]
pub struct Switched(fn(bool) -> Result<(), UserError>);

impl Switched {
    fn on(set: fn(bool) -> Result<(), UserError>) -> Result<Self, UserError> {
        set(true)?;
        Ok(Self(set))
    }
}

impl Drop for Switched {
    fn drop(&mut self) {
        // A flag that could be set can be reset.
        let _ = (self.0)(false);
    }
}

/// Allows only deterministic kernels until the guard is dropped.
pub fn use_deterministic_kernels() -> Result<Switched, UserError> {
    Switched::on(|wanted| {
        tch::Cuda::cudnn_set_benchmark(false);
        // SAFETY: the function sets flags and catches C++ exceptions.
        call(|error| unsafe { shim::freezewise_deterministic(wanted, error) })
    })
}

/// Computes attention as matrix products and a softmax until the guard is dropped.
pub fn use_plain_attention() -> Result<Switched, UserError> {
    // SAFETY: as in `use_deterministic_kernels`.
    Switched::on(|wanted| call(|error| unsafe { shim::freezewise_plain_attention(wanted, error) }))
}

/// The autocast type of a precision, if it has one.
pub fn autocast_kind(precision: Precision) -> Option<Kind> {
    match precision {
        Precision::Fp32 | Precision::Tf32 => None,
        Precision::Bf16 => Some(Kind::BFloat16),
        Precision::Fp16 => Some(Kind::Half),
    }
}

/// Autocast on this thread while it lives. Casts of weights are cached until it is dropped, so it must not outlive a
/// step.
#[derive(Debug)]
pub struct Autocast {
    device: Option<Device>,
}

impl Autocast {
    /// Enables autocast as the precision requires.
    pub fn new(device: Device, precision: Precision) -> Self {
        let kind = autocast_kind(precision);
        if let Some(kind) = kind {
            // `c10::ScalarType`.
            let number: c_int = if kind == Kind::Half { 5 } else { 15 };
            // SAFETY: the function sets state of this thread.
            unsafe { shim::freezewise_autocast(device.is_cuda(), number) };
        }
        Self { device: kind.map(|_| device) }
    }
}

impl Drop for Autocast {
    fn drop(&mut self) {
        if let Some(device) = self.device {
            // SAFETY: as in `new`.
            unsafe { shim::freezewise_autocast(device.is_cuda(), -1) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::blueprint::{Architecture, Granularity, ImageShape, Pooling, PreactResnet18, Vit};

    fn network(architecture: &Architecture) -> Blueprint {
        let input = ImageShape { channels: 3, height: 32, width: 32 };
        Blueprint::new(architecture, Granularity::Block, input, 10).expect("a network")
    }

    fn resnet(width: usize) -> Blueprint {
        network(&Architecture::PreactResnet18(PreactResnet18 { width }))
    }

    fn transformer(width: usize) -> Blueprint {
        let pooling = Pooling::ClassToken;
        network(&Architecture::Vit(Vit { patch: 4, width, depth: 1, heads: 8, mlp_width: 64, dropout: 0.0, pooling }))
    }

    type Case<'a> = (Option<(i32, i32)>, &'a [&'a str], Blueprint, Precision);

    #[test]
    fn auto_is_the_precision_measured_as_faster() {
        use Precision::{Bf16, Fp32};
        let zen4 = ["avx2", "avx512f", "avx512_bf16"];
        let xeon = ["avx2", "avx512f", "avx512_bf16", "amx_bf16"];
        let cases: [Case<'_>; 14] = [
            (None, &["avx2"], resnet(64), Fp32),
            (None, &["avx2", "avx512f"], transformer(768), Fp32),
            (None, &zen4, resnet(16), Bf16),
            (None, &zen4, resnet(8), Fp32),
            (None, &zen4, transformer(64), Fp32),
            (None, &zen4, transformer(128), Fp32),
            (None, &zen4, transformer(256), Bf16),
            (None, &zen4, transformer(768), Bf16),
            (None, &xeon, resnet(64), Bf16),
            (None, &xeon, resnet(8), Fp32),
            (None, &xeon, transformer(64), Bf16),
            (Some((7, 5)), &zen4, resnet(64), Fp32),
            (Some((8, 0)), &["avx2"], transformer(64), Bf16),
            (Some((9, 0)), &["avx2"], resnet(8), Bf16),
        ];
        for (capability, cpu, network, expected) in cases {
            assert_eq!(fastest(capability, cpu, &network), expected, "{capability:?} {cpu:?} {network:?}");
        }
    }

    #[test]
    fn configurations_that_corrupt_memory_are_rejected() {
        let refused =
            |precision, threads, width| refuse_corruption(precision, Device::Cpu, threads, &resnet(width)).is_err();
        assert!(refused(Precision::Bf16, 2, 8));
        assert!(!refused(Precision::Bf16, 1, 8) && !refused(Precision::Bf16, 2, 16) && !refused(Precision::Fp32, 2, 8));
        assert!(refuse_corruption(Precision::Bf16, Device::Cuda(0), 2, &resnet(8)).is_ok());
    }
}
