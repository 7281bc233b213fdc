//! `freezewise collect`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use super::options::path;
use crate::error::Exit;
use crate::files;
use crate::output;
use crate::sweep;
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Runs, or folders of them
    #[arg(value_name = "DIR", default_value = "runs")]
    folders: Vec<PathBuf>,

    /// Write the table to a file instead of stdout
    #[arg(long, value_name = "FILE", value_parser = path())]
    out: Option<PathBuf>,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let folders: Vec<&Path> = arguments.folders.iter().map(PathBuf::as_path).collect();
    let mut table = Vec::new();
    let (runs, left_out) = sweep::collect(&folders, &mut table)?;
    match &arguments.out {
        Some(path) => {
            files::write_atomically(path, &table)?;
            output::data(&path.display().to_string())?;
        }
        None => output::data(&String::from_utf8(table).context("a table is text")?)?,
    }
    output::talk(&text::counted(runs, "run", "runs"));
    for reason in left_out {
        output::talk(&format!("skipped {reason}"));
    }
    Ok(Exit::Complete)
}
