//! Specs made from runs, to reproduce them or to run a control. They are made from the resolved specs of runs, because
//! the spec of a sweep does not contain its `--set` overrides.

mod axes;
mod change;

use std::path::Path;

use axes::GridAxis;
pub(super) use change::SpecChange;

use super::read::Run;
use crate::text;

/// A spec in the report's folder, and the command that runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rerun {
    /// The name of its file in `specs/`.
    pub(super) file: String,
    pub(super) text: String,
    pub(super) command: String,
}

impl Rerun {
    /// Whether another spec differs from this one only in its name.
    pub(super) fn trains_as(&self, other: &Self) -> bool {
        let lines = |text: &str| {
            text.lines().filter(|line| !line.starts_with("name = ")).map(str::to_owned).collect::<Vec<_>>()
        };
        lines(&self.text) == lines(&other.text)
    }
}

/// Keys about the machine and the folder of runs, which are removed.
const OF_MACHINE: [&str; 3] = ["name", "device", "threads"];

/// The folder of specs, and the folder for their runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpecPlaces<'a> {
    pub(super) specs: &'a Path,
    pub(super) out: &'a Path,
}

/// The spec of some runs, with a new name and changes; `None` if their specs cannot be read, or a change is impossible.
pub(super) fn of(runs: &[&Run], name: &str, changes: &[SpecChange], places: SpecPlaces) -> Option<Rerun> {
    let first = runs.first()?;
    let mut spec: toml::Table = toml::from_str(&std::fs::read_to_string(first.directory.spec()).ok()?).ok()?;
    for key in OF_MACHINE {
        spec.remove(key);
    }
    let mut axes = axes::of(runs, &mut spec);
    for change in changes {
        change.make(&mut spec, &mut axes)?;
    }
    for axis in &axes {
        set(&mut spec, &axis.key, axis.values[0].clone());
    }
    let is_sweep = axes.iter().any(|axis| axis.values.len() > 1);
    if is_sweep {
        axes.retain(|axis| axis.values.len() > 1);
        add_sweep(&mut spec, &mut axes);
    }
    spec.insert("name".to_owned(), name.into());
    let verb = if is_sweep { "sweep" } else { "run" };
    let file = format!("{}.toml", file_name(name));
    let path = places.specs.join(&file).display().to_string();
    let command = format!("freezewise {verb} {} --out {}", text::quoted(&path), text::quoted(&folder(places.out)));
    let text = format!("# Made from the runs of a report by `freezewise report`.\n\n{}", toml::to_string(&spec).ok()?);
    Some(Rerun { file, text, command })
}

fn folder(path: &Path) -> String {
    if path.as_os_str().is_empty() { ".".to_owned() } else { path.display().to_string() }
}

/// A name without characters that are special to shells or file systems.
fn file_name(name: &str) -> String {
    name.chars().map(|letter| if letter.is_alphanumeric() || "-_.".contains(letter) { letter } else { '-' }).collect()
}

/// Replaces keys by sweep axes; axes that vary together are zipped.
fn add_sweep(spec: &mut toml::Table, axes: &mut [GridAxis]) {
    let mut table = toml::Table::new();
    let zips = axes::zips(axes);
    if !zips.is_empty() {
        let names = |zip: &Vec<usize>| zip.iter().map(|&axis| axes[axis].key.clone()).collect::<Vec<String>>();
        table.insert("zip".to_owned(), zips.iter().map(names).collect::<Vec<_>>().into());
    }
    for axis in axes {
        remove(spec, &axis.key);
        set(&mut table, &format!("axes.{}", axis.key), axis.values.clone().into());
    }
    spec.insert("sweep".to_owned(), table.into());
}

/// Sets a dotted key.
fn set(table: &mut toml::Table, key: &str, value: toml::Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = table.entry(first).or_insert_with(|| toml::Table::new().into());
            if let Some(inner) = inner.as_table_mut() {
                set(inner, rest, value);
            }
        }
    }
}

/// Removes a dotted key, or a table.
fn remove(table: &mut toml::Table, key: &str) {
    match key.split_once('.') {
        None => {
            table.remove(key);
        }
        Some((first, rest)) => {
            if let Some(inner) = table.get_mut(first).and_then(toml::Value::as_table_mut) {
                remove(inner, rest);
            }
        }
    }
}

/// The value of a dotted key.
fn get<'a>(table: &'a toml::Table, key: &str) -> Option<&'a toml::Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((first, rest)) => get(table.get(first)?.as_table()?, rest),
    }
}
