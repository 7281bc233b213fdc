//! How a phase computes: what the spec leaves open, settled for a device and a network.

use tch::Device;

use crate::blueprint::Blueprint;
use crate::error::UserError;
use crate::native::{self, ChosenDevice};
use crate::spec::{CPU_EVALUATION_BATCH, Compute, MemoryFormat};

pub use crate::spec::Settings;

/// Images in a batch without gradients, on a GPU: it is idle with less.
const GPU_EVALUATION_BATCH: usize = 2000;

/// Pixel by pixel: on CPUs 1.0 to 1.4 times as fast as channel by channel in every network with feature maps, in fp32
/// and in bf16 (`results/speed`), and the order that a GPU's matrix units read.
const FASTEST: MemoryFormat = MemoryFormat::ChannelsLast;

/// What a spec comes to on a device.
pub fn settings(compute: &Compute, chosen: &ChosenDevice, blueprint: &Blueprint) -> Result<Settings, UserError> {
    let precision = native::precision(compute.precision, chosen, blueprint)?;
    // Without feature maps there is nothing to lay out.
    let layout =
        if blueprint.has_feature_maps() { compute.layout.unwrap_or(FASTEST) } else { MemoryFormat::ChannelsFirst };
    let own = if chosen.device == Device::Cpu { CPU_EVALUATION_BATCH } else { GPU_EVALUATION_BATCH };
    Ok(Settings {
        precision,
        layout,
        attention: compute.attention,
        evaluation_batch: compute.evaluation_batch.unwrap_or(own) as i64,
        cache: compute.cache,
        graph: compute.graph,
    })
}
