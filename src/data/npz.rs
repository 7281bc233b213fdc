//! Arrays of `NumPy`'s in an `.npz` file: images as bytes, `[count, height, width]` with one or three channels before or
//! after, and a label for each. They are copied to the cache once, so that any image can be had by its index.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use anyhow::Result;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::cache::{self, Contents, Wanted};
use super::files::open_regular;
use super::npy;
use super::store::Store;
use super::wide::by_colour;
use super::{Access, Reading, Watch};
use crate::blueprint::ImageShape;
use crate::catalogue::Facts;
use crate::error::UserError;
use crate::spec::Npz;
use crate::text;

/// The names that are in use.
const USUAL: [[&str; 4]; 2] =
    [["train_images", "train_labels", "test_images", "test_labels"], ["x_train", "y_train", "x_test", "y_test"]];
/// A small file may claim to hold more than any disk.
const LARGEST_ARRAY: u64 = 256 << 30;
/// An array that must be in memory as a whole to be read.
const LARGEST_IN_MEMORY: u64 = 16 << 30;
const MOST_LABELS: u64 = 100_000_000;
const LARGEST_SIDE: usize = 4096;
/// Images between two reports.
const STRIDE: usize = 1000;

/// What a file holds, and the file, for its pixels.
pub(super) struct Arrays<R> {
    archive: ZipArchive<R>,
    names: [String; 4],
    /// Training images and test images.
    layouts: [Layout; 2],
    /// Their labels.
    pub(super) labels: [Vec<u16>; 2],
    pub(super) classes: usize,
    digest: String,
}

/// Where the numbers of an image stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    count: usize,
    shape: ImageShape,
    channels_last: bool,
    /// Whether the first place of the array moves fastest, as MATLAB and R write it.
    columns_first: bool,
}

/// What a spec must know of a file.
pub(super) fn facts(npz: &Npz, root: &Path) -> Result<Facts> {
    let arrays = open(npz, &root.join(&npz.path))?;
    let [train, test] = arrays.labels.each_ref().map(|labels| Facts::per_class(labels, arrays.classes));
    Ok(Facts {
        shape: arrays.layouts[0].shape,
        class_count: arrays.classes,
        classes: Some(class_names(arrays.classes)),
        superclasses: None,
        train_size: arrays.layouts[0].count,
        test_size: arrays.layouts[1].count,
        train_per_class: Some(train),
        test_per_class: Some(test),
        digest: Some(arrays.digest),
    })
}

fn class_names(count: usize) -> Vec<String> {
    (0..count).map(|class| class.to_string()).collect()
}

