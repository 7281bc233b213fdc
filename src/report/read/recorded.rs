//! The record of a sweep, `sweep.json`: the cells of its grid, and the claims stated at its first start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::run::Run;
use crate::spec::{ReportSpec, StatedClaims};

/// A sweep's folder.
#[derive(Clone, Debug)]
pub(in crate::report) struct SweepFolder {
    pub(in crate::report) folder: PathBuf,
    /// Names of cells by directory name.
    pub(in crate::report) cells: BTreeMap<String, String>,
    pub(in crate::report) claims: ReportSpec,
    /// The claims stated at the first start; absent in a sweep from an older version.
    pub(in crate::report) stated: Option<StatedClaims>,
}

#[derive(Deserialize)]
struct RecordedSweep {
    #[serde(default)]
    cells: BTreeMap<String, RecordedCell>,
    #[serde(default)]
    claims: Option<StatedClaims>,
}

#[derive(Deserialize)]
struct RecordedCell {
    #[serde(default)]
    name: String,
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
        Ok(Some(Self {
            folder: folder.to_path_buf(),
            cells: recorded.cells.into_iter().map(|(directory, entry)| (directory, entry.name)).collect(),
            claims: claims.unwrap_or_default(),
            stated: recorded.claims,
        }))
    }

    /// The name of its folder.
    pub(in crate::report) fn name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Whether a run is one of its cells, in its folder or as a copy elsewhere.
    pub(in crate::report) fn has(&self, run: &Run) -> bool {
        self.cells.contains_key(&run.directory.name()) || run.directory.path().parent() == Some(self.folder.as_path())
    }

    /// Whether the claims are those stated before the first cell started.
    pub(in crate::report) fn stated_beforehand(&self) -> bool {
        self.stated.as_ref().is_some_and(|stated| stated.hash == self.claims.hash())
    }
}
