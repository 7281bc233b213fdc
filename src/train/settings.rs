//! Resolves the compute settings that the spec leaves open, for a device and a network.

use tch::Device;

use crate::blueprint::Blueprint;
use crate::error::UserError;
use crate::native::{self, ChosenDevice};
use crate::spec::{CPU_EVALUATION_BATCH, Compute, MemoryFormat};

pub use crate::spec::Settings;

/// Evaluation batch on a GPU, which smaller batches leave idle.
const GPU_EVALUATION_BATCH: usize = 2000;

/// On CPUs 1.0 to 1.4 times as fast as channels first in every network with feature maps, in fp32 and bf16
/// (`results/speed`), and the layout of a GPU's matrix units.
const FASTEST: MemoryFormat = MemoryFormat::ChannelsLast;

/// Resolves the settings of a spec for a device and a network.
pub fn settings(compute: &Compute, chosen: &ChosenDevice, blueprint: &Blueprint) -> Result<Settings, UserError> {
    let precision = native::precision(compute.precision, chosen, blueprint)?;
    // Without feature maps the layout does not matter.
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