/// All of a file, by way of the cache.
pub(super) fn read(npz: &Npz, access: Access<'_>, watch: Watch<'_>) -> Result<Store> {
    let path = access.root.join(&npz.path);
    let mut arrays = open(npz, &path)?;
    let place = path.display().to_string();
    let stem = npz.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = stem.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let file = format!("{stem}-{}.u8", &arrays.digest[..16]);
    if let Some(store) = cache::open(access.root, &file, &place) {
        return Ok(store);
    }
    let total = arrays.layouts.iter().map(|layout| layout.count).sum();
    let wanted = Wanted { root: access.root, name: &file, shape: arrays.shape(), count: total, place: &place };
    let store = cache::make(&wanted, |writer| {
        let (mut done, mut waiting, mut fingerprints) = (0, Vec::new(), Vec::with_capacity(total));
        for split in 0..2 {
            arrays.images(split, &place, &mut |pixels| {
                if done % STRIDE == 0 {
                    watch(Some(Reading { name: stem.clone(), done, total }))?;
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
        Ok((Contents { classes: class_names(arrays.classes), train, test, skipped: Vec::new() }, fingerprints))
    })?;
    watch(Some(Reading { name: stem, done: total, total }))?;
    Ok(store)
}

fn open(npz: &Npz, path: &Path) -> Result<Arrays<File>> {
    let arrays =
        open_regular(path).map_err(|error| error.to_string()).and_then(|file| Arrays::parse(file, npz.arrays.as_ref()));
    arrays.map_err(|cause| {
        UserError::new(format!("cannot read `{}`: {cause}", path.display()))
            .hint(
                "it is to hold `train_images`, `train_labels`, `test_images` and `test_labels`, or `x_train` and so on",
            )
            .hint("`arrays` gives other names")
            .into()
    })
}

impl<R: Read + Seek> Arrays<R> {
    /// Reads all but the pixels.
    pub(super) fn parse(file: R, given: Option<&[String; 4]>) -> Result<Self, String> {
        let mut archive = ZipArchive::new(file).map_err(|error| error.to_string())?;
        let found: Vec<String> = archive
            .file_names()
            .map(|name| Ok(name?.into_owned()))
            .collect::<Result<_, zip::result::ZipError>>()
            .map_err(|error| error.to_string())?;
        if let Some(name) =
            found.iter().find(|name| name.starts_with('/') || name.split(['/', '\\']).any(|part| part == ".."))
        {
            return Err(format!("it holds `{}`, which leads out of it", name.escape_debug()));
        }
        let has = |names: &[String; 4]| names.iter().all(|name| found.contains(&format!("{name}.npy")));
        let usual = USUAL.map(|names| names.map(str::to_owned));
        let names = match given {
            Some(names) => Some(names.clone()).filter(has),
            None => usual.into_iter().find(has),
        };
        let names = names.ok_or_else(|| {
            let found: Vec<&str> = found.iter().map(|name| name.trim_end_matches(".npy")).take(12).collect();
            format!(
                "it holds {}",
                if found.is_empty() {
                    "nothing".to_owned()
                } else {
                    text::alternatives(&found).replace(" or ", " and ")
                }
            )
        })?;
        let layouts = [layout(&mut archive, &names[0])?, layout(&mut archive, &names[2])?];
        let [train, test] = layouts;
        if train.shape != test.shape {
            return Err(format!("its training images are {}, and its test images {}", train.shape, test.shape));
        }
        let labels = [labels(&mut archive, &names[1], train.count)?, labels(&mut archive, &names[3], test.count)?];
        let classes = classes(&labels)?;
        Ok(Self { digest: digest(&mut archive, &names)?, archive, names, layouts, labels, classes })
    }

    /// The shape of every image.
    pub(super) fn shape(&self) -> ImageShape {
        self.layouts[0].shape
    }

    /// Hands out the pixels of every image of a split, colour by colour. An error names the file as it is `shown`.
    pub(super) fn images(
        &mut self,
        split: usize,
        shown: &str,
        take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let (name, layout) = (&self.names[2 * split], self.layouts[split]);
        let wrong = |cause: String| UserError::new(format!("cannot read `{name}` of `{shown}`: {cause}"));
        let mut file = BufReader::with_capacity(1 << 20, entry(&mut self.archive, name).map_err(wrong)?);
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
                    .map_err(|error| wrong(format!("it ends or is damaged in image {index}: {error}")))?,
            }
            if layout.channels_last && channels == 3 {
                by_colour(&raw, &mut planes);
                take(&planes)?;
            } else {
                take(&raw)?;
            }
        }
        // The end of the entry is where its checksum is compared.
        match file.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(wrong("it holds more than its header says".into()).into()),
            Err(error) => Err(wrong(error.to_string()).into()),
        }
    }
}

impl Layout {
    /// All bytes of an array whose images do not lie one after the other; more than there should be are left unread.
    fn whole(&self, file: &mut impl Read) -> Result<Vec<u8>, String> {
        let length = self.count * self.shape.elements();
        if length as u64 > LARGEST_IN_MEMORY {
            let most = text::bytes(LARGEST_IN_MEMORY);
            return Err(format!("it is in Fortran's order and larger than {most}: save `numpy.ascontiguousarray` of it"));
        }
        let mut whole = Vec::new();
        file.take(length as u64).read_to_end(&mut whole).map_err(|error| error.to_string())?;
        if whole.len() < length {
            return Err(format!("it ends after {} of {length} bytes", whole.len()));
        }
        Ok(whole)
    }

    /// The bytes of an image in the order of rows, from an array in the order of columns.
    fn gather(&self, whole: &[u8], index: usize, raw: &mut [u8]) {
        let ImageShape { channels, height, width } = self.shape;
        let [first, second, third] =
            if self.channels_last { [height, width, channels] } else { [channels, height, width] };
        let places = (0..first).flat_map(|a| (0..second).flat_map(move |b| (0..third).map(move |c| [a, b, c])));
        for (level, [a, b, c]) in raw.iter_mut().zip(places) {
            *level = whole[index + self.count * (a + first * (b + second * c))];
        }
    }
}

fn entry<'a, R: Read + Seek>(archive: &'a mut ZipArchive<R>, name: &str) -> Result<impl Read + use<'a, R>, String> {
    archive.by_name(&format!("{name}.npy")).map_err(|error| error.to_string())
}

