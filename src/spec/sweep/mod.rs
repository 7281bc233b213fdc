//! A sweep is a spec with a `[sweep]` table, whose axes span a grid of cells. A cell is the spec with one value per
//! axis, and an ordinary run.
//!
//! The table is removed from the tree before the spec itself is read, so that the values of an axis are never confused
//! with a key that takes a list.

mod axes;
mod cell;
mod grid;
mod groups;
mod range;
mod schema;

use std::path::Path;

use anyhow::Result;

pub use cell::Cell;
pub(super) use schema::schema;

use super::keys::{self, KeyType};
use super::problem::{Place, Problem, Problems};
use super::survey::Survey;
use super::tree::{Node, Value};
use super::{ReportSpec, Spec, Typed, walk};
use crate::error::UserError;
use crate::text;
use axes::{SweepTable, Values};

/// Name of the table.
const TABLE: &str = "sweep";
/// The key of the number of frozen layers: the only axis that accepts `"all-values"`.
pub const FROZEN_LAYERS: &str = "transfer.frozen_layers";

/// An expanded sweep.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Name of the folder of its runs, under `--out`.
    pub name: String,
    /// Keys of the axes, in file order.
    pub keys: Vec<String>,
    /// Cells; the last axis varies fastest.
    pub cells: Vec<Cell>,
    /// Claims to test.
    pub report: ReportSpec,
    /// Settings for Slurm job scripts.
    pub slurm: Slurm,
    root: Node,
}

/// Settings of `[sweep.slurm]` for job scripts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slurm {
    /// Options of `sbatch`, such as `--partition=gpu`.
    pub options: Vec<String>,
    /// Shell lines to run before the program.
    pub setup: Vec<String>,
}

impl Sweep {
    /// Loads the sweep from a `.toml` or `.json` file, with `key=value` overrides. The error is `Problems` if the table
    /// is invalid. Cells are not validated here; see `Sweep::spec`.
    pub fn load(path: &Path, overrides: &[String], survey: &dyn Survey) -> Result<Self> {
        let Typed { mut root, stem, report } = Typed::read(path, overrides)?;
        let Some(table) = detach(&mut root) else {
            let message = format!("`{}` has no `[sweep]` table", path.display());
            return Err(UserError::usage(message)
                .hint("list the keys to vary in `[sweep.axes]`, such as `seed = [0, 1, 2]`")
                .hint("or run a spec without axes with `freezewise run`")
                .into());
        };
        let keys = keys::all();
        let mut table = SweepTable::read(&table, keys)?;
        refuse_fixed(&root, &table)?;
        let varies =
            table.axes.iter().any(|axis| axis.key.starts_with("network.") || axis.key.ends_with("granularity"));
        if !varies && let Some(axis) = table.axes.iter_mut().find(|axis| matches!(axis.values, Values::All)) {
            axis.values = Values::List(every_layer_count(&root, &stem, &[], survey, &axis.place)?);
        }
        let layers = |cell: &Cell, place: &Place| every_layer_count(&root, &stem, &cell.values, survey, place);
        let cells = grid::expand(&table, &layers)?;
        let name = name(&root).unwrap_or(stem);
        Ok(Self {
            name,
            keys: table.axes.into_iter().map(|axis| axis.key).collect(),
            cells,
            report,
            slurm: table.slurm,
            root,
        })
    }

    /// Whether a spec has axes that the overrides do not fix.
    pub fn is_open(path: &Path, overrides: &[String]) -> Result<bool> {
        let Typed { mut root, .. } = Typed::read(path, overrides)?;
        Ok(detach(&mut root).is_some_and(|table| check_single(&root, &table).is_err()))
    }

    /// The spec of a cell.
    pub fn spec(&self, cell: &Cell, survey: &dyn Survey) -> Result<Spec, Problems> {
        Spec::from_tree(&with_values(&self.root, &cell.values), &self.name, survey)
    }
}

