//! CIFAR-10 and CIFAR-100 in their original binary layouts, unpacked or in the archive as published.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use anyhow::Result;
use flate2::read::GzDecoder;

use super::advise;
use super::files::open_regular;
use super::store::{Pixels, Split, Store};
use crate::catalogue::{Checksum, CifarLayout, Entry};
use crate::error::UserError;
use crate::text;

/// What an archive may hold beside the files of the data set.
const BESIDES: u64 = 64 << 20;

/// Where the data set is under the root: its folder, else its archive, else the root itself if it is that folder.
pub(super) fn find(layout: &CifarLayout, root: &Path) -> Option<PathBuf> {
    let candidates = [root.join(layout.folder), root.join(layout.archive)];
    let bare = root.join(layout.test[0]).is_file() && root.join(layout.train[0]).is_file();
    candidates.into_iter().find(|path| path.exists()).or_else(|| bare.then(|| root.to_path_buf()))
}

/// Reads all training and test examples.
pub(super) fn read(entry: &'static Entry, layout: &CifarLayout, root: &Path, threads: usize) -> Result<Store> {
    let reader = Reader { entry, layout };
    let Some(place) = find(layout, root) else { return Err(reader.missing(root).into()) };
    let mut parts = if place.is_dir() { reader.folder(&place)? } else { reader.archive(&place)? };
    let test = parts.split_off(layout.train.len());
    Ok(Store {
        shape: entry.shape,
        train: reader.split(parts, layout.records_per_train_file, threads)?,
        test: reader.split(test, entry.test_size, threads)?,
        classes: entry.classes.iter().map(|&name| name.to_owned()).collect(),
        skipped: Vec::new(),
        place: place.display().to_string(),
    })
}

/// A file of the data set, read whole.
struct Part {
    shown: String,
    bytes: Vec<u8>,
}

struct Reader<'a> {
    entry: &'static Entry,
    layout: &'a CifarLayout,
}

impl Reader<'_> {
    fn record(&self) -> usize {
        self.layout.label_bytes + self.entry.shape.elements()
    }

    /// The files in their order, training first, with the length that each must have.
    fn wanted(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let (layout, record, test_size) = (self.layout, self.record(), self.entry.test_size);
        let train = layout.train.iter().map(move |name| (*name, record * layout.records_per_train_file));
        train.chain(layout.test.iter().map(move |name| (*name, record * test_size)))
    }

    fn folder(&self, folder: &Path) -> Result<Vec<Part>> {
        let part = |(name, length): (&str, usize)| {
            let path = folder.join(name);
            let shown = path.display().to_string();
            match open_regular(&path) {
                Ok(file) => self.part(file, shown, length),
                Err(error) => Err(self.wrong(format!("cannot read `{shown}`: {error}")).into()),
            }
        };
        self.wanted().map(part).collect()
    }

    fn archive(&self, path: &Path) -> Result<Vec<Part>> {
        let shown = path.display().to_string();
        let broken = |error: std::io::Error| {
            let error = self.wrong(format!("the archive `{shown}` is broken: {error}"));
            match self.entry.files.first().map(|file| file.checksum) {
                Some(Checksum::Md5(digits)) => error.hint(format!("`md5sum {shown}` must print {digits}")),
                Some(Checksum::Sha256(digits)) => error.hint(format!("`sha256sum {shown}` must print {digits}")),
                None => error,
            }
        };
        // An archive that unpacks to more than the data set is none of it, however small it is itself.
        let most = self.wanted().map(|(_, length)| length).sum::<usize>() as u64 + BESIDES;
        let unpacked = GzDecoder::new(open_regular(path).map_err(broken)?).take(most);
        let mut archive = tar::Archive::new(unpacked);
        let mut parts: Vec<Option<Part>> = self.wanted().map(|_| None).collect();
        for entry in archive.entries().map_err(broken)? {
            let entry = entry.map_err(broken)?;
            let inside = entry.path().map_err(broken)?.into_owned();
            if !inside.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
                let message = format!("the archive `{shown}` holds `{}`, which leads out of it", inside.display());
                return Err(self.wrong(message).into());
            }
            let wanted = self.wanted().enumerate();
            let own = wanted.into_iter().find(|(_, (name, _))| inside == Path::new(self.layout.folder).join(name));
            if let Some((position, (name, length))) = own.filter(|_| entry.header().entry_type().is_file()) {
                let shown = format!("{shown}:{}/{name}", self.layout.folder);
                parts[position] = Some(self.part(entry, shown, length)?);
            }
        }
        let or_missing = |(part, (name, _)): (Option<Part>, (&str, usize))| {
            let message = || format!("the archive `{shown}` has no `{}/{name}`", self.layout.folder);
            part.ok_or_else(|| self.wrong(message()).into())
        };
        parts.into_iter().zip(self.wanted()).map(or_missing).collect()
    }

    /// Reads a file of a known length, and never more than that: what a file claims decides nothing.
    fn part(&self, mut file: impl Read, shown: String, length: usize) -> Result<Part> {
        let mut bytes = Vec::with_capacity(length + 1);
        let read = file.by_ref().take(length as u64 + 1).read_to_end(&mut bytes);
        if let Err(error) = read {
            return Err(self.wrong(format!("cannot read `{shown}`: {error}")).into());
        }
        if bytes.len() == length {
            return Ok(Part { shown, bytes });
        }
        let found = if bytes.len() > length { "more".to_owned() } else { text::grouped(bytes.len() as u64) };
        let message = format!("`{shown}` should have {} bytes, and has {found}", text::grouped(length as u64));
        Err(self.wrong(message).into())
    }

    fn split(&self, parts: Vec<Part>, per_block: usize, threads: usize) -> Result<Split> {
        let mut labels = Vec::new();
        for part in &parts {
            for (index, bytes) in part.bytes.chunks_exact(self.record()).enumerate() {
                let label = u16::from(bytes[self.layout.label_bytes - 1]);
                if usize::from(label) >= self.entry.class_count {
                    let message = format!(
                        "`{}` is damaged: record {index} has label {label}, and labels end at {}",
                        part.shown,
                        self.entry.class_count - 1
                    );
                    return Err(self.wrong(message).into());
                }
                labels.push(label);
            }
        }
        let blocks = parts.into_iter().map(|part| part.bytes).collect();
        let pixels = Pixels::Blocks { blocks, per_block, stride: self.record() };
        Split::in_memory(labels, pixels, self.entry.shape, threads)
    }

    fn missing(&self, root: &Path) -> UserError {
        let (layout, title) = (self.layout, self.entry.title);
        let pickled = layout.archive.replace("binary", "python");
        let python = [layout.folder.replace("-bin", "-py").replace("-binary", "-python"), pickled];
        if let Some(found) = python.iter().map(|name| root.join(name)).find(|path| path.exists()) {
            let message = format!(
                "`{}` is the Python version of {title}, whose pickles are programs and are not read",
                found.display()
            );
            return self.wrong(message);
        }
        let message = format!(
            "{title} is not in `{}`: neither `{}/` nor `{}` is there",
            root.display(),
            layout.folder,
            layout.archive
        );
        self.wrong(message).hint("`--data DIR` or FREEZEWISE_DATA names another folder")
    }

    fn wrong(&self, message: String) -> UserError {
        advise(self.entry, UserError::new(message))
    }
}
