//! Which image files a data set has, and the class of each: found by their names alone.

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
    /// The classes, sorted.
    pub(super) classes: Vec<String>,
    /// By class, then by name.
    pub(super) train: Vec<Picture>,
    pub(super) test: Vec<Picture>,
    /// What lies where class folders or images should, and is left out, each with the reason.
    pub(super) beside: Vec<String>,
}

/// An image file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    /// Its path in the data set's folder.
    pub(super) path: String,
    pub(super) stamp: Stamp,
    pub(super) label: u16,
}

/// Where a data set of image files is.
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
    /// A digest of the names and sizes of all files: another on no machine and in no place where they are the same.
    pub(super) fn identity(&self) -> String {
        let mut digest = Sha256::new();
        for file in self.train.iter().chain(&self.test) {
            digest.update(format!("{}\0{}\0{}\0", file.path, file.stamp.bytes, file.label));
        }
        text::hex(&digest.finalize())
    }

    /// The same with the files' inodes and times: another where a file was changed in its place.
    pub(super) fn state(&self) -> String {
        let mut digest = Sha256::new().chain_update(self.identity());
        self.train.iter().chain(&self.test).for_each(|file| file.stamp.digest(&mut digest));
        text::hex(&digest.finalize())
    }

    /// The same with the folder: no other folder's files are taken for these.
    pub(super) fn place_and_state(&self) -> String {
        let place = self.folder.canonicalize().unwrap_or_else(|_| self.folder.clone());
        let digest = Sha256::new().chain_update(self.state()).chain_update(place.as_os_str().as_encoded_bytes());
        text::hex(&digest.finalize())
    }

    /// Whether a file is no image by its first bytes. Those whose names end as images' do are not looked at: there may be
    /// millions.
    pub(super) fn has_other_files(&self) -> bool {
        let named = |path: &str| {
            let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
            ending.is_some_and(|ending| ["png", "jpg", "jpeg", "jpe", "jfif"].contains(&ending.as_str()))
        };
        let mut others = self.train.iter().chain(&self.test).filter(|file| !named(&file.path));
        others.any(|file| decode::is_other_file(&self.folder.join(&file.path)))
    }

    /// The shape of the first image that can be looked at.
    pub(super) fn first_shape(&self) -> Result<ImageShape> {
        let size = |file: &Picture| decode::size(&self.folder.join(&file.path)).ok();
        let Some((height, width)) = self.train.iter().find_map(size) else {
            let message = format!("no image file in `{}` can be read", self.folder.display());
            return Err(UserError::new(message).hint("they are to be PNG or JPEG files").into());
        };
        Ok(ImageShape { channels: 3, height, width })
    }
}

/// `train/<class>/*`, and `val/<class>/*` or `test/<class>/*`.
fn class_folders(folder: &Path, pictures: &Pictures) -> Result<Listing> {
    // A folder that cannot be looked into has no such folders either.
    entries(folder)?;
    let test = match &pictures.test_folder {
        Some(name) => name.as_str(),
        None => match ["val", "test"].map(|name| folder.join(name).is_dir()) {
            [true, false] => "val",
            [false, true] => "test",
            [true, true] => {
                let message = format!("`{}` has `val/` and `test/`", folder.display());
                return Err(UserError::new(message).hint("`test_folder = \"val\"` says which to test on").into());
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
            let message = format!("class `{class}` is in `{}/` and not in `{other}/`", folder.join(one).display());
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

/// Folders that systems and archivers leave, which hold no images of anybody's: macOS, Synology, Windows, ext4.
const LITTER: [&str; 5] = ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"];

const SKIP: &str = "remove it, or leave it out with `skip_bad_files = true`";

/// What a data set of image files looks like.
pub(super) const LAYOUT: &str =
    "a `folder` data set is `train/<class>/` and `val/<class>/` or `test/<class>/`, of PNG and JPEG files";

/// The sorted names of the classes' folders in a split. What else is there is left out where that is asked for, else an
/// error.
fn folders(folder: &Path, split: &str, skip: bool, beside: &mut Vec<String>) -> Result<Vec<String>> {
    let path = folder.join(split);
    let mut names = Vec::new();
    for (name, entry) in entries(&path)? {
        let is_folder = metadata(&entry)?.is_dir();
        if is_folder && !LITTER.contains(&name.as_str()) {
            names.push(name);
        } else if skip {
            beside.push(format!("{split}/{name}: it is not the folder of a class"));
        } else {
            let what = if is_folder { "left by a system or an archiver" } else { "a file" };
            let message = format!("`{}` is {what}, and should be the folder of a class", entry.display());
            return Err(UserError::new(message).hint(SKIP).hint(LAYOUT).into());
        }
    }
    if names.len() < 2 {
        let message = format!("`{}` holds {}", path.display(), text::counted(names.len(), "class", "classes"));
        return Err(UserError::new(message).hint(LAYOUT).into());
    }
    if names.len() > usize::from(u16::MAX) {
        let message = format!("`{}` holds {} classes", path.display(), text::grouped(names.len() as u64));
        return Err(UserError::new(message).hint("there may be 65,535").into());
    }
    Ok(names)
}

/// The files of one class, sorted by name. There must be one at least.
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
        return Err(UserError::new(message).hint("put images in it, or remove it from train and test alike").into());
    }
    Ok(files)
}

/// A file as it is listed.
pub(super) fn picture(path: &Path, inside: String, label: u16) -> Result<Picture> {
    let data = metadata(path)?;
    if data.is_dir() {
        let message = format!("`{}` is a folder, and a class holds files", path.display());
        let hint = "Tiny ImageNet in its original layout is `dataset = \"tiny-imagenet\"`";
        return Err(UserError::new(message).hint(LAYOUT).hint(hint).into());
    }
    Ok(Picture { path: inside, stamp: Stamp::of(&data), label })
}

/// What a folder holds, sorted by name, without what is hidden.
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

/// Links are followed; one that leads in a circle is an error.
fn metadata(path: &Path) -> Result<std::fs::Metadata> {
    std::fs::metadata(path).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", path.display());
        UserError::new(message).hint("remove it, or mend the link that it is").into()
    })
}
