//! `freezewise report`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use super::options::path;
use crate::error::Exit;
use crate::output;
use crate::report;
use crate::text;

/// How many of the skipped runs to name; the page lists all of them.
const SHOWN: usize = 10;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Runs, or folders of them
    #[arg(value_name = "DIR", default_value = "runs")]
    folders: Vec<PathBuf>,

    /// Folder to write the report to [default: `report/` in the first DIR]
    #[arg(long, value_name = "DIR", value_parser = path())]
    out: Option<PathBuf>,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let folders: Vec<&Path> = arguments.folders.iter().map(PathBuf::as_path).collect();
    let out = arguments.out.clone().unwrap_or_else(|| folders[0].join("report"));
    let written = report::write(&folders, &out)?;
    output::data(&written.index.display().to_string())?;
    output::talk(&text::counted(written.runs, "run", "runs"));
    for finding in &written.findings {
        output::talk(finding);
    }
    for reason in written.left_out.iter().take(SHOWN) {
        output::talk(&format!("skipped {reason}"));
    }
    if written.left_out.len() > SHOWN {
        output::talk(&format!("and {} more, listed on the page", written.left_out.len() - SHOWN));
    }
    Ok(Exit::Complete)
}
