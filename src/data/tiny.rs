//! Tiny ImageNet in its original layout. `val/` is one folder of all images with a table of their classes; read as
//! class folders, it would be a single class.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::files::read_whole;
use super::format::Format;
use super::image_files::{self, ImageFiles};
use super::lister::Lister;
use super::listing::Listing;
use super::store::Store;
use super::{Access, WantedImages, Watch};
use crate::catalogue::{CatalogueEntry, Facts, Published, TinyLayout};
use crate::error::UserError;
use crate::spec::Question;
use crate::text;

/// In bytes. The table of ten thousand files has half a megabyte.
const LARGEST_TABLE: u64 = 16 << 20;

/// The data set in its original layout.
#[derive(Clone, Copy)]
pub(super) struct TinyImagenet {
    pub(super) entry: &'static CatalogueEntry,
    pub(super) layout: &'static TinyLayout,
    /// Whether files that cannot be read are left out.
    pub(super) skip_bad_files: bool,
}

impl Format for TinyImagenet {
    /// Its folder, else the root itself if it is that folder.
    fn find(&self, root: &Path) -> Option<PathBuf> {
        let folders = [root.join(self.layout.folder), root.to_path_buf()];
        folders.into_iter().find(|path| path.join(self.layout.classes).is_file())
    }

    fn read(&self, wanted: WantedImages, access: Access<'_>, watch: Watch<'_>) -> Result<(Store, Option<String>)> {
        self.files(access)?.read(wanted, access, watch)
    }

    fn state(&self, root: &Path) -> Option<String> {
        Some(self.list(Access::unchecked(root)).ok()?.state())
    }

    fn survey(&self, question: &Question<'_>, access: Access<'_>, watch: Watch<'_>) -> Result<Option<Facts>> {
        if !image_files::is_folder(&self.folder(access.root))? {
            return Ok(None);
        }
        self.files(access)?.survey(question, access, watch).map(Some)
    }

    fn held(&self, file: &Published, root: &Path) -> Option<PathBuf> {
        let tables = [self.layout.classes, self.layout.test_table];
        let is_whole = |path: &PathBuf| !path.is_dir() || tables.iter().all(|name| path.join(name).is_file());
        let places = [root.join(self.layout.folder), root.join(file.path)];
        places.into_iter().find(|path| path.exists() && is_whole(path))
    }

    fn unpacks_to(&self) -> Option<&'static str> {
        Some(self.layout.folder)
    }
}

impl TinyImagenet {
    fn folder(&self, root: &Path) -> PathBuf {
        self.find(root).unwrap_or_else(|| root.join(self.layout.folder))
    }

    fn files(&self, access: Access<'_>) -> Result<ImageFiles> {
        let (name, skip_bad_files) = (self.entry.name.to_owned(), self.skip_bad_files);
        Ok(ImageFiles { name, skip_bad_files, listing: self.list(access)? })
    }

    fn wrong(&self, message: String) -> UserError {
        UserError::new(message).hint(format!("download {} and unpack it in the data folder", self.entry.url()))
    }

    /// Lists its files, with sorted classes.
    fn list(&self, access: Access<'_>) -> Result<Listing> {
        let (layout, folder) = (self.layout, &self.folder(access.root));
        let mut lister = Lister::new(folder, self.skip_bad_files, access);
        let table = |name: &str| -> Result<String> {
            let path = folder.join(name);
            let bytes = read_whole(&path, LARGEST_TABLE)
                .map_err(|error| self.wrong(format!("cannot read `{}`: {error}", path.display())))?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let mut classes: Vec<String> = table(layout.classes)?.lines().map(|line| line.trim().to_owned()).collect();
        classes.retain(|class| !class.is_empty());
        classes.sort_unstable();
        classes.dedup();
        if classes.len() != self.entry.class_count {
            let message =
                format!("`{}` has {} classes, expected 200", folder.join(layout.classes).display(), classes.len());
            return Err(self.wrong(message).into());
        }
        if !folder.join(layout.test_table).is_file() && folder.join("val").join(&classes[0]).is_dir() {
            let message = format!("`{}` has its `val/` sorted into folders", folder.display());
            let hint = format!("for this layout, set `dataset = \"folder\"`, `path = \"{}\"`", layout.folder);
            return Err(UserError::new(message).hint(hint).into());
        }
        let mut train = Vec::new();
        for (label, class) in classes.iter().enumerate() {
            let inside = format!("train/{class}/images");
            train.extend(lister.pictures_in(&inside, label as u16)?);
        }
        let annotated = table(layout.test_table)?;
        let files = annotations(&annotated, &classes).map_err(|cause| {
            let place = folder.join(layout.test_table);
            UserError::new(format!("`{}` {cause}", place.display())).hint("unpack the archive again")
        })?;
        let mut file = |(name, label): (&str, u16)| {
            let inside = format!("{}/{name}", layout.test_images);
            lister.picture(&folder.join(&inside), inside, label)
        };
        let test = files.into_iter().filter_map(|listed| file(listed).transpose()).collect::<Result<_>>()?;
        Ok(Listing { folder: folder.clone(), classes, train, test, beside: lister.beside, notes: Vec::new() })
    }
}

/// The files of a table and their labels, one per line: name, class, and a bounding box that is not used.
pub(super) fn annotations<'a>(table: &'a str, classes: &[String]) -> Result<Vec<(&'a str, u16)>, String> {
    let labels: HashMap<&str, u16> = classes.iter().map(String::as_str).zip(0..).collect();
    let lines = table.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let mut seen = HashSet::new();
    let file = |(index, line): (usize, &'a str)| {
        let mut fields = line.split('\t');
        let (name, class) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
        let label = labels.get(class).filter(|_| plain);
        let no_file = || format!("line {}: `{}` is not a file name and its class", index + 1, text::shortened(line));
        let &label = label.ok_or_else(no_file)?;
        if !seen.insert(name) {
            return Err(format!("line {}: `{}` is listed twice", index + 1, text::shortened(name)));
        }
        Ok((name, label))
    };
    let files: Vec<(&str, u16)> = lines.map(file).collect::<Result<_, String>>()?;
    if files.is_empty() { Err("lists no file".to_owned()) } else { Ok(files) }
}
