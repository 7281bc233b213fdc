//! Atomic and append-only file writes: a file is whole or absent. Every write of a run goes through here, so that a
//! test can make any of them fail (`fault`).

mod kind;
mod lines;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use kind::kind_by_start;
pub use lines::Lines;

use crate::error::UserError;
use crate::fault::{self, FileOperation};

/// Prefix of temporary files, which are renamed once complete.
const UNFINISHED: &str = ".writing-";

/// Write buffer, in bytes.
const BUFFER: usize = 1 << 20;

/// Creates a folder and its parents.
pub fn create_folder(path: &Path) -> Result<()> {
    let create = || -> io::Result<()> {
        if !path.is_dir() {
            fault::check(FileOperation::Folder, path)?;
        }
        fs::create_dir_all(path)
    };
    create().with_context(|| match in_the_way(path) {
        Some(other) => format!("cannot create the folder `{}`: `{}` is not a folder", path.display(), other.display()),
        None => format!("cannot create the folder `{}`", path.display()),
    })
}

/// What is in the place of a folder or of one above it: a file, or a symbolic link that leads nowhere.
fn in_the_way(path: &Path) -> Option<&Path> {
    path.ancestors().find(|path| path.symlink_metadata().is_ok()).filter(|path| !path.is_dir())
}

/// Whether a path exists. If the file system cannot tell, this is an error: an existing file must not pass for absent.
pub fn exists(path: &Path) -> Result<bool> {
    let exists = || fault::check(FileOperation::Look, path).and_then(|()| path.try_exists());
    match exists() {
        // A parent of the path is a file, so the path does not exist.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        exists => exists.with_context(|| format!("cannot look for `{}`", path.display())),
    }
}

/// Fails if symbolic links lead `path` outside of `folder`.
pub fn check_inside(path: &Path, folder: &Path) -> Result<()> {
    let real = |path: &Path| path.canonicalize().with_context(|| format!("cannot find `{}`", path.display()));
    let (inner, outer) = (real(path)?, real(folder)?);
    if inner.starts_with(&outer) {
        return Ok(());
    }
    let message = format!("`{}` leads to `{}`, outside `{}`", path.display(), inner.display(), folder.display());
    Err(UserError::new(message).hint("remove the symbolic link; `--out` itself may be one").into())
}

/// The content of a file; `None` if it does not exist. One that cannot be read must not pass for absent.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind()) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

/// Writes a file atomically: a reader sees the old or the new content, also after a crash.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    stream_atomically(path, |file| file.write_all(bytes))
}

/// Like `write_atomically`, for content written in pieces.
pub fn stream_atomically(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let write = || -> io::Result<()> {
        let file = unfinished(path, content)?;
        fault::check(FileOperation::Rename, path)?;
        file.persist(path).map_err(|error| error.error)?;
        sync_folder(path)
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}

/// Creates a new file atomically; returns `false` if it already exists.
pub fn create_new(path: &Path, bytes: &[u8]) -> Result<bool> {
    let write = || -> io::Result<bool> {
        let file = unfinished(path, |file| file.write_all(bytes))?;
        fault::check(FileOperation::Rename, path)?;
        match file.persist_noclobber(path) {
            Ok(_) => sync_folder(path).map(|()| true),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.error),
        }
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}

/// Content on disk under a temporary name; deleted on drop unless persisted.
fn unfinished(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<tempfile::NamedTempFile> {
    fault::check(FileOperation::Create, path)?;
    let mut builder = tempfile::Builder::new();
    // Temporary files are private by default; files of a run follow the user's umask.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(UNFINISHED).tempfile_in(folder_of(path))?;
    let mut writer = BufWriter::with_capacity(BUFFER, Watched { file: file.as_file_mut(), path });
    content(&mut writer)?;
    writer.flush()?;
    drop(writer);
    fault::check(FileOperation::Sync, path)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// A file whose writes a test can make fail.
struct Watched<'a> {
    file: &'a mut File,
    path: &'a Path,
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        fault::write(&mut *self.file, bytes, FileOperation::Write, self.path).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Syncs the directory entry of a file, if the file system can. Some FUSE and CIFS mounts cannot; there a file is as
/// safe as it gets without.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = File::open(folder_of(path))?;
    match fault::check(FileOperation::SyncFolder, path).and_then(|()| folder.sync_all()) {
        // EINVAL, or ENOTSUP, EOPNOTSUPP and ENOSYS.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

/// Removes a file; succeeds if it does not exist.
pub fn remove(path: &Path) -> Result<()> {
    let remove = || match fault::check(FileOperation::Remove, path).and_then(|()| fs::remove_file(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    };
    remove().with_context(|| format!("cannot remove `{}`", path.display()))
}

/// Moves a file or folder to an unused name on the same disk.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    let rename = || fault::check(FileOperation::Rename, from).and_then(|()| fs::rename(from, to));
    rename().with_context(|| format!("cannot move `{}` to `{}`", from.display(), to.display()))
}

/// Whether an interrupted write left temporary files in a folder.
pub fn has_unfinished(folder: &Path) -> bool {
    names(folder).is_ok_and(|names| names.iter().any(|name| name.starts_with(UNFINISHED)))
}

/// Removes temporary files of interrupted writes. The caller must be the only writer in the folder.
pub fn remove_unfinished(folder: &Path) -> Result<()> {
    for name in names(folder)?.into_iter().filter(|name| name.starts_with(UNFINISHED)) {
        remove(&folder.join(name))?;
    }
    Ok(())
}

/// The names in a folder, sorted. Names that are not UTF-8 are skipped: freezewise writes none.
pub fn names(folder: &Path) -> Result<Vec<String>> {
    let list = || -> io::Result<Vec<String>> {
        let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        let mut names: Vec<String> = entries.filter_map(io::Result::transpose).collect::<io::Result<_>>()?;
        names.sort();
        Ok(names)
    };
    list().with_context(|| format!("cannot list `{}`", folder.display()))
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_atomically() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("run.json");
        write_atomically(&path, b"one")?;
        write_atomically(&path, b"two")?;
        assert_eq!(fs::read(&path)?, b"two");
        assert_eq!(fs::read_dir(folder.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn a_new_file_is_written_once() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("lock");
        assert!(create_new(&path, b"first")?);
        assert!(!create_new(&path, b"second")?);
        assert_eq!(fs::read(&path)?, b"first");
        assert_eq!(names(folder.path())?, ["lock"]);
        Ok(())
    }

    #[test]
    fn interrupted_files_are_removed() -> Result<()> {
        let folder = tempfile::tempdir()?;
        for name in [".writing-abc", "metrics.csv"] {
            fs::write(folder.path().join(name), "half")?;
        }
        remove_unfinished(folder.path())?;
        assert_eq!(names(folder.path())?, ["metrics.csv"]);
        remove(&folder.path().join("gone already"))
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_folder_are_errors() -> Result<()> {
        let (folder, other) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(other.path(), &link)?;
        assert!(check_inside(&link, folder.path()).is_err_and(|error| error.to_string().contains("outside")));
        fs::create_dir(folder.path().join("inner"))?;
        check_inside(&folder.path().join("inner"), folder.path())
    }

    #[test]
    fn an_error_names_the_file() {
        let error = write_atomically(Path::new("/nowhere/at/all"), b"").expect_err("there is no such folder");
        assert!(format!("{error:#}").starts_with("cannot write `/nowhere/at/all`: "));
    }
}
