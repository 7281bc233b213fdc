//! `sweep.json`: the cells of a sweep, and the settings fixed at its first start. `sweep.toml` beside it is the spec.
//!
//! What `auto` means for precision and layout depends on the machine, so a sweep over several machines would mix
//! arithmetic under one name. The first start fixes them; a machine that does not support them refuses.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::plan::SweepPlan;
use crate::error::UserError;
use crate::files;
use crate::run::Fixed;
use crate::rundir::{Length, RunDirectory};
use crate::spec::{NUMERICS, StatedClaims};
use crate::text;

/// Raise this when an older program could misread what a newer one writes.
const FORMAT: u32 = 1;

/// A sweep on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepRecord {
    /// The version of this layout.
    pub format: u32,
    /// The version of the numerics, which the hashes of directories include.
    pub numerics: u64,
    /// Settings fixed by the first start.
    pub fixed: Fixed,
    /// The claims stated at the first start; absent in a sweep from an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<StatedClaims>,
    /// The keys of the axes.
    pub axes: Vec<String>,
    /// The cells of the grid, by directory name.
    pub cells: BTreeMap<String, CellRecord>,
    /// Cells of an earlier grid that are not in this one.
    #[serde(default)]
    pub outside: BTreeMap<String, CellRecord>,
}

/// The records of several folders, each read once: a folder may hold thousands of runs.
#[derive(Debug, Default)]
pub(super) struct SweepRecords(HashMap<PathBuf, Option<SweepRecord>>);

impl SweepRecords {
    /// The record of the sweep that a run is in.
    pub(super) fn of(&mut self, run: &RunDirectory) -> Result<Option<&SweepRecord>> {
        let Some(folder) = run.path().parent() else { return Ok(None) };
        if !self.0.contains_key(folder) {
            self.0.insert(folder.to_path_buf(), SweepRecord::read(folder)?);
        }
        Ok(self.0.get(folder).and_then(Option::as_ref))
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellRecord {
    /// Its place in the grid, from 0.
    #[serde(default)]
    pub index: usize,
    /// Made from its values: `frozen_layers=3,seed=0`.
    pub name: String,
    /// Its value on each axis, as text.
    pub values: Vec<String>,
    /// The hash of its source.
    pub source: Option<String>,
    /// Its budget; absent in a record from an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<Length>,
    /// The keys of its values, if it is outside a grid that may have other axes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub axes: Option<Vec<String>>,
}

impl SweepRecord {
    /// A cell of the grid or outside it, with its values by key. Of a cell outside it that an older version recorded, the
    /// keys are unknown.
    pub fn cell(&self, directory: &str) -> Option<(&CellRecord, BTreeMap<&str, &str>)> {
        let within = self.cells.get(directory).map(|cell| (cell, self.axes.as_slice()));
        let outside = || self.outside.get(directory).map(|cell| (cell, cell.axes.as_deref().unwrap_or_default()));
        let (cell, keys) = within.or_else(outside)?;
        Some((cell, keys.iter().map(String::as_str).zip(cell.values.iter().map(String::as_str)).collect()))
    }

    /// The record of a folder, if it has one.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = path(folder);
        if !files::exists(&path)? {
            return Ok(None);
        }
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let record: Self = serde_json::from_slice(&bytes).map_err(|error| {
            UserError::new(format!("`{}` is damaged: {error}", path.display()))
                .hint("move it away: `freezewise sweep` writes a new one and keeps all runs")
        })?;
        if record.format > FORMAT {
            let message = format!("expected format {FORMAT} in `{}`, found {}", path.display(), record.format);
            return Err(UserError::new(message).hint("use the version of freezewise that began the sweep").into());
        }
        Ok(Some(record))
    }

    /// The record of a plan, updated from an earlier one: fixed settings stay, and cells that left the grid are `outside`.
    pub fn following(plan: &SweepPlan, before: Option<Self>, fixed: impl FnOnce() -> Result<Fixed>) -> Result<Self> {
        let entries = (0..plan.cells.len()).map(|index| (plan.cells[index].directory.name(), entry(plan, index)));
        let cells: BTreeMap<String, CellRecord> = entries.collect();
        let Some(before) = before else {
            let (format, numerics, axes) = (FORMAT, NUMERICS, plan.keys.clone());
            let claims = Some(plan.claims.clone());
            return Ok(Self { format, numerics, fixed: fixed()?, claims, axes, cells, outside: BTreeMap::new() });
        };
        let shared = before.cells.keys().any(|name| cells.contains_key(name));
        if !shared && !before.cells.is_empty() {
            let message = format!("`{}` holds another sweep: it shares no cell with this one", plan.folder.display());
            let hint = if before.numerics == NUMERICS {
                "give this sweep another `name`, or move that folder away"
            } else {
                "it was made by a version with other numerics: move that folder away"
            };
            return Err(UserError::usage(message).hint(hint).into());
        }
        let mut outside = before.outside;
        let leaving = |cell: CellRecord| CellRecord { axes: Some(before.axes.clone()), ..cell };
        outside.extend(before.cells.into_iter().map(|(name, cell)| (name, leaving(cell))));
        outside.retain(|name, _| !cells.contains_key(name));
        let (fixed, claims, axes) = (before.fixed, before.claims, plan.keys.clone());
        Ok(Self { format: FORMAT, numerics: NUMERICS, fixed, claims, axes, cells, outside })
    }

    /// Writes `sweep.json` if there is none; otherwise returns false.
    pub fn write_first(&self, folder: &Path) -> Result<bool> {
        files::create_new(&path(folder), &self.bytes()?)
    }

    /// Writes `sweep.json` only if it changes: several processes may run one sweep.
    pub fn write(&self, folder: &Path) -> Result<()> {
        write_if_changed(&path(folder), &self.bytes()?)
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

fn entry(plan: &SweepPlan, index: usize) -> CellRecord {
    let cell = &plan.cells[index];
    let source = cell.source.map(|source| plan.sources[source].hash.clone());
    let (name, values, length) = (cell.name.clone(), cell.values.clone(), Some(cell.length));
    CellRecord { index, name, values, source, length, axes: None }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("sweep.json")
}

/// Copies the spec beside the record, for people and for reports, and to a file named by its content, which is returned:
/// cells read that one, so neither editing the original nor another start changes what they run.
pub fn keep_spec(spec: &Path, folder: &Path) -> Result<PathBuf> {
    let is_json = spec.extension().is_some_and(|ending| ending == "json");
    let (name, ending) = if is_json { ("sweep-spec.json", "json") } else { ("sweep.toml", "toml") };
    let bytes = std::fs::read(spec).with_context(|| format!("cannot read `{}`", spec.display()))?;
    write_if_changed(&folder.join(name), &bytes)?;
    let specs = folder.join("specs");
    files::create_folder(&specs)?;
    let kept = specs.join(format!("{}.{ending}", &text::hex(&Sha256::digest(&bytes))[..10]));
    write_if_changed(&kept, &bytes)?;
    Ok(kept)
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    files::write_atomically(path, bytes)
}