fn layout<R: Read + Seek>(archive: &mut ZipArchive<R>, name: &str) -> Result<Layout, String> {
    let header = npy::header(&mut entry(archive, name)?).map_err(|cause| format!("`{name}`: {cause}"))?;
    if header.order_and_kind().1 != "u1" {
        let kind = text::shortened(&header.kind);
        return Err(format!("`{name}` holds `{kind}`: images are bytes from 0 to 255, `uint8`"));
    }
    let (count, shape, channels_last) = match *header.shape.as_slice() {
        [count, height, width] => (count, (1, height, width), false),
        [count, height, width, channels @ (1 | 3)] => (count, (channels, height, width), true),
        [count, channels @ (1 | 3), height, width] => (count, (channels, height, width), false),
        _ => {
            return Err(format!(
                "`{name}` has shape {:?}: images are [count, height, width], with 1 or 3 channels before or after",
                header.shape
            ));
        }
    };
    let (channels, height, width) = shape;
    let sides = 1..=LARGEST_SIDE;
    let bytes = header.count().filter(|&bytes| bytes > 0 && bytes as u64 <= LARGEST_ARRAY);
    if bytes.is_none() || !sides.contains(&height) || !sides.contains(&width) {
        return Err(format!("`{name}` has shape {:?}, which no data set has", header.shape));
    }
    let columns_first = header.columns_first;
    Ok(Layout { count, shape: ImageShape { channels, height, width }, channels_last, columns_first })
}

fn labels<R: Read + Seek>(archive: &mut ZipArchive<R>, name: &str, count: usize) -> Result<Vec<u16>, String> {
    let wrong = |cause: String| format!("`{name}`: {cause}");
    let mut file = entry(archive, name)?;
    let header = npy::header(&mut file).map_err(wrong)?;
    if header.count() != Some(count) || count as u64 > MOST_LABELS {
        return Err(format!("`{name}` has shape {:?}, and there are {count} images", header.shape));
    }
    let mut bytes = Vec::new();
    // A label has eight bytes at most.
    file.take(8 * count as u64 + 1).read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
    let numbers = npy::integers(&header, &bytes).map_err(wrong)?;
    let label = |number: i64| {
        u16::try_from(number).map_err(|_| format!("`{name}` has label {number}: classes are numbered from 0"))
    };
    numbers.into_iter().map(label).collect()
}

/// How many classes there are: every number up to the largest must be a class of both splits.
fn classes(labels: &[Vec<u16>; 2]) -> Result<usize, String> {
    let [train, test] = labels.each_ref().map(|labels| labels.iter().copied().collect::<BTreeSet<u16>>());
    let most = train.union(&test).max().copied().unwrap_or_default();
    for label in 0..=most {
        for (split, name) in [(&train, "training"), (&test, "test")] {
            if label == 0 && !train.contains(&0) && !test.contains(&0) {
                return Err(format!("no image has label 0, and classes go from 0 to {most}: number them from 0"));
            }
            if !split.contains(&label) {
                return Err(format!("class {label} has no {name} image, and classes go from 0 to {most}"));
            }
        }
    }
    if most == 0 {
        return Err("it has one class, and there is nothing to tell apart".into());
    }
    Ok(usize::from(most) + 1)
}

/// A digest of the four arrays, by the checksums that the archive keeps of them.
fn digest<R: Read + Seek>(archive: &mut ZipArchive<R>, names: &[String; 4]) -> Result<String, String> {
    let mut digest = Sha256::new();
    for name in names {
        let entry = archive.by_name(&format!("{name}.npy")).map_err(|error| error.to_string())?;
        digest.update(format!("{} {}\0", entry.crc32(), entry.size()));
    }
    Ok(text::hex(&digest.finalize()))
}
