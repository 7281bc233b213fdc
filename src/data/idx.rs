//! The IDX format of MNIST and similar data sets, plain or gzipped: a magic number, each dimension as a big-endian
//! integer, then the bytes.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::files::open_regular;
use super::format::Format;
use super::gunzip::Gunzip;
use super::state::state_of_files;
use super::store::{Pixels, Store, StoredSplit};
use super::{Access, WantedImages, Watch};
use crate::catalogue::{CatalogueEntry, ELSEWHERE, IDX_FILES, IdxLayout, Published};
use crate::error::UserError;
use crate::files::kind_by_start;
use crate::text;

/// A data set in this format.
#[derive(Clone, Copy)]
pub(super) struct Idx {
    pub(super) entry: &'static CatalogueEntry,
    pub(super) layout: &'static IdxLayout,
}

impl Format for Idx {
    fn find(&self, root: &Path) -> Option<PathBuf> {
        self.folders(root).into_iter().next()
    }

    fn read(&self, _: WantedImages, access: Access<'_>, _: Watch<'_>) -> Result<(Store, Option<String>)> {
        let state = self.state(access.root);
        Ok((self.store(access.root)?, state))
    }

    fn state(&self, root: &Path) -> Option<String> {
        let [folder] = self.folders(root).try_into().ok()?;
        let folder: PathBuf = folder;
        state_of_files(&IDX_FILES.iter().map(|name| file(&folder, name)).collect::<Option<Vec<_>>>()?)
    }

    fn held(&self, file: &Published, root: &Path) -> Option<PathBuf> {
        let name = file.path.rsplit('/').next().unwrap_or(file.path);
        let plain = name.strip_suffix(".gz").unwrap_or(name);
        let names = [plain.to_owned(), name.to_owned(), other_spelling(plain), other_spelling(name)];
        let folders = self.layout.folders.iter().map(|folder| root.join(folder));
        let mut places = folders.flat_map(|folder| names.each_ref().map(|name| folder.join(name)));
        places.find(|path| path.exists() && !path.is_dir())
    }

    fn unpacked_files(&self, path: &Path) -> Vec<PathBuf> {
        let mut plain = IDX_FILES.into_iter().flat_map(|file| [file.to_owned(), other_spelling(file)]);
        let is_plain = plain.any(|file| path.file_name().is_some_and(|name| name == file.as_str()));
        if is_plain { vec![path.to_path_buf()] } else { Vec::new() }
    }
}

/// A file in the folder, plain or packed, in either spelling. Kaggle's archive also has folders of these names, which
/// are skipped.
fn file(folder: &Path, name: &str) -> Option<PathBuf> {
    let other = other_spelling(name);
    let names = [name.to_owned(), format!("{name}.gz"), other.clone(), format!("{other}.gz")];
    names.into_iter().map(|name| folder.join(name)).find(|path| path.exists() && !path.is_dir())
}

/// The spelling of 7-Zip and Kaggle, which treat the last part as a file extension: `train-images.idx3-ubyte`.
fn other_spelling(name: &str) -> String {
    name.replace("-idx", ".idx")
}

impl Idx {
    /// Its folders in the data folder, in every spelling in use; there should be only one.
    fn folders(&self, root: &Path) -> Vec<PathBuf> {
        let has_files = |folder: &PathBuf| file(folder, IDX_FILES[0]).is_some();
        let mut found: Vec<PathBuf> =
            self.layout.folders.iter().map(|name| root.join(name)).filter(has_files).collect();
        // On a case-insensitive file system, two spellings are the same folder.
        found.dedup_by_key(|folder| folder.canonicalize().ok());
        found
    }

    fn store(&self, root: &Path) -> Result<Store> {
        let entry = self.entry;
        let folder = &self.only_folder(root)?;
        Ok(Store {
            shape: entry.shape,
            train: self.split(folder, [IDX_FILES[0], IDX_FILES[1]], entry.train_size)?,
            test: self.split(folder, [IDX_FILES[2], IDX_FILES[3]], entry.test_size)?,
            classes: entry.classes.iter().map(|&name| name.to_owned()).collect(),
            validation: 0,
            unused: Vec::new(),
            skipped: Vec::new(),
            place: folder.display().to_string(),
        })
    }

    fn only_folder(&self, root: &Path) -> Result<PathBuf> {
        let title = self.entry.title;
        match self.folders(root).as_slice() {
            [only] => Ok(only.clone()),
            [] => {
                let names: Vec<String> = self.layout.folders.iter().map(|name| format!("{name}/")).collect();
                let message = format!(
                    "{title} is not in `{}`: {} in {}",
                    root.display(),
                    format_args!("no `{}` or `{}`, plain or `.gz`", IDX_FILES[0], other_spelling(IDX_FILES[0])),
                    text::alternatives(&names)
                );
                Err(self.wrong(message).hint(self.entry.fetch()).hint(ELSEWHERE).into())
            }
            [one, other, ..] => {
                let message = format!("{title} is in both `{}` and `{}`", one.display(), other.display());
                Err(UserError::new(message).hint("remove one of them").into())
            }
        }
    }

