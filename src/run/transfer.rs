//! What goes from the source network to the target's, with a report by name.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::network::{NamedTensors, Network};
use crate::spec::{Transfer, UnfrozenInit};

/// What became of each layer. Every freezable layer is either copied or new; the head is always new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TransferReport {
    /// Layers that start from the source's weights.
    pub(super) copied: Vec<String>,
    /// Layers that start anew.
    pub(super) new: Vec<String>,
    /// Layers that do not train.
    pub(super) frozen: Vec<String>,
    frozen_norm: String,
    trainable_parameters: u64,
}

/// Copies what the transfer asks for. A tensor of a copied layer that the source lacks, or has in another shape, is
/// an error; so is one of the source's that no layer of the target has.
pub(super) fn transfer(network: &Network, source: Option<&NamedTensors>, spec: &Transfer) -> Result<TransferReport> {
    let blueprint = network.blueprint();
    let copies = |layer: usize| {
        source.is_some()
            && layer < network.freezable()
            && (spec.frozen.has(layer) || spec.unfrozen_init == UnfrozenInit::Source)
    };
    if let Some(source) = source {
        network.load(source, copies).context("the source's weights do not fit the target's network")?;
    }
    let names = |wanted: &dyn Fn(usize) -> bool| {
        let layers = blueprint.all_layers().enumerate().filter(|(index, _)| wanted(*index));
        layers.map(|(_, layer)| layer.name.clone()).collect()
    };
    Ok(TransferReport {
        copied: names(&copies),
        new: names(&|layer| !copies(layer)),
        frozen: names(&|layer| spec.frozen.has(layer)),
        frozen_norm: spec.frozen_norm.to_string(),
        trainable_parameters: blueprint.trainable_parameters(&spec.frozen),
    })
}

impl TransferReport {
    /// One line for people.
    pub(super) fn sentence(&self) -> String {
        let list = |names: &[String]| match names {
            [] => "nothing".to_owned(),
            [only] => only.clone(),
            [first, .., last] => format!("{first} … {last} ({})", names.len()),
        };
        format!(
            "copied {}; new {}; frozen {}; {} parameters train",
            list(&self.copied),
            list(&self.new),
            list(&self.frozen),
            crate::text::grouped(self.trainable_parameters)
        )
    }
}
