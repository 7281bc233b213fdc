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
    if let Some(source) = source {
        network
            .load(source, |layer| is_copied(network, layer, spec))
            .context("the target's network cannot start from the source's weights")?;
    }
    Ok(TransferReport::new(network, source.is_some(), spec))
}

fn is_copied(network: &Network, layer: usize, spec: &Transfer) -> bool {
    layer < network.freezable() && (spec.frozen.has(layer) || spec.unfrozen_init == UnfrozenInit::Source)
}

impl TransferReport {
    /// What a transfer does, whether or not it is being done now.
    pub(super) fn new(network: &Network, has_source: bool, spec: &Transfer) -> Self {
        let blueprint = network.blueprint();
        let copies = |layer: usize| has_source && is_copied(network, layer, spec);
        let names = |wanted: &dyn Fn(usize) -> bool| {
            let layers = blueprint.all_layers().enumerate().filter(|(index, _)| wanted(*index));
            layers.map(|(_, layer)| layer.name.clone()).collect()
        };
        Self {
            copied: names(&copies),
            new: names(&|layer| !copies(layer)),
            frozen: names(&|layer| spec.frozen.has(layer)),
            frozen_norm: spec.frozen_norm.to_string(),
            trainable_parameters: blueprint.trainable_parameters(&spec.frozen),
        }
    }

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
