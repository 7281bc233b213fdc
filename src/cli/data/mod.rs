//! `freezewise data`, one file per verb.

mod fetch;
mod list;
mod preview;
mod stats;
mod verify;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::catalogue::{Dataset, Entry};
use crate::error::{Exit, UserError};
use crate::text;

#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the known data sets, and which are in the data folder.
    List(list::Arguments),
    /// Download published data sets and verify their checksums.
    Fetch(fetch::Arguments),
    /// Verify the files of downloaded data sets.
    Verify(verify::Arguments),
    /// Show examples per class, and the mean and deviation of each colour.
    Stats(stats::Arguments),
    /// Draw a contact sheet of training examples with labels, before and after augmentation.
    Preview(preview::Arguments),
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    match &arguments.verb {
        Verb::List(arguments) => list::main(arguments),
        Verb::Fetch(arguments) => fetch::main(arguments),
        Verb::Verify(arguments) => verify::main(arguments),
        Verb::Stats(arguments) => stats::main(arguments),
        Verb::Preview(arguments) => preview::main(arguments),
    }
}

/// The published data sets.
fn published() -> impl Iterator<Item = (Dataset, &'static Entry)> {
    Dataset::ALL.into_iter().filter_map(|dataset| Some((dataset, dataset.entry()?)))
}

/// The published data set of a name.
fn named(name: &str) -> Result<(Dataset, &'static Entry)> {
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
