//! The record of a sweep, `sweep.json`: the cells of its grid, and the claims stated at its first start.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::run::Run;
use crate::rundir::{Length, Record, RunDirectory, Status};
use crate::spec::{ReportSpec, StatedClaims};

/// A sweep's folder.
#[derive(Clone, Debug)]
pub(in crate::report) struct SweepFolder {
    pub(in crate::report) folder: PathBuf,
    /// The keys of its axes.
    pub(super) axes: Vec<String>,
    /// Cells by directory name.
    pub(super) cells: BTreeMap<String, RecordedCell>,
    /// The directory names of diverged cells: they have ended, and have no results.
    diverged: BTreeSet<String>,
    pub(in crate::report) claims: ReportSpec,
    /// The table that states them, for a spec that repeats the sweep.
    pub(in crate::report) claims_table: Option<toml::Value>,
    /// The claims stated at the first start; absent in a sweep from an older version.
    pub(in crate::report) stated: Option<StatedClaims>,
}

#[derive(Deserialize)]
struct RecordedSweep {
    #[serde(default)]
    axes: Vec<String>,
    #[serde(default)]
    cells: BTreeMap<String, RecordedCell>,
    #[serde(default)]
    claims: Option<StatedClaims>,
}

/// A cell of the grid.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct RecordedCell {
    #[serde(default)]
    pub(super) name: String,
    /// Its value of each axis.
    #[serde(default)]
    pub(super) values: Vec<String>,
    /// Its budget; absent in a record from an older version.
    #[serde(default)]
    length: Option<Length>,
}

impl SweepFolder {
    /// The sweep in a folder, if there is one. The error is for the report's list of what was left out.
    pub(in crate::report) fn read(folder: &Path) -> Result<Option<Self>, String> {
        let Ok(bytes) = std::fs::read(folder.join("sweep.json")) else { return Ok(None) };
        let recorded: RecordedSweep =
            serde_json::from_slice(&bytes).map_err(|error| format!("`sweep.json` is damaged: {error}"))?;
        let spec =
            ["sweep.toml", "sweep-spec.json"].map(|name| folder.join(name)).into_iter().find(|path| path.is_file());
        let claims = spec.as_deref().map(ReportSpec::load).transpose().map_err(|error| format!("{error:#}"))?;
        let has_diverged = |name: &&String| {
            let record = Record::read(&RunDirectory::at(&folder.join(name)));
            record.is_ok_and(|record| record.is_some_and(|record| record.status == Status::Diverged))
        };
        let diverged = recorded.cells.keys().filter(has_diverged).cloned().collect();
        Ok(Some(Self {
            folder: folder.to_path_buf(),
            diverged,
            axes: recorded.axes,
            cells: recorded.cells,
            claims: claims.unwrap_or_default(),
            claims_table: spec.as_deref().and_then(claims_table),
            stated: recorded.claims,
        }))
    }

    /// The name of its folder.
    pub(in crate::report) fn name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Whether a run is one of its cells, in its folder or as a copy elsewhere. A longer run elsewhere may have the name.
    pub(in crate::report) fn has(&self, run: &Run) -> bool {
        let is_cell = |cell: &RecordedCell| cell.length.is_none_or(|length| length == run.length);
        self.cells.get(&run.directory.name()).is_some_and(is_cell)
            || run.directory.path().parent() == Some(self.folder.as_path())
    }

    /// Whether the claims are those stated before the first cell started.
    pub(in crate::report) fn stated_beforehand(&self) -> bool {
        self.stated.as_ref().is_some_and(|stated| stated.hash == self.claims.hash())
    }

    /// The number of seeds of its grid; `None` if cells are recorded without values.
    pub(in crate::report) fn seeds(&self) -> Option<usize> {
        if self.cells.values().any(|cell| cell.values.len() != self.axes.len()) {
            return None;
        }
        let place = self.axes.iter().position(|key| key == "seed");
        let seed = |cell: &RecordedCell| place.map(|place| cell.values[place].clone());
        Some(self.cells.values().map(seed).collect::<BTreeSet<_>>().len())
    }

    /// How many of its cells have ended, given the names of those with results, and how many there are.
    pub(in crate::report) fn ended(&self, with_results: &BTreeSet<String>) -> (usize, usize) {
        let has_ended = |name: &&String| with_results.contains(*name) || self.diverged.contains(*name);
        (self.cells.keys().filter(has_ended).count(), self.cells.len())
    }
}

/// The `[report]` table of a spec in TOML or JSON.
fn claims_table(spec: &Path) -> Option<toml::Value> {
    let text = std::fs::read_to_string(spec).ok()?;
    let is_json = spec.extension().is_some_and(|ending| ending == "json");
    let table: toml::Table = if is_json { serde_json::from_str(&text).ok()? } else { toml::from_str(&text).ok()? };
    table.get("report").cloned()
}
