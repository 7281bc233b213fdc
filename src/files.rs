//! Files that are whole or absent, and rows that are whole or cut. Every write of a run goes through here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Creates a folder and those above it.
pub fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot create the folder `{}`", path.display()))
}

/// Writes a file so that a reader sees the old content or the new, never a part, and a crash keeps one of them.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> io::Result<()> {
        let folder = folder_of(path);
        let mut builder = tempfile::Builder::new();
        // A temporary file is private by itself; what a run leaves is as the user's umask has it.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.prefix(".writing-").tempfile_in(&folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(&folder)?.sync_all()
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// A file that grows by whole lines.
#[derive(Debug)]
pub struct Lines {
    file: File,
    path: PathBuf,
}

impl Lines {
    /// Starts the file anew with a first part, such as a table's header.
    pub fn create(path: &Path, start: &str) -> Result<Self> {
        write_atomically(path, start.as_bytes())?;
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .with_context(|| format!("cannot open `{}` to append", path.display()))?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Appends one line in one write, so that a reader and a crash see whole lines.
    pub fn append(&mut self, line: &str) -> Result<()> {
        let mut bytes = Vec::with_capacity(line.len() + 1);
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        self.file.write_all(&bytes).with_context(|| format!("cannot append to `{}`", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("run.json");
        write_atomically(&path, b"one")?;
        write_atomically(&path, b"two")?;
        assert_eq!(fs::read(&path)?, b"two");
        assert_eq!(fs::read_dir(folder.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn lines_follow_the_start() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("metrics.csv");
        let mut lines = Lines::create(&path, "a,b\n")?;
        lines.append("1,2")?;
        lines.append("3,4")?;
        assert_eq!(fs::read_to_string(&path)?, "a,b\n1,2\n3,4\n");
        Ok(())
    }

    #[test]
    fn an_error_names_the_file() {
        let error = write_atomically(Path::new("/nowhere/at/all"), b"").expect_err("there is no such folder");
        assert!(format!("{error:#}").starts_with("cannot write `/nowhere/at/all`: "));
    }
}
