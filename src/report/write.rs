//! Writes a report: a page, a summary for a pull request, and each figure with its data.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::chart::{Plotted, narrow};
use super::contents::ReportContents;
use super::page;
use super::parallel::in_parallel;
use super::setting::Setting;
use crate::figure::font::visible;
use crate::figure::{lay_out, pdf, png, svg};
use crate::files;

/// Print resolution.
const DPI: f64 = 300.0;

/// A written report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenReport {
    /// The page, `index.html`.
    pub index: PathBuf,
    /// Number of runs used.
    pub runs: usize,
    /// The findings as sentences, each with its standing, on one line.
    pub findings: Vec<String>,
    /// What was left out and why, each on one line.
    pub left_out: Vec<String>,
}

/// Writes the report of the runs in some folders into `out`, which is created if needed.
pub fn write(folders: &[&Path], out: &Path) -> Result<WrittenReport> {
    let (figures, data, specs) = (out.join("figures"), out.join("data"), out.join("specs"));
    let contents = ReportContents::new(folders, &specs)?;
    [&figures, &data, &specs].into_iter().try_for_each(|folder| files::create_folder(folder))?;
    for (file, text) in &contents.specs {
        files::write_atomically(&specs.join(file), text.as_bytes())?;
    }
    in_parallel(&contents.figures, |plotted| {
        write_figure(plotted, &figures)?;
        files::write_atomically(&data.join(format!("{}.csv", plotted.id)), &plotted.data.csv()?)
    })
    .into_iter()
    .collect::<Result<()>>()?;
    files::write_atomically(&data.join("runs.csv"), &page::runs_csv(&contents)?)?;
    files::write_atomically(&out.join("report.md"), page::markdown(&contents).as_bytes())?;
    let index = out.join("index.html");
    files::write_atomically(&index, page::html(&contents).as_bytes())?;
    let findings = contents.judgement.findings.iter();
    Ok(WrittenReport {
        index,
        runs: contents.settings.all.iter().flat_map(Setting::runs).count(),
        findings: findings.map(|finding| visible(&finding.text())).collect(),
        left_out: contents
            .not_run
            .iter()
            .cloned()
            .chain(contents.left_out.iter().map(|out| format!("{}: {}", out.place, out.reason)))
            .map(|line| visible(&line))
            .collect(),
    })
}

fn write_figure(plotted: &Plotted, folder: &Path) -> Result<()> {
    let scene = lay_out(&plotted.figure).scene;
    let path = |ending: &str| folder.join(format!("{}{ending}", plotted.id));
    files::write_atomically(&path(".svg"), svg::write(&scene, &plotted.id, svg::Placement::File).as_bytes())?;
    files::write_atomically(&path(".pdf"), &pdf::write(&scene)?)?;
    files::write_atomically(&path(".png"), &png::write(&scene, DPI)?)?;
    files::write_atomically(&path("-column.pdf"), &pdf::write(&lay_out(&narrow(&plotted.figure)).scene)?)
}
