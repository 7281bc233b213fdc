//! Unpacks an archive of image files to its folder, completely or not at all.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, Result};
use zip::ZipArchive;

use super::FetchWatch;
use crate::error::UserError;

/// In bytes. The largest known archive unpacks to a third of this.
const MOST_BYTES: u64 = 2 << 30;

/// Unpacks a zip archive whose files are all in `folder` to its own directory. The folder appears only once it is
/// complete. `watch` is called with the number of files.
pub fn unpack(archive: &Path, folder: &str, watch: FetchWatch<'_>) -> Result<()> {
    let root = archive.parent().unwrap_or(Path::new("."));
    let target = root.join(folder);
    extract(archive, root, folder, watch)
        .with_context(|| format!("cannot unpack `{}` to `{}`", archive.display(), target.display()))
}

fn extract(archive: &Path, root: &Path, folder: &str, watch: FetchWatch<'_>) -> Result<()> {
    let mut zip = ZipArchive::new(File::open(archive)?)?;
    let part = tempfile::Builder::new().prefix(".unpacking-").tempdir_in(root)?;
    let count = zip.len();
    let mut left = MOST_BYTES;
    for index in 0..count {
        watch(index as u64, Some(count as u64));
        let mut entry = zip.by_index(index)?;
        let Some(inside) = entry.enclosed_name().filter(|name| name.starts_with(folder)) else {
            return Err(UserError::new(format!("it contains `{}`, outside `{folder}/`", entry.name()?)).into());
        };
        let path = part.path().join(inside);
        if entry.is_dir() {
            fs::create_dir_all(&path)?;
            continue;
        }
        if let Some(above) = path.parent() {
            fs::create_dir_all(above)?;
        }
        let copied = io::copy(&mut entry.by_ref().take(left + 1), &mut File::create_new(&path)?)?;
        left = left.checked_sub(copied).ok_or_else(|| UserError::new("it unpacks to more than the data set"))?;
    }
    fs::rename(part.path().join(folder), root.join(folder))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// Unpacks an archive of some files, and returns the names in the resulting folder.
    fn unpacked(files: &[(&str, &[u8])]) -> Result<Vec<String>> {
        let root = tempfile::tempdir()?;
        let archive = root.path().join("set.zip");
        let mut zip = ZipWriter::new(File::create(&archive)?);
        for (name, bytes) in files {
            zip.start_file(*name, SimpleFileOptions::default())?;
            zip.write_all(bytes)?;
        }
        zip.finish()?;
        let done = unpack(&archive, "set", &mut |_, _| {});
        let mut names: Vec<String> = fs::read_dir(root.path())?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into()))
            .collect::<Result<_>>()?;
        names.sort();
        if done.is_err() {
            assert_eq!(names, ["set.zip"], "something is left");
            assert!(!root.path().with_file_name("escaped").exists());
        } else {
            assert_eq!(fs::read(root.path().join("set/deep/one.txt"))?, b"one");
        }
        done.map(|()| names)
    }

    #[test]
    fn a_folder_is_unpacked_completely() -> Result<()> {
        let names = unpacked(&[("set/deep/one.txt", b"one"), ("set/two.txt", b"two")])?;
        assert_eq!(names, ["set", "set.zip"]);
        Ok(())
    }

    #[test]
    fn paths_outside_the_folder_are_rejected() {
        for name in ["other/one.txt", "set/../../escaped", "/escaped", "../escaped"] {
            let error = unpacked(&[("set/deep/one.txt", b"one"), (name, b"out")]).expect_err(name);
            assert!(format!("{error:#}").contains("outside `set/`"), "{name}: {error:#}");
        }
        assert!(unpacked(&[]).is_err());
    }
}
