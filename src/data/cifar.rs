//! CIFAR-10 and CIFAR-100 in their original binary layouts, unpacked or in the archive as published.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;
use flate2::read::GzDecoder;

use super::Images;
use crate::blueprint::ImageShape;
use crate::catalogue::CifarLayout;
use crate::error::UserError;
use crate::text;

const SHAPE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };
const TEST_RECORDS: usize = 10_000;
/// The names of a hundred classes are far shorter.
const LONGEST_NAMES: usize = 64 * 1024;

/// Where the data set is under the root: its folder, else its archive, else the root itself if it is that folder.
pub(super) fn find(layout: &CifarLayout, root: &Path) -> Option<PathBuf> {
    let candidates = [root.join(layout.folder), root.join(layout.archive)];
    let bare = root.join(layout.test[0]).is_file() && root.join(layout.train[0]).is_file();
    candidates.into_iter().find(|path| path.exists()).or_else(|| bare.then(|| root.to_path_buf()))
}

/// Reads all training and test examples and the names of the classes.
pub(super) fn read(layout: &CifarLayout, classes: usize, root: &Path) -> Result<(Images, Images, Vec<String>)> {
    let Some(place) = find(layout, root) else { return Err(missing(layout, root).into()) };
    let mut parts = if place.is_dir() { read_folder(layout, &place)? } else { read_archive(layout, &place)? };
    let names = parts.pop().expect("the names come last").bytes;
    let test = decode(layout, classes, &parts[layout.train.len()..])?;
    let train = decode(layout, classes, &parts[..layout.train.len()])?;
    Ok((train, test, class_names(&names, classes)))
}

/// A file of the data set, read whole.
struct Part {
    shown: String,
    bytes: Vec<u8>,
}

/// The files in their order: training, test, names; with the length that each must have, if it is known.
fn wanted(layout: &CifarLayout) -> impl Iterator<Item = (&'static str, Option<usize>)> {
    let record = layout.label_bytes + SHAPE.elements();
    let train = layout.train.iter().map(move |name| (*name, Some(record * layout.records_per_train_file)));
    let test = layout.test.iter().map(move |name| (*name, Some(record * TEST_RECORDS)));
    train.chain(test).chain(std::iter::once((layout.class_names, None)))
}

fn read_folder(layout: &CifarLayout, folder: &Path) -> Result<Vec<Part>> {
    wanted(layout)
        .map(|(name, length)| {
            let path = folder.join(name);
            let shown = path.display().to_string();
            let opened = open_regular(&path);
            match (opened, length) {
                (Ok(file), _) => read_part(layout, file, shown, length),
                (Err(_), None) => Ok(Part { shown, bytes: Vec::new() }),
                (Err(error), Some(_)) => {
                    Err(advise(layout, UserError::new(format!("cannot read `{shown}`: {error}"))).into())
                }
            }
        })
        .collect()
}

/// Opens a file that has an end: a pipe could wait for ever.
fn open_regular(path: &Path) -> std::io::Result<File> {
    if std::fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(std::io::Error::other("it is not a regular file"))
    }
}

fn read_archive(layout: &CifarLayout, path: &Path) -> Result<Vec<Part>> {
    let shown = path.display().to_string();
    let broken = |error: std::io::Error| {
        let hint = format!("`md5sum {shown}` must print {}", layout.md5);
        advise(layout, UserError::new(format!("the archive `{shown}` is broken: {error}")).hint(hint))
    };
    let mut archive = tar::Archive::new(GzDecoder::new(open_regular(path).map_err(broken)?));
    let mut parts: Vec<Option<Part>> = wanted(layout).map(|_| None).collect();
    for entry in archive.entries().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        let inside = entry.path().map_err(broken)?.into_owned();
        let position = wanted(layout).position(|(name, _)| inside == Path::new(layout.folder).join(name));
        if let Some((position, (name, length))) =
            position.and_then(|position| Some((position, wanted(layout).nth(position)?)))
        {
            parts[position] = Some(read_part(layout, entry, format!("{shown}:{}/{name}", layout.folder), length)?);
        }
    }
    parts
        .into_iter()
        .zip(wanted(layout))
        .map(|(part, (name, length))| match (part, length) {
            (Some(part), _) => Ok(part),
            (None, None) => Ok(Part { shown: String::new(), bytes: Vec::new() }),
            (None, Some(_)) => {
                let message = format!("the archive `{shown}` has no `{}/{name}`", layout.folder);
                Err(advise(layout, UserError::new(message)).into())
            }
        })
        .collect()
}

/// Reads a file of a known length, and never more than that: what a file claims decides nothing.
fn read_part(layout: &CifarLayout, mut file: impl Read, shown: String, length: Option<usize>) -> Result<Part> {
    let most = length.unwrap_or(LONGEST_NAMES);
    let mut bytes = Vec::with_capacity(length.unwrap_or(0));
    let read = file.by_ref().take(most as u64 + 1).read_to_end(&mut bytes);
    if let Err(error) = read {
        return Err(advise(layout, UserError::new(format!("cannot read `{shown}`: {error}"))).into());
    }
    match length {
        Some(length) if bytes.len() != length => {
            let found = if bytes.len() > length { "more".to_owned() } else { text::grouped(bytes.len() as u64) };
            let message = format!("`{shown}` should have {} bytes, and has {found}", text::grouped(length as u64));
            Err(advise(layout, UserError::new(message)).into())
        }
        _ => Ok(Part { shown, bytes }),
    }
}

fn decode(layout: &CifarLayout, classes: usize, parts: &[Part]) -> Result<Images> {
    let record = layout.label_bytes + SHAPE.elements();
    let count: usize = parts.iter().map(|part| part.bytes.len() / record).sum();
    let mut images = Images {
        shape: SHAPE,
        pixels: Vec::with_capacity(count * SHAPE.elements()),
        labels: Vec::with_capacity(count),
    };
    for part in parts {
        for (index, bytes) in part.bytes.chunks_exact(record).enumerate() {
            let label = u16::from(bytes[layout.label_bytes - 1]);
            if usize::from(label) >= classes {
                let message = format!(
                    "`{}` is damaged: record {index} has label {label}, and labels end at {}",
                    part.shown,
                    classes - 1
                );
                return Err(advise(layout, UserError::new(message)).into());
            }
            images.labels.push(label);
            images.pixels.extend_from_slice(&bytes[layout.label_bytes..]);
        }
    }
    Ok(images)
}

/// The names in the file, or numbers where it is absent or has too few.
fn class_names(bytes: &[u8], classes: usize) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut names = text.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    (0..classes).map(|class| names.next().unwrap_or_else(|| format!("class {class}"))).collect()
}

fn missing(layout: &CifarLayout, root: &Path) -> UserError {
    let message = format!(
        "{} is not in `{}`: neither `{}/` nor `{}` is there",
        layout.title,
        root.display(),
        layout.folder,
        layout.archive
    );
    advise(layout, UserError::new(message)).hint("`--data DIR` or FREEZEWISE_DATA names another folder")
}

fn advise(layout: &CifarLayout, error: UserError) -> UserError {
    error.hint(format!(
        "get it from {} (the binary version) and leave it in the data folder, packed or unpacked",
        layout.url
    ))
}
