//! `freezewise report`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use crate::error::Exit;
use crate::output;
use crate::report;
use crate::text;

/// So many of the runs that are left out are named; the page has them all.
const SHOWN: usize = 10;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Runs, or folders of them
    #[arg(value_name = "DIR", default_value = "runs")]
    folders: Vec<PathBuf>,

    /// Where to write the report, in place of `report/` in the first DIR
    #[arg(long, value_name = "DIR")]
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
        output::talk(&format!("left out: {reason}"));
    }
    if written.left_out.len() > SHOWN {
        output::talk(&format!("and {} more, all of them in the page", written.left_out.len() - SHOWN));
    }
    Ok(Exit::Complete)
}
