//! Lists the image files of a data set and their classes, by names only.

use std::path::{Path, PathBuf};

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::lister::{LAYOUT, Lister};
use super::state::Stamp;
use super::{Access, decode, tiny};
use crate::blueprint::ImageShape;
use crate::catalogue::{Dataset, FileLayout};
use crate::error::UserError;
use crate::spec::Pictures;
use crate::text;

/// Number of folders that an error lists.
const SHOWN: usize = 8;

/// The files of a data set.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) folder: PathBuf,
    /// Class names, sorted.
    pub(super) classes: Vec<String>,
    /// Sorted by class, then name.
    pub(super) train: Vec<Picture>,
    pub(super) test: Vec<Picture>,
    /// Skipped files and folders that are not class folders or images, with reasons.
    pub(super) beside: Vec<String>,
}

/// An image file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    /// Path in the data set's folder.
    pub(super) path: String,
    pub(super) stamp: Stamp,
    pub(super) label: u16,
}

/// Folder of a data set of image files.
pub(super) fn folder(pictures: &Pictures, root: &Path) -> PathBuf {
    match pictures.dataset.entry().map(|entry| entry.layout) {
        Some(FileLayout::Tiny(layout)) => tiny::find(layout, root).unwrap_or_else(|| root.join(layout.folder)),
        _ => root.join(&pictures.path),
    }
}

/// Lists a data set.
pub(super) fn of(pictures: &Pictures, access: Access<'_>) -> Result<Listing> {
    let folder = folder(pictures, access.root);
    let lister = Lister { folder: &folder, skip: pictures.skip_bad_files, check: access.check, beside: Vec::new() };
    if pictures.dataset == Dataset::TinyImagenet { tiny::list(lister) } else { class_folders(lister, pictures) }
}

impl Listing {
    /// Digest of the names and sizes of all files, independent of machine and location.
    pub(super) fn identity(&self) -> String {
        let mut digest = Sha256::new();
        for file in self.train.iter().chain(&self.test) {
            digest.update(format!("{}\0{}\0{}\0", file.path, file.stamp.bytes, file.label));
        }
        text::hex(&digest.finalize())
    }

    /// The same, with inodes and times: it changes when a file is changed in place.
    pub(super) fn state(&self) -> String {
        let mut digest = Sha256::new().chain_update(self.identity());
        self.train.iter().chain(&self.test).for_each(|file| file.stamp.digest(&mut digest));
        text::hex(&digest.finalize())
    }

    /// The same, with the folder, so that files in another folder differ.
    pub(super) fn place_and_state(&self) -> String {
        let place = self.folder.canonicalize().unwrap_or_else(|_| self.folder.clone());
        let digest = Sha256::new().chain_update(self.state()).chain_update(place.as_os_str().as_encoded_bytes());
        text::hex(&digest.finalize())
    }

    /// Whether any file is not an image by its first bytes. Files with an image extension are not checked: there may be
    /// millions.
    pub(super) fn has_other_files(&self, access: Access<'_>) -> Result<bool> {
        let named = |path: &str| {
            let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
            ending.is_some_and(|ending| ["png", "jpg", "jpeg", "jpe", "jfif"].contains(&ending.as_str()))
        };
        for file in self.train.iter().chain(&self.test).filter(|file| !named(&file.path)) {
            (access.check)()?;
            if decode::is_other_file(&self.folder.join(&file.path)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Shape of the first readable image.
    pub(super) fn first_shape(&self, access: Access<'_>) -> Result<ImageShape> {
        let mut first = None;
        for file in &self.train {
            (access.check)()?;
            match decode::size(&self.folder.join(&file.path)) {
                Ok((height, width)) => return Ok(ImageShape { channels: 3, height, width }),
                Err(cause) => drop(first.get_or_insert_with(|| format!("{}: {cause}", file.path))),
            }
        }
        let message = format!("no training image in `{}` can be read", self.folder.display());
        Err(UserError::new(message).hints_of(first.as_slice()).hint(LAYOUT).into())
    }
}

/// `train/<class>/*`, and `val/<class>/*` or `test/<class>/*`.
fn class_folders(mut lister: Lister<'_>, pictures: &Pictures) -> Result<Listing> {
    let test = test_folder(&lister, pictures)?;
    let (classes, others) = (lister.folders("train")?, lister.folders(test)?);
    for (these, those, one, other) in [(&classes, &others, "train", test), (&others, &classes, test, "train")] {
        if let Some(class) = these.iter().find(|name| !those.contains(name)) {
            let place = lister.folder.join(one);
            let message = format!("class `{class}` is in `{}/` but not in `{other}/`", place.display());
            return Err(UserError::new(message).hint(counterpart(class, those, other)).hint(LAYOUT).into());
        }
    }
    let mut list = |split: &str| -> Result<Vec<Picture>> {
        let mut files = Vec::new();
        for (label, class) in classes.iter().enumerate() {
            files.extend(lister.pictures_in(&format!("{split}/{class}"), label as u16)?);
        }
        Ok(files)
    };
    let (train, test) = (list("train")?, list(test)?);
    Ok(Listing { folder: lister.folder.to_path_buf(), train, test, classes, beside: lister.beside })
}

/// The folder of the test images.
fn test_folder<'a>(lister: &Lister<'_>, pictures: &'a Pictures) -> Result<&'a str> {
    // If the folder cannot be listed, report that first.
    let inside = lister.entries(lister.folder)?;
    if let Some(name) = &pictures.test_folder {
        return Ok(name);
    }
    let place = lister.folder.display();
    match ["val", "test"].map(|name| lister.folder.join(name).is_dir()) {
        [true, false] => Ok("val"),
        [false, true] => Ok("test"),
        [true, true] => {
            let message = format!("`{place}` has both `val/` and `test/`");
            Err(UserError::new(message).hint("choose the test images, for example with `test_folder = \"val\"`").into())
        }
        [false, false] => {
            let message = format!("`{place}` has neither `val/` nor `test/`");
            let deeper = inside.iter().find(|(_, path)| path.join("train").is_dir());
            let deeper = deeper.map(|(name, _)| format!("`{}` has `train/`", pictures.path.join(name).display()));
            let folders = inside.iter().filter(|(_, path)| path.is_dir()).map(|(name, _)| format!("{name}/"));
            let folders: Vec<String> = folders.take(SHOWN).collect();
            let found = (deeper.is_none() && !folders.is_empty()).then(|| format!("it has {}", text::listed(&folders)));
            Err(UserError::new(message).hints_of(deeper.as_slice()).hints_of(found.as_slice()).hint(LAYOUT).into())
        }
    }
}

/// A hint for a class that only one split has: its name may be spelled differently in the other.
fn counterpart(class: &str, others: &[String], split: &str) -> String {
    if others.iter().any(|other| text::composed_otherwise(class, other)) {
        return format!(
            "`{split}/` has a folder that looks the same, but one of the names has its accents as combining characters \
             (NFD, as on macOS): rename one of them"
        );
    }
    match text::nearest(class, others.iter().map(String::as_str)) {
        Some(other) => format!("`{split}/` has `{other}`: a class needs the same name in both"),
        None => "each class needs a folder in both".to_owned(),
    }
}
