//! The observer of a phase that is timed or counted.

use anyhow::Result;

use crate::train::numbers::EpochReport;
use crate::train::observer::Observer;

/// An observer that keeps notes and ignores everything else.
#[derive(Default)]
pub(in crate::train) struct Notes(pub(in crate::train) Vec<String>);

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
