//! `freezewise data`, one file per verb.

mod fetch;
mod list;
mod preview;
mod stats;
mod verify;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::catalogue::{CatalogueEntry, Dataset};
use crate::error::{Exit, UserError};
use crate::text;

#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: DataVerb,
}

#[derive(Debug, Subcommand)]
enum DataVerb {
    /// List the known data sets, and which are in the data folder.
    List(list::Arguments),
    /// Download published data sets and verify their checksums.
    Fetch(fetch::Arguments),
    /// Verify the files of downloaded data sets.
    Verify(verify::Arguments),
    /// Show examples per class, and the mean and standard deviation of each channel.
    Stats(stats::Arguments),
    /// Draw a contact sheet of training examples with labels, before and after augmentation.
    Preview(preview::Arguments),
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    match &arguments.verb {
        DataVerb::List(arguments) => list::main(arguments),
        DataVerb::Fetch(arguments) => fetch::main(arguments),
        DataVerb::Verify(arguments) => verify::main(arguments),
        DataVerb::Stats(arguments) => stats::main(arguments),
        DataVerb::Preview(arguments) => preview::main(arguments),
    }
}

/// The published data sets.
fn published() -> impl Iterator<Item = (Dataset, &'static CatalogueEntry)> {
    Dataset::ALL.into_iter().filter_map(|dataset| Some((dataset, dataset.entry()?)))
}

/// The published data set of a name.
fn named(name: &str) -> Result<(Dataset, &'static CatalogueEntry)> {
    let names: Vec<&str> = published().map(|(_, entry)| entry.name).collect();
    if let Some(found) = published().find(|(_, entry)| entry.name == name) {
        return Ok(found);
    }
    let error = UserError::usage(format!("`{name}` is not a published data set"));
    let error = match text::nearest(name, names.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    };
    Err(error.hint(format!("published data sets: {}", names.join(", "))).into())
}
