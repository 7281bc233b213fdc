//! Tiny ImageNet in its original layout. `val/` is one folder of all images with a table of their classes; read as
//! class folders, it would be a single class.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::advise;
use super::files::read_whole;
use super::lister::Lister;
use super::listing::Listing;
use crate::catalogue::{Dataset, FileLayout, TinyLayout};
use crate::error::UserError;
use crate::text;

/// In bytes. The table of ten thousand files has half a megabyte.
const LARGEST_TABLE: u64 = 16 << 20;

/// Its folder in the data folder, or the data folder itself.
pub(super) fn find(layout: &TinyLayout, root: &Path) -> Option<PathBuf> {
    [root.join(layout.folder), root.to_path_buf()].into_iter().find(|path| path.join(layout.classes).is_file())
}

/// Lists its files, with sorted classes.
pub(super) fn list(mut lister: Lister<'_>) -> Result<Listing> {
    let folder = lister.folder;
    let entry = Dataset::TinyImagenet.entry().filter(|entry| matches!(entry.layout, FileLayout::Tiny(_)));
    let Some((entry, FileLayout::Tiny(layout))) = entry.map(|entry| (entry, entry.layout)) else {
        return Err(anyhow::anyhow!("the catalogue has no Tiny ImageNet"));
    };
    let wrong = |message: String| advise(entry, UserError::new(message));
    let table = |name: &str| -> Result<String> {
        let path = folder.join(name);
        let bytes = read_whole(&path, LARGEST_TABLE)
            .map_err(|error| wrong(format!("cannot read `{}`: {error}", path.display())))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let mut classes: Vec<String> = table(layout.classes)?.lines().map(|line| line.trim().to_owned()).collect();
    classes.retain(|class| !class.is_empty());
    classes.sort_unstable();
    classes.dedup();
    if classes.len() != entry.class_count {
        let message =
            format!("`{}` has {} classes, expected 200", folder.join(layout.classes).display(), classes.len());
        return Err(wrong(message).into());
    }
    if !folder.join(layout.test_table).is_file() && folder.join("val").join(&classes[0]).is_dir() {
        let message = format!("`{}` has its `val/` sorted into folders", folder.display());
        let hint = format!("in this layout it is `dataset = \"folder\"`, `path = \"{}\"`", layout.folder);
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
    let file = |(name, label): (&str, u16)| {
        let inside = format!("{}/{name}", layout.test_images);
        lister.picture(&folder.join(&inside), inside, label)
    };
    let test = files.into_iter().map(file).collect::<Result<_>>()?;
    Ok(Listing { folder: folder.to_path_buf(), classes, train, test, beside: lister.beside })
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
