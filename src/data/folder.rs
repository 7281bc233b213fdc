//! Image files of one's own in folders: `train/<class>/*`, and `val/<class>/*` or `test/<class>/*`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::format::Format;
use super::image_files::{self, ImageFiles};
use super::lister::Lister;
use super::listing::{LAYOUT, Listing, Picture};
use super::store::Store;
use super::{Access, WantedImages, Watch};
use crate::catalogue::Facts;
use crate::error::UserError;
use crate::spec::{Data, ImageFolder, Question};
use crate::text;

/// Number of folders that an error lists.
const SHOWN: usize = 8;

impl Format for ImageFolder {
    fn find(&self, root: &Path) -> Option<PathBuf> {
        Some(root.join(&self.path)).filter(|folder| folder.is_dir())
    }

    fn read(&self, wanted: WantedImages, access: Access<'_>, watch: Watch<'_>) -> Result<(Store, Option<String>)> {
        files(self, access)?.read(wanted, access, watch)
    }

    fn state(&self, root: &Path) -> Option<String> {
        Some(list(self, Access::unchecked(root)).ok()?.state())
    }

    fn survey(&self, question: &Question<'_>, access: Access<'_>, watch: Watch<'_>) -> Result<Option<Facts>> {
        if !image_files::is_folder(&access.root.join(&self.path))? {
            return Ok(None);
        }
        let files = files(self, access)?;
        let digest = Some(files.listing.identity());
        Ok(Some(Facts { digest, ..files.survey(question, access, watch)? }))
    }
}

fn files(pictures: &ImageFolder, access: Access<'_>) -> Result<ImageFiles> {
    let name = Data::Folder(pictures.clone()).name();
    Ok(ImageFiles { name, skip_bad_files: pictures.skip_bad_files, listing: list(pictures, access)? })
}

/// Lists its files; the classes are sorted.
fn list(pictures: &ImageFolder, access: Access<'_>) -> Result<Listing> {
    let folder = access.root.join(&pictures.path);
    let mut lister = Lister::new(&folder, pictures.skip_bad_files, access);
    let test = test_folder(&mut lister, pictures)?;
    let (classes, others) = (lister.folders("train")?, lister.folders(test)?);
    let notes = alike(&classes, &lister.folder.join("train"))?;
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
    Ok(Listing { folder: lister.folder.to_path_buf(), train, test, classes, beside: lister.beside, notes })
}

/// The folder of the test images.
fn test_folder<'a>(lister: &mut Lister<'_>, pictures: &'a ImageFolder) -> Result<&'a str> {
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

/// Notes on classes whose names differ only in case. Names that look the same are an error.
fn alike(classes: &[String], folder: &Path) -> Result<Vec<String>> {
    let mut by_look: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    let mut by_case: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for class in classes {
        let same = by_look.entry(text::without_accents(class)).or_default();
        if same.iter().any(|other| text::composed_otherwise(class, other)) {
            let message = format!("`{}` has two class folders `{class}` that look the same", folder.display());
            let hint = "one of the names has its accents as combining characters (NFD, as on macOS): merge the folders, \
                        or rename one";
            return Err(UserError::new(message).hint(hint).into());
        }
        same.push(class);
        by_case.entry(class.to_lowercase()).or_default().push(class);
    }
    let several = by_case.values().filter(|names| names.len() > 1);
    Ok(several.map(|names| format!("classes {} differ only in case", text::listed(names))).collect())
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
