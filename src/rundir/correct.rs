//! `correct/test.bits` and `correct/train.bits`: which examples of a split were classified correctly, at each recorded
//! epoch.
//!
//! One record per evaluation: the epoch as 8 bytes little-endian, then one bit per example in the order of the split, 1
//! if correct, first example in the highest bit of the first byte, padded with zeros to a whole byte. To read it with
//! NumPy: `np.fromfile(path, [("epoch", "<u8"), ("bits", "u1", (n + 7) // 8)])`, then `np.unpackbits` the bits.

use std::path::Path;

use anyhow::{Context, Result};

use crate::error::UserError;
use crate::files::{self, Lines};

const EPOCH: usize = 8;

/// Correctness of each example after an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// Epoch.
    pub epoch: u64,
    /// Whether each example was classified correctly.
    pub correct: Vec<bool>,
}

/// A file of correctness bits, open for appending.
pub struct AnswerFile {
    file: Lines,
}

fn record(epoch: u64, correct: &[bool]) -> Vec<u8> {
    let mut bytes = epoch.to_le_bytes().to_vec();
    bytes.extend(correct.chunks(8).map(|part| {
        part.iter().enumerate().fold(0u8, |byte, (place, &correct)| byte | (u8::from(correct) << (7 - place)))
    }));
    bytes
}

fn record_length(examples: usize) -> usize {
    EPOCH + examples.div_ceil(8)
}

impl AnswerFile {
    /// Opens the file for a split of `examples` examples, keeping the records selected by `keep` in increasing order of
    /// epochs. Everything from the first record that is out of order is cut, and so is an incomplete record.
    pub fn open(path: &Path, examples: usize, keep: impl Fn(u64) -> bool) -> Result<Self> {
        let bytes = files::read_if_there(path)?.unwrap_or_default();
        let mut kept = Vec::new();
        let mut last = None;
        for record in bytes.chunks_exact(record_length(examples)) {
            let epoch = epoch_of(record);
            if last.is_some_and(|last| epoch <= last) {
                break;
            }
            last = Some(epoch);
            if keep(epoch) {
                kept.extend_from_slice(record);
            }
        }
        if let Some(folder) = path.parent() {
            files::create_folder(folder)?;
            files::remove_unfinished(folder)?;
        }
        Ok(Self { file: Lines::create_bytes(path, &kept)? })
    }

    /// Appends the record of an epoch.
    pub fn append(&mut self, epoch: u64, correct: &[bool]) -> Result<()> {
        self.file.append_bytes(&record(epoch, correct))
    }

    /// Waits until the records are on disk.
    pub fn sync(&self) -> Result<()> {
        self.file.sync()
    }
}

fn epoch_of(record: &[u8]) -> u64 {
    let mut epoch = [0; EPOCH];
    epoch.copy_from_slice(&record[..EPOCH]);
    u64::from_le_bytes(epoch)
}

/// Reads the records for a split of `examples` examples.
pub fn read_answers(path: &Path, examples: usize) -> Result<Vec<Answers>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let length = record_length(examples);
    if bytes.len() % length != 0 {
        let message = format!("`{}` does not contain records of {examples} examples", path.display());
        return Err(UserError::new(message).into());
    }
    let answers = bytes.chunks_exact(length).map(|record| {
        let bit = |example: usize| record[EPOCH + example / 8] >> (7 - example % 8) & 1 == 1;
        Answers { epoch: epoch_of(record), correct: (0..examples).map(bit).collect() }
    });
    Ok(answers.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_read_back_and_are_truncated() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("correct/test.bits");
        let answers = |epoch: u64| (0..11).map(|example| (example + epoch).is_multiple_of(3)).collect::<Vec<_>>();
        let mut file = AnswerFile::open(&path, 11, |_| true)?;
        for epoch in [0, 1, 2, 5] {
            file.append(epoch, &answers(epoch))?;
        }
        let read = read_answers(&path, 11)?;
        assert_eq!(read.iter().map(|answers| answers.epoch).collect::<Vec<_>>(), [0, 1, 2, 5]);
        assert!(read.iter().all(|read| read.correct == answers(read.epoch)));
        assert_eq!(std::fs::read(&path)?[..10], [0, 0, 0, 0, 0, 0, 0, 0, 0b1001_0010, 0b0100_0000]);
        std::fs::write(&path, [std::fs::read(&path)?, vec![7; 3]].concat())?;
        assert!(read_answers(&path, 11).is_err());
        drop(AnswerFile::open(&path, 11, |epoch| epoch != 2)?);
        let epochs: Vec<u64> = read_answers(&path, 11)?.iter().map(|answers| answers.epoch).collect();
        assert_eq!(epochs, [0, 1, 5]);
        Ok(())
    }
}
