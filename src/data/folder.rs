//! Image files of one's own in folders: `train/<class>/*`, and `val/<class>/*` or `test/<class>/*`.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::format::Format;
use super::image_files::{self, ImageFiles};
use super::listing::{LAYOUT, LITTER, Listing, Picture, entries, metadata, pictures_in};
use super::store::Store;
use super::{Access, Image, Watch};
use crate::catalogue::Facts;
use crate::error::UserError;
use crate::spec::{Data, ImageFolder, Question};
use crate::text;

const SKIP: &str = "remove it, or skip it with `skip_bad_files = true`";

impl Format for ImageFolder {
    fn find(&self, root: &Path) -> Option<PathBuf> {
        Some(root.join(&self.path)).filter(|folder| folder.is_dir())
    }

    fn read(&self, image: Image, access: Access<'_>, watch: Watch<'_>) -> Result<(Store, Option<String>)> {
        files(self, access.root)?.read(image, access, watch)
    }

    fn state(&self, root: &Path) -> Option<String> {
        Some(list(self, &root.join(&self.path)).ok()?.state())
    }

    fn survey(&self, question: &Question<'_>, access: Access<'_>, watch: Watch<'_>) -> Result<Option<Facts>> {
        if !image_files::is_folder(&access.root.join(&self.path))? {
            return Ok(None);
        }
        let files = files(self, access.root)?;
        let digest = Some(files.listing.identity());
        Ok(Some(Facts { digest, ..files.survey(question, access, watch)? }))
    }
}

fn files(pictures: &ImageFolder, root: &Path) -> Result<ImageFiles> {
    let name = Data::Folder(pictures.clone()).name();
    let listing = list(pictures, &root.join(&pictures.path))?;
    Ok(ImageFiles { name, skip_bad_files: pictures.skip_bad_files, listing })
}

/// Lists its files; the classes are sorted.
fn list(pictures: &ImageFolder, folder: &Path) -> Result<Listing> {
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
