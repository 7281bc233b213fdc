//! A spec as typed: a file and `--set` overrides merged to one tree.

use std::path::Path;

use anyhow::Result;

use super::claims::{self, ReportSpec};
use super::survey::Survey;
use super::tree::Node;
use super::{Notation, Problems, Spec, Text, file, keys, read, sweep};
use crate::error::UserError;

/// Maximum depth of a dotted key.
const DEEPEST: usize = 8;

/// A spec as typed, with overrides applied.
pub(super) struct Typed {
    pub(super) root: Node,
    /// Name of the experiment if the spec has no `name`.
    pub(super) stem: String,
    /// Its `[report]` table, which is not part of an experiment.
    pub(super) report: ReportSpec,
}

impl Typed {
    pub(super) fn read(path: &Path, overrides: &[String]) -> Result<Self> {
        let text = file::read(path)?;
        let name = path.display().to_string();
        let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        let notation = match extension.as_deref() {
            Some("toml") => Notation::Toml,
            Some("json") => Notation::Json,
            _ => {
                let message = format!("`{name}` is neither a `.toml` nor a `.json` file");
                return Err(UserError::usage(message).hint("the file extension chooses the format of a spec").into());
            }
        };
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Self::parse(Text { file: &name, name: &stem, text: &text, notation }, overrides)
    }

    pub(super) fn parse(written: Text<'_>, overrides: &[String]) -> Result<Self> {
        let source = read::SpecText::new(written.file, written.text);
        let (mut root, problems) = match written.notation {
            Notation::Toml => source.toml(),
            Notation::Json => source.json(),
        };
        // After a syntax error the rest of the file may be misread, and further problems would be noise.
        if !problems.is_empty() {
            return Err(Problems(problems).into());
        }
        for argument in overrides {
            apply_override(&mut root, argument)?;
        }
        let report = claims::detach(&mut root)?;
        Ok(Self { root, stem: written.name.to_owned(), report })
    }

    /// The single experiment of the spec.
    pub(super) fn single(mut self, survey: &dyn Survey) -> Result<Spec> {
        if let Some(table) = sweep::detach(&mut self.root) {
            sweep::check_single(&self.root, &table)?;
        }
        Ok(Spec::from_tree(&self.root, &self.stem, survey)?)
    }
}

/// Applies a `--set` argument to the tree.
pub(super) fn apply_override(root: &mut Node, argument: &str) -> Result<()> {
    let malformed = || UserError::usage(format!("`--set {argument}` is not of the form `key=value`"));
    let (key, value) = argument.split_once('=').ok_or_else(malformed)?;
    let path: Vec<String> = key.trim().split('.').map(|name| name.trim().to_owned()).collect();
    if path.iter().any(String::is_empty) || path.len() > DEEPEST {
        return Err(malformed().hint("for example `--set transfer.frozen_layers=4`").into());
    }
    let in_the_way = root.set(&path, read::override_value(argument, value.trim(), keys::takes_text(&path)));
    in_the_way.map_err(|after| {
        let name = path[..path.len() - after].join(".");
        UserError::usage(format!("`--set {argument}`: `{name}` is a value, not a table")).into()
    })
}

impl ReportSpec {
    /// The `[report]` table of a spec file; without one there are no claims.
    pub fn load(path: &Path) -> Result<Self> {
        Ok(Typed::read(path, &[])?.report)
    }
}
