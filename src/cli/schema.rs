//! `freezewise schema`.

use anyhow::Result;
use clap::Args;

use crate::error::Exit;
use crate::output;
use crate::spec;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print every key with its default, unit and meaning as a Markdown page instead
    #[arg(long)]
    markdown: bool,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let text = if arguments.markdown { spec::markdown() } else { serde_json::to_string_pretty(&spec::schema())? };
    output::data(&text)?;
    Ok(Exit::Complete)
}
