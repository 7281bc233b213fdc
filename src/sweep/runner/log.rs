//! Writes a child's output into a file of bounded size.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::thread::{JoinHandle, spawn};

use anyhow::{Context, Result};

/// Bytes kept from the beginning.
const HEAD: usize = 4 << 20;
/// Bytes kept from the end of a longer log.
const TAIL: usize = 256 << 10;
/// Last lines shown for a failed cell.
const SHOWN_LINES: usize = 12;

/// A log that is being written.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    /// Where this attempt begins in the file, in bytes.
    start: usize,
    writer: Option<JoinHandle<()>>,
}

impl Log {
    /// Copies `output` to a file until it ends, then sends to `ended`.
    pub(super) fn of(output: impl Read + Send + 'static, path: &Path, ended: Sender<()>) -> Result<Self> {
        let file = File::options().create(true).append(true).open(path);
        let file = file.with_context(|| format!("cannot write `{}`", path.display()))?;
        let start = file.metadata().map_or(0, |facts| facts.len() as usize);
        let write = move || {
            copy(output, file);
            // Nobody listens once the sweep is over.
            let _ = ended.send(());
        };
        Ok(Self { path: path.to_path_buf(), start, writer: Some(spawn(write)) })
    }

    /// Waits for the end and returns the last lines of this attempt.
    pub(super) fn end(mut self) -> Vec<String> {
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
        let written = std::fs::read(&self.path).unwrap_or_default();
        last_lines(written.get(self.start..).unwrap_or_default())
    }
}

/// Ignores write errors: a full disk must not block the child, whose pipe must be read to the end.
fn copy(mut output: impl Read, mut file: File) {
    let (mut part, mut written) = (vec![0; 64 << 10], 0);
    let mut tail: VecDeque<u8> = VecDeque::new();
    let mut left_out = 0;
    while let Ok(count) = output.read(&mut part) {
        if count == 0 {
            break;
        }
        let head = count.min(HEAD - written);
        let _ = file.write_all(&part[..head]);
        written += head;
        tail.extend(&part[head..count]);
        let over = tail.len().saturating_sub(TAIL);
        tail.drain(..over);
        left_out += over;
    }
    if left_out > 0 {
        let _ = writeln!(file, "\n[{left_out} bytes omitted]");
    }
    let (front, back) = tail.as_slices();
    let _ = file.write_all(front).and_then(|()| file.write_all(back));
}

fn last_lines(bytes: &[u8]) -> Vec<String> {
    let end = &bytes[bytes.len().saturating_sub(TAIL)..];
    let text = String::from_utf8_lossy(end);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].iter().map(|line| (*line).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_keeps_its_beginning_and_its_end() -> Result<()> {
        log_output(20 << 20)
    }

    #[test]
    #[ignore = "takes seconds: scripts/check --full"]
    fn a_gigabyte_of_output_makes_a_small_log() -> Result<()> {
        log_output(1 << 30)
    }

    fn log_output(bytes: u64) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("log");
        let (sender, receiver) = std::sync::mpsc::channel();
        let long = b"first\n".chain(std::io::repeat(b'x').take(bytes)).chain(&b"\nlast\n"[..]);
        let shown = Log::of(long, &path, sender)?.end();
        assert_eq!(receiver.try_recv(), Ok(()));
        assert_eq!(shown.last().map(String::as_str), Some("last"));
        let bytes = std::fs::read(&path)?;
        assert!(bytes.starts_with(b"first\n") && bytes.ends_with(b"\nlast\n"));
        assert!(bytes.len() < HEAD + TAIL + 100, "{}", bytes.len());
        Ok(())
    }
}
