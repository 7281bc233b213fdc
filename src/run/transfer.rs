//! What goes from the source network to the target's, with a report by name.

use anyhow::{Context, Result};

use crate::network::{NamedTensors, Network};
use crate::rundir::TransferReport;
use crate::spec::Transfer;

/// Copies what the transfer asks for. A tensor of a copied layer that the source lacks, or has in another shape, is
/// an error; so is one of the source's that no layer of the target has.
pub(in crate::run) fn transfer(
    network: &Network,
    source: Option<&NamedTensors>,
    spec: &Transfer,
) -> Result<TransferReport> {
    if let Some(source) = source {
        network
            .load(source, |layer| spec.copies(layer, network.freezable()))
            .context("the target's network cannot start from the source's weights")?;
    }
    Ok(TransferReport::new(network.blueprint(), source.is_some(), spec))
}
