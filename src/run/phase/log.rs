//! The log of a run: sentences go to `log.txt` and to the event sink.

use std::fmt::Write;

use anyhow::Result;

use crate::files::Lines;
use crate::run::phase::event::{EventSink, RunEvent};
use crate::rundir::Metrics;

pub(in crate::run) struct RunLog<'a> {
    /// `None` if the phase keeps its own log.
    pub(in crate::run) log: Option<Lines>,
    pub(in crate::run) events: &'a mut dyn EventSink,
}

impl RunLog<'_> {
    /// Writes a sentence to the log and reports it as an event.
    pub(in crate::run) fn note(&mut self, sentence: &str) -> Result<()> {
        self.events.on_event(&RunEvent::Note(sentence));
        self.record(sentence)
    }

    /// Notes what changed since the checkpoint that a training resumes from, if anything did.
    pub(in crate::run) fn note_differences(&mut self, differences: &[String]) -> Result<()> {
        if differences.is_empty() {
            return Ok(());
        }
        self.note(&format!("{}: results may no longer be bit-identical", differences.join(", ")))
    }

    /// Writes a sentence only to the log.
    pub(in crate::run) fn record(&mut self, sentence: &str) -> Result<()> {
        self.log.as_mut().map_or(Ok(()), |log| log.append(sentence))
    }
}

impl Metrics {
    /// One line with the errors that were measured, in percent.
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
