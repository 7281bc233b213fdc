//! Arrays in a `NumPy` `.npz` file: images as bytes, `[count, height, width]` with an optional axis of one or three
//! channels before or after, and a label for each. They are copied to the cache once, so that any image can be read by
//! index.

mod archive;
mod labels;
mod layout;
mod names;

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use anyhow::Result;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use archive::{SAVE, entry, opened};
use layout::ArrayLayout;
use names::{chosen, unused};

use super::cache::{self, CacheContents, CacheRequest};
use super::files::open_regular;
use super::format::Format;
use super::listing::LAYOUT;
use super::npy;
use super::store::Store;
use super::wide::by_colour;
use super::{Access, ReadingProgress, WantedImages, Watch};
use crate::blueprint::ImageShape;
use crate::catalogue::Facts;
use crate::error::UserError;
use crate::spec::{Npz, Question};
use crate::text;

/// Images between two progress reports.
const STRIDE: usize = 1000;

/// The content of a file; pixels are still in the file.
pub(super) struct Arrays<R> {
    archive: ZipArchive<R>,
    /// Array names of images and labels: training, test and, if requested, validation.
    names: Vec<[String; 2]>,
    /// Memory layout of the images of each.
    layouts: Vec<ArrayLayout>,
    /// Training labels and test labels.
    pub(super) labels: [Vec<u16>; 2],
    validation: Vec<u16>,
    pub(super) classes: usize,
    digest: String,
    /// A note on validation images that exist but were not requested.
    unused: Option<String>,
}

impl Format for Npz {
    fn find(&self, root: &Path) -> Option<PathBuf> {
        Some(root.join(&self.path)).filter(|path| path.exists())
    }

    fn read(&self, _: WantedImages, access: Access<'_>, watch: Watch<'_>) -> Result<(Store, Option<String>)> {
        Ok((read(self, access, watch)?, None))
    }

    /// None: the digest of its content is part of its name.
    fn state(&self, _: &Path) -> Option<String> {
        None
    }

    fn survey(&self, _: &Question<'_>, access: Access<'_>, _: Watch<'_>) -> Result<Option<Facts>> {
        let Some(path) = self.find(access.root) else { return Ok(None) };
        if path.is_dir() {
            let message = format!("`{}` is a folder, expected an `npz` file", self.path.display());
            return Err(UserError::new(message).hint(LAYOUT).into());
        }
        facts(self, access.root).map(Some)
    }
}

/// What a spec needs to know about a file.
fn facts(npz: &Npz, root: &Path) -> Result<Facts> {
    let arrays = open(npz, &root.join(&npz.path))?;
    let [train_size, test_size] = [0, 1].map(|split| arrays.layouts[split].count);
    let [train, test] = arrays.labels.each_ref().map(|labels| Facts::per_class(labels, arrays.classes));
    Ok(Facts {
        shape: arrays.layouts[0].shape,
        class_count: arrays.classes,
        classes: Some(class_names(arrays.classes)),
        superclasses: None,
        train_size,
        test_size,
        train_per_class: Some(train),
        test_per_class: Some(test),
        digest: Some(arrays.digest),
    })
}

fn class_names(count: usize) -> Vec<String> {
    (0..count).map(|class| class.to_string()).collect()
}

/// Reads a whole file through the cache.
fn read(npz: &Npz, access: Access<'_>, watch: Watch<'_>) -> Result<Store> {
    let path = access.root.join(&npz.path);
    let mut arrays = open(npz, &path)?;
    let place = path.display().to_string();
    let stem = npz.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = stem.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let file = format!("{stem}-{}.u8", &arrays.digest[..16]);
    let unused = arrays.unused.clone().into_iter().collect();
    let with_facts =
        |store: Store, arrays: &Arrays<File>| Store { validation: arrays.validation.len(), unused, ..store };
    if let Some(store) = cache::open(access.root, &file, &place) {
        return Ok(with_facts(store, &arrays));
    }
    let total = arrays.layouts.iter().map(|layout| layout.count).sum();
    let wanted = CacheRequest { root: access.root, name: &file, shape: arrays.shape(), count: total, place: &place };
    let store = cache::make(&wanted, |writer| {
        let (mut done, mut waiting, mut fingerprints) = (0, Vec::new(), Vec::with_capacity(total));
        // In the order of a store: validation examples follow the training examples.
        for split in arrays.order() {
            arrays.images(split, &place, &mut |pixels| {
                if done % STRIDE == 0 {
                    watch(Some(ReadingProgress { name: stem.clone(), done, total }))?;
                }
                done += 1;
                waiting.extend_from_slice(pixels);
                if done == total || (done - fingerprints.len()) == writer.together() {
                    fingerprints.extend(writer.write(fingerprints.len(), &waiting)?);
                    waiting.clear();
                }
                Ok(())
            })?;
        }
        let [train, test] = arrays.labels.clone();
        let train = [train, arrays.validation.clone()].concat();
        Ok((CacheContents { classes: class_names(arrays.classes), train, test, skipped: Vec::new() }, fingerprints))
    })?;
    watch(Some(ReadingProgress { name: stem, done: total, total }))?;
    Ok(with_facts(store, &arrays))
}

