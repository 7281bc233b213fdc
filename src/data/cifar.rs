//! CIFAR-10 and CIFAR-100 in their original binary layouts, unpacked or as the published archive.

mod place;

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;

use super::files::open_regular;
use super::format::Format;
use super::gunzip::Gunzip;
use super::records::Records;
use super::state::state_of_files;
use super::store::{Pixels, Store, StoredSplit};
use super::{Access, WantedImages, Watch};
use crate::catalogue::{CatalogueEntry, Checksum, CifarLayout, Published};
use crate::error::UserError;
use crate::files::kind_by_start;
use crate::text;

/// Allowed size of other files in an archive.
const BESIDES: u64 = 64 << 20;
/// Bytes that tell the kind of a file.
const START: u64 = 16;

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

/// The path to which tar unpacks a file, without a leading `/` or `./`; `None` if the name leads outside the target
/// folder.
fn inside(name: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for part in name.components() {
        match part {
            Component::Normal(part) => inside.push(part),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    Some(inside)
}

/// A file of the data set, in memory.
struct BatchFile {
    shown: String,
    bytes: Vec<u8>,
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

    /// The files in a packed archive.
    fn parts(&self, file: impl Read, shown: &str) -> Result<Vec<BatchFile>> {
        let broken = |error: std::io::Error| {
            let error = self.wrong(format!("the archive `{shown}` is damaged: {error}"));
            match self.entry.files.first().map(|file| file.checksum) {
                Some(Checksum::Md5(digits)) => error.hint(format!("`md5sum {shown}` must print {digits}")),
                Some(Checksum::Sha256(digits)) => error.hint(format!("`sha256sum {shown}` must print {digits}")),
                None => error,
            }
        };
        // An archive that unpacks to more than the data set is rejected, however small it is.
        let most = self.wanted().map(|(_, length)| length).sum::<usize>() as u64 + BESIDES;
        let mut unpacked = Gunzip::new(file).map_err(broken)?.take(most);
        let mut start = Vec::new();
        unpacked.by_ref().take(START).read_to_end(&mut start).map_err(broken)?;
        if let Some(kind) = kind_by_start(&start) {
            return Err(self.wrong(format!("expected `{shown}` to be a tar archive, found {kind}")).into());
        }
        let mut archive = tar::Archive::new(Cursor::new(start).chain(unpacked));
        let mut parts: Vec<Option<BatchFile>> = self.wanted().map(|_| None).collect();
        let mut elsewhere = None;
        for entry in archive.entries().map_err(broken)? {
            let entry = entry.map_err(broken)?;
            let named = entry.path().map_err(broken)?.into_owned();
            let Some(inside) = inside(&named) else {
                let message = format!(
                    "the archive `{shown}` contains `{}`, which leads outside the archive",
                    text::shortened(&named.to_string_lossy())
                );
                return Err(self.wrong(message).into());
            };
            let Some((position, (name, length))) =
                self.wanted().enumerate().find(|(_, (name, _))| inside.ends_with(name))
            else {
                continue;
            };
            if inside == Path::new(self.layout.folder).join(name) && entry.header().entry_type().is_file() {
                let shown = format!("{shown}:{}/{name}", self.layout.folder);
                parts[position] = Some(self.part(entry, shown, length)?);
            } else {
                elsewhere.get_or_insert((inside, entry.header().entry_type().is_file()));
            }
        }
        // The archive's checksum is at its very end, after all content.
        std::io::copy(&mut archive.into_inner(), &mut std::io::sink()).map_err(broken)?;
        let or_missing = |(part, (name, _)): (Option<BatchFile>, (&str, usize))| {
            let message = || format!("the archive `{shown}` has no `{}/{name}`", self.layout.folder);
            let hint = elsewhere.as_ref().map(|(path, is_file)| {
                let path = text::shortened(&path.to_string_lossy());
                if *is_file {
                    format!("it has `{path}`: pack the folder itself")
                } else {
                    format!("`{path}` is a link in it")
                }
            });
            part.ok_or_else(|| self.wrong(message()).hints_of(hint.as_slice()).into())
        };
        parts.into_iter().zip(self.wanted()).map(or_missing).collect()
    }

    /// Reads a file of known length, and never more, whatever the file claims.
    fn part(&self, mut file: impl Read, shown: String, length: usize) -> Result<BatchFile> {
        let mut bytes = Vec::with_capacity(length + 1);
        let read = file.by_ref().take(length as u64 + 1).read_to_end(&mut bytes);
        if let Err(error) = read {
            return Err(self.wrong(format!("cannot read `{shown}`: {error}")).into());
        }
        if bytes.len() == length {
            return Ok(BatchFile { shown, bytes });
        }
        let found = if bytes.len() > length { "more".to_owned() } else { text::grouped(bytes.len() as u64) };
        Err(self.other_length(&shown, length, &found))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_an_archive_are_read_as_tar_reads_them() {
        for name in ["set/a.bin", "./set/a.bin", "/set/a.bin", ".//set/./a.bin"] {
            assert_eq!(inside(Path::new(name)), Some(PathBuf::from("set/a.bin")), "{name}");
        }
        for name in ["../set/a.bin", "set/../../a.bin", "./.."] {
            assert_eq!(inside(Path::new(name)), None, "{name}");
        }
    }
}
