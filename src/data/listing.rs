//! Lists the image files of a data set and their classes, by names only.

use std::path::{Path, PathBuf};

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::state::Stamp;
use super::{decode, tiny};
use crate::blueprint::ImageShape;
use crate::catalogue::{Dataset, FileLayout};
use crate::error::UserError;
use crate::spec::Pictures;
use crate::text;

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
pub(super) fn of(pictures: &Pictures, root: &Path) -> Result<Listing> {
    let folder = folder(pictures, root);
    if pictures.dataset == Dataset::TinyImagenet {
        tiny::list(&folder, pictures)
    } else {
        class_folders(&folder, pictures)
    }
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
    pub(super) fn has_other_files(&self) -> bool {
        let named = |path: &str| {
            let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
            ending.is_some_and(|ending| ["png", "jpg", "jpeg", "jpe", "jfif"].contains(&ending.as_str()))
        };
        let mut others = self.train.iter().chain(&self.test).filter(|file| !named(&file.path));
        others.any(|file| decode::is_other_file(&self.folder.join(&file.path)))
    }

    /// Shape of the first readable image.
    pub(super) fn first_shape(&self) -> Result<ImageShape> {
        let size = |file: &Picture| decode::size(&self.folder.join(&file.path)).ok();
        let Some((height, width)) = self.train.iter().find_map(size) else {
            let message = format!("no image file in `{}` can be read", self.folder.display());
            return Err(UserError::new(message).hint("expected PNG or JPEG files").into());
        };
        Ok(ImageShape { channels: 3, height, width })
    }
}

/// `train/<class>/*`, and `val/<class>/*` or `test/<class>/*`.
fn class_folders(folder: &Path, pictures: &Pictures) -> Result<Listing> {
    // If the folder cannot be listed, report that first.
    entries(folder)?;
    let test = match &pictures.test_folder {
        Some(name) => name.as_str(),
        None => match ["val", "test"].map(|name| folder.join(name).is_dir()) {
            [true, false] => "val",
            [false, true] => "test",
            [true, true] => {
                let message = format!("`{}` has both `val/` and `test/`", folder.display());
                return Err(UserError::new(message)
                    .hint("choose the test images, for example with `test_folder = \"val\"`")
                    .into());
            }
            [false, false] => {
                let message = format!("`{}` has neither `val/` nor `test/`", folder.display());
                let inside = entries(folder)?.into_iter().find(|(_, path)| path.join("train").is_dir());
                let deeper = inside.map(|(name, _)| format!("`{}` has `train/`", pictures.path.join(name).display()));
                return Err(UserError::new(message).hints_of(deeper.as_slice()).hint(LAYOUT).into());
            }
        },
    };
    let skip = pictures.skip_bad_files;
    let mut beside = Vec::new();
    let classes = folders(folder, "train", skip, &mut beside)?;
    let others = folders(folder, test, skip, &mut beside)?;
    let only = |these: &[String], those: &[String]| these.iter().find(|name| !those.contains(name)).cloned();
    for (found, one, other) in [(only(&classes, &others), "train", test), (only(&others, &classes), test, "train")] {
        if let Some(class) = found {
            let message = format!("class `{class}` is in `{}/` but not in `{other}/`", folder.join(one).display());
            return Err(UserError::new(message).hint("each class needs a folder in both").hint(LAYOUT).into());
        }
    }
    let mut list = |split: &str| -> Result<Vec<Picture>> {
        let mut files = Vec::new();
        for (label, class) in classes.iter().enumerate() {
            files.extend(pictures_in(folder, &format!("{split}/{class}"), label as u16, skip, &mut beside)?);
        }
        Ok(files)
    };
    let (train, test) = (list("train")?, list(test)?);
    Ok(Listing { folder: folder.to_path_buf(), train, test, classes, beside })
}

/// Folders left by operating systems and archivers (macOS, Synology, Windows, ext4), which contain no images of the
/// user.
const LITTER: [&str; 5] = ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"];

const SKIP: &str = "remove it, or skip it with `skip_bad_files = true`";

/// The expected layout, as a hint.
pub(super) const LAYOUT: &str =
    "a `folder` data set has PNG and JPEG files in `train/<class>/` and in `val/<class>/` or `test/<class>/`";

/// The sorted names of the class folders of a split. Anything else is skipped if requested, else an error.
fn folders(folder: &Path, split: &str, skip: bool, beside: &mut Vec<String>) -> Result<Vec<String>> {
    let path = folder.join(split);
    let mut names = Vec::new();
    for (name, entry) in entries(&path)? {
        let is_folder = metadata(&entry)?.is_dir();
        if is_folder && !LITTER.contains(&name.as_str()) {
            names.push(name);
        } else if skip {
            beside.push(format!("{split}/{name}: it is not a class folder"));
        } else {
            let what = if is_folder { "left by a system or an archiver" } else { "a file" };
            let message = format!("`{}` is {what}, expected a class folder", entry.display());
            return Err(UserError::new(message).hint(SKIP).hint(LAYOUT).into());
        }
    }
    if names.len() < 2 {
        let message = format!("`{}` contains {}", path.display(), text::counted(names.len(), "class", "classes"));
        return Err(UserError::new(message).hint(LAYOUT).into());
    }
    if names.len() > usize::from(u16::MAX) {
        let message = format!("`{}` contains {} classes", path.display(), text::grouped(names.len() as u64));
        return Err(UserError::new(message).hint("the limit is 65,535").into());
    }
    Ok(names)
}

/// The files of one class, sorted by name; at least one.
pub(super) fn pictures_in(
    folder: &Path,
    inside: &str,
    label: u16,
    skip: bool,
    beside: &mut Vec<String>,
) -> Result<Vec<Picture>> {
    let path = folder.join(inside);
    let mut files = Vec::new();
    for (name, entry) in entries(&path)? {
        if skip && LITTER.contains(&name.as_str()) {
            beside.push(format!("{inside}/{name}: it is not an image"));
        } else {
            files.push(picture(&entry, format!("{inside}/{name}"), label)?);
        }
    }
    if files.is_empty() {
        let message = format!("class folder `{}` is empty", path.display());
        return Err(UserError::new(message)
            .hint("add images, or remove the class folder from both train and test")
            .into());
    }
    Ok(files)
}

/// A file, as listed.
pub(super) fn picture(path: &Path, inside: String, label: u16) -> Result<Picture> {
    let data = metadata(path)?;
    if data.is_dir() {
        let message = format!("`{}` is a folder, expected an image file", path.display());
        let hint = "Tiny ImageNet in its original layout is `dataset = \"tiny-imagenet\"`";
        return Err(UserError::new(message).hint(LAYOUT).hint(hint).into());
    }
    Ok(Picture { path: inside, stamp: Stamp::of(&data), label })
}

/// The content of a folder without hidden files, sorted by name.
fn entries(path: &Path) -> Result<Vec<(String, PathBuf)>> {
    let unreadable =
        |error: &dyn std::fmt::Display| UserError::new(format!("cannot read `{}`: {error}", path.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(|error| unreadable(&error).hint(LAYOUT))? {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let Ok(name) = entry.file_name().into_string() else {
            let message = format!("`{}` has a name that is not UTF-8", entry.path().display());
            return Err(UserError::new(message).hint("rename it").into());
        };
        if !name.starts_with('.') {
            found.push((name, entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Follows symbolic links; a cycle is an error.
fn metadata(path: &Path) -> Result<std::fs::Metadata> {
    std::fs::metadata(path).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", path.display());
        UserError::new(message).hint("remove it, or repair the symbolic link").into()
    })
}
