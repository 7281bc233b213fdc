//! What is transferred from the source network to the target network, by layer name.

use serde::{Deserialize, Serialize};

use crate::blueprint::Blueprint;
use crate::spec::Transfer;

/// What happened to each layer. Every freezable layer is either copied or new; the head is always new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferReport {
    /// Layers initialised from the source.
    pub copied: Vec<String>,
    /// Layers with new initial weights.
    pub new: Vec<String>,
    /// Frozen layers.
    pub frozen: Vec<String>,
    /// Batch norm statistics of frozen layers.
    pub frozen_norm: String,
    /// Number of trainable parameters.
    pub trainable_parameters: u64,
}

impl TransferReport {
    /// The effect of a transfer, whether or not it is being run now.
    pub fn new(blueprint: &Blueprint, has_source: bool, spec: &Transfer) -> Self {
        let copies = |layer: usize| has_source && spec.copies(layer, blueprint.layers.len());
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
    pub fn sentence(&self) -> String {
        let list = |names: &[String]| match names {
            [] => "nothing".to_owned(),
            [only] => only.clone(),
            [first, .., last] => format!("{first} … {last} ({})", names.len()),
        };
        format!(
            "copied {}; new {}; frozen {}; {} trainable parameters",
            list(&self.copied),
            list(&self.new),
            list(&self.frozen),
            crate::text::grouped(self.trainable_parameters)
        )
    }
}
