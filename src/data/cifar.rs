//! CIFAR-10 and CIFAR-100 in their original binary layouts, unpacked or as the published archive.

mod packed;
mod place;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;

use super::files::open_regular;
use super::format::Format;
use super::records::Records;
use super::state::state_of_files;
use super::store::{Pixels, Store, StoredSplit};
use super::{Access, WantedImages, Watch};
use crate::catalogue::{CatalogueEntry, CifarLayout, Published};
use crate::error::UserError;
use crate::text;
use packed::BatchFile;

/// A data set in this format.
#[derive(Clone, Copy)]
pub(super) struct Cifar<'a> {
    pub(super) entry: &'static CatalogueEntry,
    pub(super) layout: &'a CifarLayout,
}

impl Format for Cifar<'_> {
    /// Its folder, its archive, or the data folder itself.
    fn find(&self, root: &Path) -> Option<PathBuf> {
        place::find(self.layout, root)
    }

    fn read(&self, _: WantedImages, access: Access<'_>, _: Watch<'_>) -> Result<(Store, Option<String>)> {
        let state = self.state(access.root);
        Ok((self.store(access.root, access.threads)?, state))
    }

    fn state(&self, root: &Path) -> Option<String> {
        let place = self.find(root)?;
        let files = if place.is_dir() { self.unpacked_files(&place) } else { vec![place] };
        state_of_files(&files)
    }

    fn held(&self, file: &Published, root: &Path) -> Option<PathBuf> {
        let places = [root.join(self.layout.folder), root.join(file.path)];
        let is_whole = |path: &PathBuf| self.unpacked_files(path).iter().all(|file| file.is_file());
        places.into_iter().find(|path| path.exists() && is_whole(path))
    }

    fn unpacked_files(&self, path: &Path) -> Vec<PathBuf> {
        let names = self.layout.train.iter().chain(self.layout.test).filter(|_| path.is_dir());
        names.map(|name| path.join(name)).collect()
    }
}

/// All examples in an archive, called `shown` in errors.
pub(super) fn archive(
    entry: &'static CatalogueEntry,
    layout: &CifarLayout,
    file: impl Read,
    shown: &str,
) -> Result<Store> {
    let cifar = Cifar { entry, layout };
    let mut parts = cifar.parts(file, shown)?;
    let test = parts.split_off(layout.train.len());
    let split = |parts: Vec<BatchFile>, per_file: usize| -> Result<StoredSplit> {
        let record = cifar.record();
        let label = |bytes: &[u8]| bytes[layout.label_bytes - 1];
        let labels = parts.iter().flat_map(|part| part.bytes.chunks_exact(record).map(label)).collect();
        let labels = cifar.labels(labels, per_file, |file| parts[file].shown.clone())?;
        let blocks = parts.into_iter().map(|part| part.bytes).collect();
        let pixels = Pixels::Blocks { blocks, per_block: per_file, stride: record };
        Ok(StoredSplit::new(labels, pixels))
    };
    let [train, test] = [split(parts, layout.records_per_train_file)?, split(test, entry.test_size)?];
    Ok(cifar.splits(train, test, shown))
}

impl Cifar<'_> {
    /// All training and test examples.
    pub(super) fn store(&self, root: &Path, threads: usize) -> Result<Store> {
        let Some(place) = self.find(root) else { return Err(place::missing(self, root).into()) };
        let shown = place.display().to_string();
        if place.is_dir() {
            return self.folder(&place, threads);
        }
        match open_regular(&place) {
            Ok(file) => archive(self.entry, self.layout, file, &shown),
            Err(error) => Err(self.wrong(format!("cannot read `{shown}`: {error}")).into()),
        }
    }

    fn record(&self) -> usize {
        self.layout.label_bytes + self.entry.shape.elements()
    }

    fn splits(&self, train: StoredSplit, test: StoredSplit, shown: &str) -> Store {
        let classes = self.entry.classes.iter().map(|&name| name.to_owned()).collect();
        let (shape, place) = (self.entry.shape, shown.to_owned());
        Store { shape, train, test, validation: 0, classes, unused: Vec::new(), skipped: Vec::new(), place }
    }

    /// The files in order, training first, with their required lengths.
    fn wanted(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let (layout, record, test_size) = (self.layout, self.record(), self.entry.test_size);
        let train = layout.train.iter().map(move |name| (*name, record * layout.records_per_train_file));
        train.chain(layout.test.iter().map(move |name| (*name, record * test_size)))
    }

    /// Reads an unpacked data set. The files stay open, and pixels are read from them on demand.
    fn folder(&self, folder: &Path, threads: usize) -> Result<Store> {
        let open = |(name, length): (&str, usize)| -> Result<(Arc<File>, PathBuf)> {
            let path = folder.join(name);
            let found = open_regular(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
            match found {
                Ok((bytes, file)) if bytes == length as u64 => Ok((Arc::new(file), path)),
                Ok((bytes, _)) => Err(self.other_length(&path.display().to_string(), length, &text::grouped(bytes))),
                Err(error) => {
                    let deeper = place::deeper(self.layout, folder);
                    let message = format!("cannot read `{}`: {error}", path.display());
                    Err(self.wrong(message).hints_of(deeper.as_slice()).into())
                }
            }
        };
        let mut train = self.wanted().map(open).collect::<Result<Vec<_>>>()?;
        let test = train.split_off(self.layout.train.len());
        let split = |files: Vec<(Arc<File>, PathBuf)>, per_file: usize| -> Result<StoredSplit> {
            let count = files.len() * per_file;
            let records = Records { files, per_file, start: 0, stride: self.record() };
            let labels = records.column(count, self.layout.label_bytes - 1, threads)?;
            let labels = self.labels(labels, per_file, |file| records.files[file].1.display().to_string())?;
            Ok(StoredSplit::new(labels, Pixels::Filed(records)))
        };
        let (train, test) = (split(train, self.layout.records_per_train_file)?, split(test, self.entry.test_size)?);
        Ok(self.splits(train, test, &folder.display().to_string()))
    }

    fn other_length(&self, shown: &str, length: usize, found: &str) -> anyhow::Error {
        let length = text::grouped(length as u64);
        self.wrong(format!("`{shown}` must have {length} bytes, found {found}")).into()
    }

    /// The labels of files with equally many records; each label must be a class.
    fn labels(&self, labels: Vec<u8>, per_file: usize, shown: impl Fn(usize) -> String) -> Result<Vec<u16>> {
        let most = self.entry.class_count - 1;
        if let Some((index, label)) = labels.iter().enumerate().find(|(_, label)| usize::from(**label) > most) {
            let (file, record) = (shown(index / per_file), index % per_file);
            let message =
                format!("`{file}` is damaged: record {record} has label {label}, but the largest label is {most}");
            return Err(self.wrong(message).into());
        }
        Ok(labels.into_iter().map(u16::from).collect())
    }

    fn wrong(&self, message: String) -> UserError {
        let url = self.entry.url();
        UserError::new(message)
            .hint(format!("download {url} (the binary version) to the data folder, packed or unpacked"))
    }
}
