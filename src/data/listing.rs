//! Lists the image files of a data set and their classes, by names only.

use std::path::PathBuf;

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::state::Stamp;
use super::{Access, decode};
use crate::blueprint::ImageShape;
use crate::error::UserError;
use crate::text;

/// The expected layout, as a hint.
pub(super) const LAYOUT: &str =
    "a `folder` data set has PNG and JPEG files in `train/<class>/` and in `val/<class>/` or `test/<class>/`";

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
    /// Notes on the names of classes.
    pub(super) notes: Vec<String>,
}

/// An image file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    /// Path in the data set's folder.
    pub(super) path: String,
    pub(super) stamp: Stamp,
    pub(super) label: u16,
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
