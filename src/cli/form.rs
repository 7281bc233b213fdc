//! The output formats of `freezewise compare`.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Form {
    /// Aligned columns, errors in percent
    Table,
    /// Errors as fractions, and the run directory
    Csv,
    /// A Markdown table, errors in percent
    Markdown,
    /// Errors as fractions, with each run's whole summary
    Json,
}

/// A Markdown table.
pub(super) fn markdown(header: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        format!("| {} |", cells.join(" | "))
    };
    let rule = format!("|{}", " --- |".repeat(header.len()));
    std::iter::once(line(header)).chain([rule]).chain(rows.iter().map(|row| line(row))).collect::<Vec<_>>().join("\n")
}
