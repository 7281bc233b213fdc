//! Progress of a run: a bar on a terminal; otherwise a plain line per epoch, at most one every 30 seconds, so that a
//! cluster's log stays readable.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{ReadingBar, talk};
use crate::run::{EventSink, RunEvent, Title};
use crate::rundir::Metrics;
use crate::text;

const QUIET_INTERVAL: Duration = Duration::from_secs(30);

/// Shows the progress of a run.
pub struct Progress {
    display: Display,
    reading: ReadingBar,
}

enum Display {
    /// Prints nothing.
    Silent,
    /// Draws a bar for the phase under way.
    Bar(Option<PhaseBar>),
    /// Prints lines for the phase under way.
    Lines(Option<PhaseLines>),
}

impl Progress {
    /// A bar if stderr is a terminal, otherwise lines; nothing if `silent`.
    pub fn new(silent: bool) -> Self {
        let display = if silent {
            Display::Silent
        } else if std::io::stderr().is_terminal() {
            Display::Bar(None)
        } else {
            Display::Lines(None)
        };
        Self { display, reading: ReadingBar::default() }
    }
}

impl EventSink for Progress {
    fn on_event(&mut self, event: &RunEvent<'_>) {
        match (&mut self.display, event) {
            (Display::Silent, _) => {}
            (_, RunEvent::Reading(reading)) => self.reading.show(reading),
            (Display::Bar(Some(phase)), RunEvent::Note(sentence)) => phase.bar.println(sentence),
            (_, RunEvent::Note(sentence)) => talk(sentence),
            (Display::Bar(phase), RunEvent::Phase(title)) => {
                announce(title);
                *phase = Some(PhaseBar::new(title));
            }
            (Display::Lines(phase), RunEvent::Phase(title)) => {
                announce(title);
                *phase = Some(PhaseLines { title: (*title).clone(), started: Instant::now(), last: None });
            }
            (Display::Bar(Some(phase)), RunEvent::Step(step)) => phase.bar.set_position(*step),
            (Display::Bar(Some(phase)), RunEvent::Epoch(row)) => phase.show(row),
            (Display::Lines(Some(phase)), RunEvent::Epoch(row)) => phase.show(row),
            (Display::Bar(phase), RunEvent::PhaseEnd) => {
                if let Some(phase) = phase.take() {
                    phase.bar.finish();
                }
            }
            (Display::Bar(None) | Display::Lines(_), _) => {}
        }
    }
}

fn announce(title: &Title) {
    talk(&format!("{}: {}", title.phase, title.text));
}

/// The bar of a phase.
struct PhaseBar {
    bar: ProgressBar,
    errors: LastErrors,
}

impl PhaseBar {
    fn new(title: &Title) -> Self {
        // Only a typo in the template could fail; then the default bar is used.
        let style = ProgressStyle::with_template("{prefix} {bar:20} {wide_msg} {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(title.steps).with_style(style).with_prefix(title.phase);
        bar.set_position(title.behind);
        bar.reset_eta();
        Self { bar, errors: LastErrors { epochs: title.epochs, train: None, test: None } }
    }

    fn show(&mut self, row: &Metrics) {
        self.bar.set_message(self.errors.message(row));
    }
}

/// The last errors that were measured in a phase.
struct LastErrors {
    /// Epochs in the budget.
    epochs: u64,
    train: Option<f64>,
    test: Option<f64>,
}

impl LastErrors {
    /// `epoch 3/40 · train 12.0% · test 23.4% · rate 1e-4`; errors that were not measured keep their last value.
    fn message(&mut self, row: &Metrics) -> String {
        self.train = row.train_error.or(self.train);
        self.test = row.test_error.or(self.test);
        let percent = |error: Option<f64>| error.map_or("–".to_owned(), |error| format!("{:.1}%", error * 100.0));
        let rate = row.learning_rate.map_or(String::new(), |rate| format!(" · rate {rate:.2e}"));
        let (train, test) = (percent(self.train), percent(self.test));
        format!("epoch {}/{} · train {train} · test {test}{rate}", row.epoch, self.epochs)
    }
}

/// The lines of a phase.
struct PhaseLines {
    title: Title,
    started: Instant,
    /// When the last line was printed.
    last: Option<Instant>,
}

impl PhaseLines {
    fn show(&mut self, row: &Metrics) {
        let due = self.last.is_none_or(|last| last.elapsed() >= QUIET_INTERVAL) || row.epoch == self.title.epochs;
        if due {
            talk(&format!("{}{}", row.sentence(), self.time_left(row)));
            self.last = Some(Instant::now());
        }
    }

    fn time_left(&self, row: &Metrics) -> String {
        let Title { behind, steps, .. } = self.title;
        if row.step <= behind || row.step >= steps {
            return String::new();
        }
        let done = row.step - behind;
        let seconds = self.started.elapsed().as_secs_f64() * (steps - row.step) as f64 / done as f64;
        format!(" · {} left", text::duration(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmeasured_errors_keep_their_last_value() {
        let mut errors = LastErrors { epochs: 40, train: None, test: None };
        let mut message = |epoch, train_error, test_error| {
            errors.message(&Metrics { epoch, train_error, test_error, learning_rate: Some(1e-4), ..Metrics::default() })
        };
        assert_eq!(message(0, None, Some(0.9)), "epoch 0/40 · train – · test 90.0% · rate 1.00e-4");
        assert_eq!(message(1, Some(0.12), None), "epoch 1/40 · train 12.0% · test 90.0% · rate 1.00e-4");
        assert_eq!(message(2, None, None), "epoch 2/40 · train 12.0% · test 90.0% · rate 1.00e-4");
    }
}
