//! What a data format does. Each has a file of its own; `data::format_of` selects it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::store::Store;
use super::{Access, WantedImages, Watch};
use crate::catalogue::{Facts, Published};
use crate::spec::Question;

/// A data set in its format.
pub(super) trait Format {
    /// Its path in the data folder, if it exists.
    fn find(&self, root: &Path) -> Option<PathBuf>;

    /// Reads all of it, and the state of its files at the time they were listed. Image files are resized here, so that
    /// each is decoded once; arrays keep their own size.
    fn read(&self, wanted: WantedImages, access: Access<'_>, watch: Watch<'_>) -> Result<(Store, Option<String>)>;

    /// Digest of the names, sizes, inodes and change times of its files, as `data::state` returns it.
    fn state(&self, root: &Path) -> Option<String>;

    /// What a spec needs before it can be checked and the catalogue does not have; `None` if the data set does not exist.
    fn survey(&self, _: &Question<'_>, _: Access<'_>, _: Watch<'_>) -> Result<Option<Facts>> {
        Ok(None)
    }

    /// Path of a published file, or of what was unpacked from it, if it exists in the data folder.
    fn held(&self, _: &Published, _: &Path) -> Option<PathBuf> {
        None
    }

    /// Files that were unpacked from a published file, with their names in the catalogue: those in a folder, or a single
    /// file. Empty if it is still packed.
    fn unpacked_files(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Folder that its archive must be unpacked to before it can be read, if it must be.
    fn unpacks_to(&self) -> Option<&'static str> {
        None
    }
}
