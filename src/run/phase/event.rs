//! What a run tells those who watch it.

use crate::data::ReadingProgress;
use crate::rundir::Row;

/// Which phase is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// `source` or `target`.
    pub phase: &'static str,
    /// What it trains on: `cifar10, 4,000 examples, 20.3% of labels wrong`.
    pub text: String,
    /// Epochs in its budget.
    pub epochs: u64,
    /// Steps in its budget.
    pub steps: u64,
    /// Steps done before, where it goes on from a checkpoint.
    pub behind: u64,
}

/// Something that happened.
#[derive(Debug)]
pub enum RunEvent<'a> {
    /// A sentence for people.
    Note(&'a str),
    /// Image files are being read.
    Reading(&'a ReadingProgress),
    /// A phase begins.
    Phase(&'a Title),
    /// So many steps of the phase are under way.
    Step(u64),
    /// An epoch ended.
    Epoch(&'a Row),
    /// The phase ended.
    PhaseEnd,
}

/// Who watches.
pub trait EventSink {
    /// Is told of an event.
    fn on_event(&mut self, event: &RunEvent<'_>);
}