    fn split(&self, folder: &Path, [images, labels]: [&str; 2], count: usize) -> Result<StoredSplit> {
        let entry = self.entry;
        let pixels = self.array(folder, images, &[count, entry.shape.height, entry.shape.width])?;
        let labels_path = file(folder, labels).unwrap_or_else(|| folder.join(labels));
        let labels = self.array(folder, labels, &[count])?;
        if let Some((index, label)) =
            labels.iter().enumerate().find(|(_, label)| usize::from(**label) >= entry.class_count)
        {
            let message = format!(
                "`{}` is damaged: label {index} is {label}, but the largest label is {}",
                labels_path.display(),
                entry.class_count - 1
            );
            return Err(self.wrong(message).into());
        }
        let stride = entry.shape.elements();
        let pixels = Pixels::Blocks { blocks: vec![pixels], per_block: count, stride };
        Ok(StoredSplit::new(labels.into_iter().map(u16::from).collect(), pixels))
    }

    /// The array in a file, which must have the published size.
    fn array(&self, folder: &Path, name: &str, size: &[usize]) -> Result<Vec<u8>> {
        let Some(path) = file(folder, name) else {
            let other = other_spelling(name);
            let message = format!("`{}` has neither `{name}` nor `{other}`, plain or `.gz`", folder.display());
            return Err(self.wrong(message).into());
        };
        let read = || -> Result<Vec<u8>, String> {
            let file = open_regular(&path).and_then(Gunzip::new).map_err(|error| error.to_string())?;
            parse(file, size)
        };
        read().map_err(|cause| self.wrong(format!("cannot read `{}`: {cause}", path.display())).into())
    }

    fn wrong(&self, message: String) -> UserError {
        let (url, folder) = (self.entry.url(), self.layout.folders[0]);
        let place = url.rsplit_once('/').map_or(url, |(place, _)| place);
        UserError::new(message).hint(format!("download its four files from {place}/ to `{folder}/` in the data folder"))
    }
}

/// Reads an array of bytes of a given size, and never more, whatever the file claims.
pub(super) fn parse(mut file: impl Read, size: &[usize]) -> Result<Vec<u8>, String> {
    let mut header = vec![0; 4 + 4 * size.len()];
    file.read_exact(&mut header).map_err(|error| error.to_string())?;
    // Two zeros, the code for unsigned bytes, the number of dimensions.
    let magic = [0, 0, 8, size.len() as u8];
    if header[..4] != magic {
        if let Some(kind) = kind_by_start(&header) {
            return Err(format!("expected an IDX file, found {kind}"));
        }
        return Err(format!("it starts with {:02x?}, but this IDX file must start with {magic:02x?}", &header[..4]));
    }
    let found: Vec<usize> =
        header[4..].as_chunks::<4>().0.iter().map(|&bytes| u32::from_be_bytes(bytes) as usize).collect();
    let words = |size: &[usize]| size.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ");
    if found != size {
        return Err(format!("its header says {} bytes, expected {}", words(&found), words(size)));
    }
    let length: usize = size.iter().product();
    let mut bytes = Vec::with_capacity(length);
    file.take(length as u64 + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() == length {
        return Ok(bytes);
    }
    let more = bytes.len() > length;
    let found = if more { "more".to_owned() } else { format!("only {}", text::grouped(bytes.len() as u64)) };
    Err(format!("expected {} bytes, found {found}", text::grouped(length as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incomplete_or_invalid_files_are_errors() {
        let good = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];
        assert_eq!(parse(good.as_slice(), &[2, 3]), Ok(vec![1, 2, 3, 4, 5, 6]));
        let cases: [(Vec<u8>, &str); 6] = [
            (b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F".to_vec(), "expected an IDX file, found an xz file"),
            (good[..17].to_vec(), "expected 6 bytes, found only 5"),
            ([good.as_slice(), &[7]].concat(), "expected 6 bytes, found more"),
            (good[..9].to_vec(), "failed to fill whole buffer"),
            ([&good[..3], &[1], &good[4..]].concat(), "it starts with [00, 00, 08, 01]"),
            ([&good[..7], &[9], &good[8..]].concat(), "its header says 9 × 3 bytes, expected 2 × 3"),
        ];
        for (bytes, expected) in cases {
            let cause = parse(bytes.as_slice(), &[2, 3]).expect_err("it is not whole");
            assert!(cause.starts_with(expected), "{cause}");
        }
    }
}
