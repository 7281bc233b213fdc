//! `freezewise data verify`.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use super::super::options::DataRoot;
use super::{named, published};
use crate::catalogue::{CatalogueEntry, Checksum, Dataset, UNPACKED_ORIGIN};
use crate::data::fetch::{Verdict, compare};
use crate::data::{self, held, unpacked_files};
use crate::error::{Exit, UserError};
use crate::output::{self, Table};
use crate::spec::Spec;
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Data sets to verify [default: all that are in the data folder]
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    #[command(flatten)]
    data: DataRoot,
}

/// The verdict on one file, or on a whole data set.
struct VerifiedItem {
    what: String,
    says: String,
    good: bool,
}

impl VerifiedItem {
    /// One row per line of its text: a list of problems has several.
    fn rows(&self) -> impl Iterator<Item = [&str; 2]> {
        let first = std::iter::once(self.what.as_str()).chain(std::iter::repeat(""));
        first.zip(self.says.lines()).map(|(what, line)| [what, line.trim_end()])
    }
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let root = &arguments.data.data;
    let wanted: Vec<(Dataset, &CatalogueEntry)> = if arguments.names.is_empty() {
        published().filter(|(dataset, _)| data::find(*dataset, root).is_some()).collect()
    } else {
        arguments.names.iter().map(|name| named(name)).collect::<Result<_>>()?
    };
    if wanted.is_empty() {
        let error = UserError::new(format!("no published data set in `{}`", root.display()));
        return Err(error.hint("download one with `freezewise data fetch NAME`, or use `--data DIR`").into());
    }
    let mut table = Table::new(&["what<", "found<"]);
    let mut bad = 0;
    for (dataset, entry) in wanted {
        for finding in files(entry, root).into_iter().chain([images(dataset, entry, arguments)]) {
            bad += usize::from(!finding.good);
            finding.rows().for_each(|row| table.row(row));
        }
    }
    output::data(&table.to_string())?;
    if bad == 0 {
        return Ok(Exit::Complete);
    }
    let message = format!("{} failed verification", text::counted(bad, "item", "items"));
    Err(UserError::new(message).hint("delete what is wrong and run `freezewise data fetch NAME`").into())
}

/// Checks every file in the data folder against its checksum.
fn files(entry: &'static CatalogueEntry, root: &Path) -> Vec<VerifiedItem> {
    let mut findings = Vec::new();
    for file in entry.files {
        let Some(path) = held(entry, file, root) else {
            let what = root.join(file.path).display().to_string();
            findings.push(VerifiedItem { what, says: "missing, packed and unpacked".into(), good: false });
            continue;
        };
        let unpacked = unpacked_files(entry, &path);
        for path in &unpacked {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            findings.push(check(path, entry.unpacked(&name), UNPACKED_ORIGIN));
        }
        if unpacked.is_empty() && path.is_file() {
            findings.push(check(&path, Some(file.checksum), file.origin));
        }
    }
    findings
}

fn check(path: &Path, checksum: Option<Checksum>, origin: &str) -> VerifiedItem {
    let what = path.display().to_string();
    let Some(checksum) = checksum else {
        let good = path.exists();
        let says = if good { "here; no checksum is known" } else { "missing" };
        return VerifiedItem { what, says: says.into(), good };
    };
    let name = checksum.name();
    let (says, good) = match compare(path, checksum) {
        Ok(Verdict::Same) => (format!("ok: {name} matches {origin}"), true),
        Ok(Verdict::Other(found)) => {
            (format!("WRONG: expected {name} {} from {origin}, found {found}", checksum.digits()), false)
        }
        Err(error) => (format!("WRONG: {error:#}"), false),
    };
    VerifiedItem { what, says, good }
}

/// Reads the data set as training does: sizes, lengths, labels.
fn images(dataset: Dataset, entry: &CatalogueEntry, arguments: &Arguments) -> VerifiedItem {
    let what = entry.name.to_owned();
    match read(dataset, entry, arguments) {
        Ok(says) => VerifiedItem { what, says, good: true },
        Err(error) => {
            let hints = error.downcast_ref::<UserError>().map_or(&[][..], UserError::hints);
            let first = hints.first().and_then(|hint| hint.lines().next()).unwrap_or_default();
            let says =
                if first.is_empty() { format!("WRONG: {error:#}") } else { format!("WRONG: {error:#}; {first}") };
            VerifiedItem { what, says, good: false }
        }
    }
}

fn read(dataset: Dataset, entry: &CatalogueEntry, arguments: &Arguments) -> Result<String> {
    let experiment = Spec::whole(dataset, &arguments.data.surveyor())?.experiment;
    let data = arguments.data.load(&experiment, &experiment.target)?;
    let count = |count: usize| text::grouped(count as u64);
    let (train, test) = (data.train.count(), data.test.count());
    if (train, test) != (entry.train_size, entry.test_size) {
        let [train, test, whole_train, whole_test] = [train, test, entry.train_size, entry.test_size].map(count);
        let message = format!("expected {whole_train} training and {whole_test} test images, found {train} and {test}");
        return Err(UserError::new(message).into());
    }
    let duplicates = match data.duplicates.len() {
        0 => String::new(),
        number => format!("; {} training examples are also test examples", count(number)),
    };
    Ok(format!(
        "ok: {} training and {} test images, {} classes{duplicates}",
        count(train),
        count(test),
        data.classes.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_table_row() {
        let finding = VerifiedItem { what: "mnist".into(), says: "WRONG: one\n  two".into(), good: false };
        assert_eq!(finding.rows().collect::<Vec<_>>(), [["mnist", "WRONG: one"], ["", "  two"]]);
    }
}
