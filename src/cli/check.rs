//! `freezewise check`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::options::{DataRoot, Overrides};
use super::tell;
use crate::error::Exit;
use crate::output;
use crate::spec::Spec;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The specs, .toml or .json files
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<PathBuf>,

    #[command(flatten)]
    overrides: Overrides,

    #[command(flatten)]
    data: DataRoot,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let mut exit = Exit::Complete;
    for path in &arguments.specs {
        let absent = |name: &str| {
            output::talk(&format!("{}: `{name}` is not here, so what it holds is not checked", path.display()));
        };
        match Spec::load(path, &arguments.overrides.set, &arguments.data.surveyor().or_tell(absent)) {
            Ok(_) => output::data(&format!("{}: valid", path.display()))?,
            Err(error) => exit = tell(&error),
        }
    }
    Ok(exit)
}
