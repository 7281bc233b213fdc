//! `freezewise new`: a starter spec.

mod starter;
mod task;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use crate::catalogue::Dataset;
use crate::error::{Exit, UserError};
use crate::spec::{self, Side};
use crate::{files, output, text};
use starter::{SCHEMA, Starter};
use task::StarterTask;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Name of the experiment; the spec is written to NAME.toml in the current folder
    name: String,

    /// Write a sweep over frozen layers and seeds
    #[arg(long)]
    sweep: bool,

    /// Data set of the target
    #[arg(long, value_name = "NAME", default_value = "synthetic")]
    dataset: String,

    /// Data set of the source, or `none` to train from scratch [default: one with similar images]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// Architecture of the network
    #[arg(long, value_name = "NAME", default_value = "preact-resnet18")]
    architecture: String,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let name = name(&arguments.name)?;
    let target = dataset(&arguments.dataset, &[])?;
    let source = match arguments.source.as_deref() {
        None => task::usual_source(target),
        Some("none") => None,
        Some(typed) => Some(dataset(typed, &["none"])?),
    };
    let starter = Starter {
        name,
        architecture: architecture(&arguments.architecture)?,
        source: source.map(|dataset| StarterTask { dataset, side: Side::Source }),
        target: StarterTask { dataset: target, side: Side::Target },
        sweep: arguments.sweep,
    };
    let path = PathBuf::from(format!("{name}.toml"));
    if !files::create_new(&path, starter.text()?.as_bytes())? {
        let error = UserError::usage(format!("`{}` already exists", path.display()));
        return Err(error.hint("choose another name; `freezewise new` does not overwrite files").into());
    }
    write_schema()?;
    output::data(&path.display().to_string())?;
    match starter.fetch() {
        Some(fetch) => output::talk(&format!("next: `{fetch}`, then `{}`", starter.command())),
        None => output::talk(&format!("next: `{}`", starter.command())),
    }
    Ok(Exit::Complete)
}

/// The name of the experiment. The name of the file is accepted too.
fn name(typed: &str) -> Result<&str> {
    let name = typed.strip_suffix(".toml").unwrap_or(typed);
    if name.contains('/') {
        return Err(UserError::usage(format!("`{typed}` is a path, expected a name"))
            .hint("the spec is written to the current folder")
            .into());
    }
    if !spec::is_valid_name(name) {
        let error = UserError::usage(format!("`{}` is not a valid name", typed.escape_debug()));
        return Err(error.hint(format!("a name {}", spec::VALID_NAME)).into());
    }
    Ok(name)
}

fn dataset(typed: &str, others: &[&'static str]) -> Result<Dataset> {
    let names: Vec<&str> = Dataset::ALL.into_iter().map(Dataset::name).chain(others.iter().copied()).collect();
    Dataset::named(typed).ok_or_else(|| unknown("data set", typed, &names).into())
}

fn architecture(typed: &str) -> Result<&str> {
    let names = spec::architectures();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    if known.contains(&typed) { Ok(typed) } else { Err(unknown("network", typed, &known).into()) }
}

fn unknown(what: &str, typed: &str, names: &[&str]) -> UserError {
    let error = UserError::usage(format!("`{typed}` is not a {what}"));
    let error = match text::nearest(typed, names.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    };
    error.hint(format!("expected {}", text::alternatives(names)))
}

/// Writes the schema that the first line of the spec names, for editors. An existing file is kept.
fn write_schema() -> Result<()> {
    let path = Path::new(SCHEMA);
    let schema = format!("{}\n", serde_json::to_string_pretty(&spec::schema())?);
    let renew = format!("`freezewise schema > {SCHEMA}`");
    if files::create_new(path, schema.as_bytes())? {
        output::talk(&format!("wrote `{SCHEMA}`, which lets editors check and complete specs; {renew} updates it"));
    } else if std::fs::read(path).ok().as_deref() != Some(schema.as_bytes()) {
        output::talk(&format!("kept `{SCHEMA}`, which is from another version; {renew} updates it"));
    }
    Ok(())
}
