//! `freezewise prune`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::error::Exit;
use crate::output;
use crate::sweep::{self, PruneOptions};
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A run, the folder of a sweep, or the folder of all runs
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// Keep the final weights; delete only checkpoints
    #[arg(long)]
    keep_weights: bool,

    /// Report what would be deleted; delete nothing
    #[arg(long)]
    dry_run: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let keep = PruneOptions { weights: arguments.keep_weights, dry_run: arguments.dry_run };
    let pruned = sweep::prune(&arguments.folder, keep)?;
    if arguments.json {
        output::data(&serde_json::to_string_pretty(&pruned)?)?;
        return Ok(Exit::Complete);
    }
    pruned.left.iter().for_each(|(path, why)| output::talk(&format!("skipped {}: {why}", path.display())));
    let word = if arguments.dry_run { "would be freed" } else { "freed" };
    let runs = text::counted(pruned.lean.len(), "run", "runs");
    output::data(&format!("{runs}, {} {word}", text::bytes(pruned.bytes)))?;
    Ok(Exit::Complete)
}
