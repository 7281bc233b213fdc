//! Copying layers from the source network to the target's, with a report by name.

use anyhow::{Context, Result};

use crate::network::{NamedTensors, Network};
use crate::rundir::TransferReport;
use crate::spec::Transfer;

/// Copies the layers that the spec transfers. It is an error if the source lacks a tensor of a copied layer or has it in
/// another shape, or has a tensor that no layer of the target has.
pub(in crate::run) fn transfer(
    network: &Network,
    source: Option<&NamedTensors>,
    spec: &Transfer,
) -> Result<TransferReport> {
    if let Some(source) = source {
        network
            .load(source, |layer| spec.copies(layer, network.freezable()))
            .context("the source weights do not fit the target network")?;
    }
    Ok(TransferReport::new(network.blueprint(), source.is_some(), spec))
}
