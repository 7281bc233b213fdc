//! Who listens to a phase that is measured.

use anyhow::Result;

use super::report::{EpochReport, Observer};

/// An observer that keeps notes and ignores everything else.
#[derive(Default)]
pub(super) struct Notes(pub(super) Vec<String>);

impl Observer for Notes {
    fn step(&mut self, _: u64) {}

    fn note(&mut self, sentence: &str) -> Result<()> {
        self.0.push(sentence.to_owned());
        Ok(())
    }

    fn epoch(&mut self, _: &EpochReport) -> Result<()> {
        Ok(())
    }
}
