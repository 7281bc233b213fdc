//! `freezewise data list`.

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::super::options::DataRoot;
use super::published;
use crate::catalogue::CatalogueEntry;
use crate::data;
use crate::error::Exit;
use crate::output::{self, Table};
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    data: DataRoot,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A data set, for `--json`.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    title: &'static str,
    image: String,
    classes: usize,
    train_examples: usize,
    test_examples: usize,
    /// Its path, if it is in the data folder.
    found: Option<String>,
    licence: &'static str,
    citation: &'static str,
    files: Vec<File>,
}

/// A published file.
#[derive(Serialize)]
struct File {
    path: &'static str,
    urls: &'static [&'static str],
    bytes: Option<u64>,
    checksum: &'static str,
    digits: &'static str,
    checksum_from: &'static str,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let listed: Vec<Listed> = published()
        .map(|(dataset, entry)| {
            let found = data::find(dataset, &arguments.data.data).map(|path| path.display().to_string());
            Listed::new(entry, found)
        })
        .collect();
    let shown = if arguments.json { serde_json::to_string_pretty(&listed)? } else { shown(&listed, &arguments.data) };
    output::data(&shown)?;
    Ok(Exit::Complete)
}

impl Listed {
    fn new(entry: &CatalogueEntry, found: Option<String>) -> Self {
        let files = entry.files.iter().map(|file| File {
            path: file.path,
            urls: file.urls,
            bytes: file.bytes,
            checksum: file.checksum.name(),
            digits: file.checksum.digits(),
            checksum_from: file.origin,
        });
        Self {
            name: entry.name,
            title: entry.title,
            image: entry.shape.to_string(),
            classes: entry.class_count,
            train_examples: entry.train_size,
            test_examples: entry.test_size,
            found,
            licence: entry.licence,
            citation: entry.citation,
            files: files.collect(),
        }
    }

    /// The download size, if the sizes of all files are known.
    fn bytes(&self) -> Option<u64> {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

fn shown(listed: &[Listed], root: &DataRoot) -> String {
    let mut table = Table::new(&["name<", "image<", "classes", "training", "test", "download", "found<"]);
    let grouped = |count: usize| text::grouped(count as u64);
    for dataset in listed {
        table.row([
            dataset.name.to_owned(),
            dataset.image.clone(),
            dataset.classes.to_string(),
            grouped(dataset.train_examples),
            grouped(dataset.test_examples),
            dataset.bytes().map_or("–".into(), text::bytes),
            dataset.found.clone().unwrap_or_else(|| format!("not in {}", root.data.display())),
        ]);
    }
    let about = |dataset: &Listed| {
        format!("{}\n  cite     {}\n  licence  {}", dataset.title, dataset.citation, dataset.licence)
    };
    let about: Vec<String> = listed.iter().map(about).collect();
    format!(
        "{table}\n\n{}\n\nalso: `synthetic`, generated on the fly, and your own data as `folder` or `npz`",
        about.join("\n")
    )
}