fn open(npz: &Npz, path: &Path) -> Result<Arrays<File>> {
    let file = open_regular(path).map_err(|error| UserError::new(error.to_string()));
    let arrays = file.and_then(|file| Arrays::parse(file, Some(npz)));
    arrays.map_err(|error| {
        UserError::new(format!("cannot read `{}`: {error}", path.display())).hints_of(error.hints()).into()
    })
}

impl<R: Read + Seek> Arrays<R> {
    /// Reads everything except the pixels.
    pub(super) fn parse(file: R, npz: Option<&Npz>) -> Result<Self, UserError> {
        let mut archive = opened(file)?;
        let found: Vec<String> = archive
            .file_names()
            .map(|name| Ok(name?.into_owned()))
            .collect::<Result<_, zip::result::ZipError>>()
            .map_err(|error| error.to_string())?;
        if let Some(name) =
            found.iter().find(|name| name.starts_with('/') || name.split(['/', '\\']).any(|part| part == ".."))
        {
            return Err(format!("it contains `{}`, which leads outside the archive", name.escape_debug()).into());
        }
        if found.iter().any(|name| name == "data.pkl" || name.ends_with("/data.pkl")) {
            return Err(UserError::new("expected an `.npz` file, found a PyTorch file").hint(SAVE));
        }
        let names = chosen(&found, npz)?;
        let unused = unused(&found, &names);
        let layouts = names
            .iter()
            .map(|[images, _]| ArrayLayout::read(&mut entry(&mut archive, images)?, images))
            .collect::<Result<Vec<_>, UserError>>()?;
        for (other, what) in layouts[1..].iter().zip(["test", "validation"]) {
            let first = &layouts[0];
            if other.shape != first.shape {
                let error = UserError::new(format!(
                    "its training images are {}, but its {what} images are {}",
                    first.shape, other.shape
                ));
                let is_last = [first, other].iter().all(|layout| layout.shape.channels == 1 && !layout.channels_last)
                    && (first.count, first.shape.height) == (other.count, other.shape.height);
                return Err(if is_last { error.hint(layout::moved(&names[0][0])) } else { error });
            }
        }
        let mut of = |split: usize| {
            let name = &names[split][1];
            labels::read(&mut entry(&mut archive, name)?, name, layouts[split].count)
        };
        let (labels, validation) = ([of(0)?, of(1)?], if names.len() > 2 { of(2)? } else { Vec::new() });
        let classes = labels::class_count(&labels)?;
        if let Some(label) = validation.iter().find(|label| usize::from(**label) >= classes) {
            return Err(format!("class {label} has validation images but no training image").into());
        }
        Ok(Self { digest: digest(&mut archive, &names)?, archive, names, layouts, labels, validation, classes, unused })
    }

    /// The splits in store order: validation follows training.
    fn order(&self) -> Vec<usize> {
        if self.names.len() > 2 { vec![0, 2, 1] } else { vec![0, 1] }
    }

    /// Shape of every image.
    pub(super) fn shape(&self) -> ImageShape {
        self.layouts[0].shape
    }

    /// Passes on the pixels of every image of a split, channel by channel. The file is called `shown` in errors.
    pub(super) fn images(
        &mut self,
        split: usize,
        shown: &str,
        take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let (name, layout) = (&self.names[split][0], self.layouts[split]);
        let wrong = |cause: String| UserError::new(format!("cannot read `{name}` of `{shown}`: {cause}"));
        let entry = entry(&mut self.archive, name).map_err(|error| wrong(error.to_string()))?;
        let mut file = BufReader::with_capacity(1 << 20, entry);
        npy::header(&mut file).map_err(wrong)?;
        let ImageShape { channels, height, width } = layout.shape;
        let size = channels * height * width;
        let (mut raw, mut planes) = (vec![0; size], vec![0; size]);
        let whole = if layout.columns_first { Some(layout.whole(&mut file).map_err(wrong)?) } else { None };
        for index in 0..layout.count {
            match &whole {
                Some(whole) => layout.gather(whole, index, &mut raw),
                None => file
                    .read_exact(&mut raw)
                    .map_err(|error| wrong(format!("it is truncated or damaged at image {index}: {error}")))?,
            }
            if layout.channels_last && channels == 3 {
                by_colour(&raw, &mut planes);
                take(&planes)?;
            } else {
                take(&raw)?;
            }
        }
        // The checksum is verified at the end of the entry.
        match file.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(wrong("it contains more data than its header says".into()).into()),
            Err(error) => Err(wrong(error.to_string()).into()),
        }
    }
}

/// Digest of the arrays in use, from the checksums stored in the archive.
fn digest<R: Read + Seek>(archive: &mut ZipArchive<R>, names: &[[String; 2]]) -> Result<String, String> {
    let mut digest = Sha256::new();
    for name in names.iter().flatten() {
        let entry = archive.by_name(&format!("{name}.npy")).map_err(|error| error.to_string())?;
        digest.update(format!("{} {}\0", entry.crc32(), entry.size()));
    }
    Ok(text::hex(&digest.finalize()))
}
