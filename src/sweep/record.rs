//! `sweep.json`: the cells of a sweep, and what was fixed at its first start. `sweep.toml` beside it is the spec.
//!
//! Precision and layout of `auto` depend on the machine, so a sweep over several would mix arithmetic under one name.
//! What the first start settled holds for all: a machine that cannot keep it refuses.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::plan::SweepPlan;
use crate::error::UserError;
use crate::files;
use crate::run::Fixed;
use crate::spec::{NUMERICS, StatedClaims};

/// To be raised when older programs could misread what newer ones write.
const FORMAT: u32 = 1;

/// A sweep on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepRecord {
    /// The version of this layout.
    pub format: u32,
    /// The version of the numerics: another gives other directories.
    pub numerics: u64,
    /// What the first start settled.
    pub fixed: Fixed,
    /// The claims that were stated when the first cell was begun; none in a sweep of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<StatedClaims>,
    /// The keys of the axes.
    pub axes: Vec<String>,
    /// The cells of the grid, by their directories' names.
    pub cells: BTreeMap<String, CellRecord>,
    /// Cells of an earlier grid that this one does not have.
    #[serde(default)]
    pub outside: BTreeMap<String, CellRecord>,
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellRecord {
    /// Its place in the grid.
    #[serde(default)]
    pub index: usize,
    /// From its values.
    pub name: String,
    /// Its value on each axis.
    pub values: Vec<String>,
    /// Its source's directory name.
    pub source: Option<String>,
}

impl SweepRecord {
    /// The record of a folder, if it has one.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = path(folder);
        if !files::exists(&path)? {
            return Ok(None);
        }
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let record: Self =
            serde_json::from_slice(&bytes).with_context(|| format!("`{}` is damaged", path.display()))?;
        if record.format > FORMAT {
            let message =
                format!("`{}` has format {}, this program reads format {FORMAT}", path.display(), record.format);
            return Err(UserError::new(message).hint("use the version of freezewise that began the sweep").into());
        }
        Ok(Some(record))
    }

    /// The record of a plan, after an earlier one if there was one: what was fixed stays, cells that left are outside.
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
                "give this one another `name`, or move that folder away"
            } else {
                "it was made by another version, whose numbers differ: move that folder away"
            };
            return Err(UserError::usage(message).hint(hint).into());
        }
        let mut outside = before.outside;
        outside.extend(before.cells);
        outside.retain(|name, _| !cells.contains_key(name));
        let (fixed, claims, axes) = (before.fixed, before.claims, plan.keys.clone());
        Ok(Self { format: FORMAT, numerics: NUMERICS, fixed, claims, axes, cells, outside })
    }

    /// Writes it, where that changes anything: many processes may run one sweep.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        write_if_changed(&path(folder), &bytes)
    }
}

fn entry(plan: &SweepPlan, index: usize) -> CellRecord {
    let cell = &plan.cells[index];
    let source = cell.source.map(|source| plan.sources[source].hash.clone());
    CellRecord { index, name: cell.name.clone(), values: cell.values.clone(), source }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("sweep.json")
}

/// Keeps the spec as it is now beside the record: an edit of the user's file changes no cell that is under way.
pub fn keep_spec(spec: &Path, folder: &Path) -> Result<PathBuf> {
    let ending = spec.extension().unwrap_or_default();
    let name = if ending == "json" { "sweep-spec.json" } else { "sweep.toml" };
    let bytes = std::fs::read(spec).with_context(|| format!("cannot read `{}`", spec.display()))?;
    let kept = folder.join(name);
    write_if_changed(&kept, &bytes)?;
    Ok(kept)
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    files::write_atomically(path, bytes)
}
