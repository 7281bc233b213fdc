//! What is said of a run: to its log and to whoever watches.

use std::fmt::Write;

use anyhow::Result;

use crate::files::Lines;
use crate::run::phase::event::{EventSink, RunEvent};
use crate::rundir::Row;

/// What is said goes to the log and to whoever watches.
pub(in crate::run) struct RunLog<'a> {
    /// Absent where a phase keeps a log of its own.
    pub(in crate::run) log: Option<Lines>,
    pub(in crate::run) events: &'a mut dyn EventSink,
}

impl RunLog<'_> {
    pub(in crate::run) fn note(&mut self, sentence: &str) -> Result<()> {
        self.events.on_event(&RunEvent::Note(sentence));
        self.record(sentence)
    }

    /// Writes a sentence to the log alone.
    pub(in crate::run) fn record(&mut self, sentence: &str) -> Result<()> {
        self.log.as_mut().map_or(Ok(()), |log| log.append(sentence))
    }
}

impl Row {
    /// One line for people: the errors that were measured, in percent.
    pub fn sentence(&self) -> String {
        let mut text = format!("{} epoch {}", self.phase, self.epoch);
        for (name, error) in
            [("running", self.train_error_running), ("train", self.train_error), ("test", self.test_error)]
        {
            if let Some(error) = error {
                let _ = write!(text, " · {name} {:.1}%", error * 100.0);
            }
        }
        text
    }
}