/// Removes the table from a spec.
pub(super) fn detach(root: &mut Node) -> Option<Node> {
    let Value::Table(entries) = &mut root.value else { return None };
    let at = entries.iter().position(|entry| entry.key == TABLE)?;
    Some(entries.remove(at).node)
}

/// Fails if a spec has axes that `--set` does not fix: it is then not a single run.
pub(super) fn check_single(root: &Node, table: &Node) -> Result<()> {
    let table = SweepTable::read(table, keys::all())?;
    let open = table.axes.iter().filter(|axis| !is_overridden(root, &axis.key));
    let open: Vec<&str> = open.map(|axis| axis.key.as_str()).collect();
    if open.is_empty() {
        return Ok(());
    }
    let fixed: Vec<String> = open.iter().map(|key| format!("--set {key}=…")).collect();
    Err(UserError::usage(format!("the spec is a sweep over {}", text::listed(&open)))
        .hint("run all cells with `freezewise sweep`")
        .hint(format!("or set each axis to one value: `{}`", fixed.join(" ")))
        .into())
}

fn is_overridden(root: &Node, key: &str) -> bool {
    root.has(key) && matches!(root.place_of(key), Place::Override(_))
}

/// `--set` of an axis is ambiguous: one value for every cell, or a new list of values.
fn refuse_fixed(root: &Node, table: &SweepTable) -> Result<()> {
    match table.axes.iter().find(|axis| is_overridden(root, &axis.key)) {
        None => Ok(()),
        Some(axis) => Err(UserError::usage(format!(
            "`{}` is an axis of the sweep and cannot be set to one value with `--set`",
            axis.key
        ))
        .hint(format!("to change the values of the axis: `--set 'sweep.axes.{}=[…]'`", axis.key))
        .into()),
    }
}

fn name(root: &Node) -> Option<String> {
    let Value::Table(entries) = &root.value else { return None };
    match &entries.iter().find(|entry| entry.key == "name")?.node.value {
        Value::Text(name) => Some(name.clone()),
        _ => None,
    }
}

fn with_values(root: &Node, values: &[(String, Node)]) -> Node {
    let mut root = root.clone();
    for (key, value) in values {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        // If a value is in the way of a table, the spec has that problem even without the sweep.
        let _ = root.set(&path, value.clone());
    }
    root
}

/// The values of `frozen_layers` for a cell's network: from 0 to all of its layers.
fn every_layer_count(
    root: &Node,
    stem: &str,
    values: &[(String, Node)],
    survey: &dyn Survey,
    place: &Place,
) -> Result<Vec<Node>, Problems> {
    let none = Node { place: place.clone(), value: Value::Integer(0) };
    let values: Vec<(String, Node)> = values.iter().cloned().chain([(FROZEN_LAYERS.to_owned(), none)]).collect();
    let experiment = Spec::from_tree(&with_values(root, &values), stem, survey)?.experiment;
    let layers = experiment.blueprint(&experiment.target).layers.len() as i64;
    Ok((0..=layers).map(|count| Node { place: place.clone(), value: Value::Integer(count) }).collect())
}

/// The type of a dotted key, if it is a key with a value.
fn kind_of<'a>(keys: &'a [keys::Key], dotted: &str) -> Option<&'a KeyType> {
    let mut keys = keys;
    let mut kind = None;
    for name in dotted.split('.') {
        let key = keys.iter().find(|key| key.name == name)?;
        kind = Some(&key.kind);
        keys = if let KeyType::Table(inner) = &key.kind { inner } else { &[] };
    }
    kind.filter(|kind| !matches!(kind, KeyType::Table(_)))
}

/// Problems with one value of an axis, by the rules of its key.
fn problems_of(keys: &[keys::Key], key: &str, value: &Node) -> Vec<Problem> {
    let root = Node { place: value.place.clone(), value: Value::Table(Vec::new()) };
    walk::Walk::new(keys).run(&with_values(&root, &[(key.to_owned(), value.clone())])).1
}

#[cfg(test)]
mod tests;
