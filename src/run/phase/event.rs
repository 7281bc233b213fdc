//! Events that a run reports.

use crate::data::ReadingProgress;
use crate::rundir::Metrics;

/// The phase that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// `source` or `target`.
    pub phase: &'static str,
    /// Its data: `cifar10, 4,000 examples, 20.3% of labels wrong`.
    pub text: String,
    /// Epochs in its budget.
    pub epochs: u64,
    /// Steps in its budget.
    pub steps: u64,
    /// Steps already done, if it resumes from a checkpoint.
    pub behind: u64,
}

/// An event of a run.
#[derive(Debug)]
pub enum RunEvent<'a> {
    /// A sentence for people.
    Note(&'a str),
    /// Image files are being read.
    Reading(&'a ReadingProgress),
    /// A phase begins.
    Phase(&'a Title),
    /// The number of steps of the phase so far.
    Step(u64),
    /// An epoch ended.
    Epoch(&'a Metrics),
    /// The phase ended.
    PhaseEnd,
}

/// Receives the events of a run.
pub trait EventSink {
    /// Handles one event.
    fn on_event(&mut self, event: &RunEvent<'_>);
}
