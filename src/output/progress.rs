//! Progress of a run: a bar on a terminal; otherwise a plain line per epoch, at most one every 30 seconds, so that a
//! cluster's log stays readable.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{ReadingBar, talk};
use crate::run::{EventSink, RunEvent, Title};
use crate::rundir::Row;
use crate::text;

const QUIET_INTERVAL: Duration = Duration::from_secs(30);

/// Shows the progress of a run.
pub struct Progress {
    style: Style,
    reading: ReadingBar,
}

enum Style {
    /// Prints nothing.
    Silent,
    /// Draws a bar.
    Bar { bar: Option<ProgressBar>, epochs: u64 },
    /// Prints lines.
    Lines { last: Option<Instant>, phase: Option<(Title, Instant)> },
}

impl Progress {
    /// A bar if stderr is a terminal, otherwise lines; nothing if `silent`.
    pub fn new(silent: bool) -> Self {
        let style = if silent {
            Style::Silent
        } else if std::io::stderr().is_terminal() {
            Style::Bar { bar: None, epochs: 0 }
        } else {
            Style::Lines { last: None, phase: None }
        };
        Self { style, reading: ReadingBar::default() }
    }
}

impl EventSink for Progress {
    fn on_event(&mut self, event: &RunEvent<'_>) {
        match (&mut self.style, event) {
            (Style::Silent, _) => {}
            (_, RunEvent::Reading(reading)) => self.reading.show(reading),
            (Style::Bar { bar, epochs }, _) => hear_with_bar(bar, epochs, event),
            (Style::Lines { last, phase }, _) => hear_with_lines(last, phase, event),
        }
    }
}

fn hear_with_bar(bar: &mut Option<ProgressBar>, epochs: &mut u64, event: &RunEvent<'_>) {
    match event {
        RunEvent::Note(sentence) => match bar {
            Some(bar) => bar.println(sentence),
            None => talk(sentence),
        },
        RunEvent::Phase(title) => {
            talk(&format!("{}: {}", title.phase, title.text));
            // Only a typo in the template could fail; then the default bar is used.
            let style = ProgressStyle::with_template("{prefix} {bar:20} {wide_msg} {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            let new = ProgressBar::new(title.steps).with_style(style).with_prefix(title.phase);
            new.set_position(title.behind);
            new.reset_eta();
            *epochs = title.epochs;
            *bar = Some(new);
        }
        RunEvent::Reading(_) => {}
        RunEvent::Step(step) => {
            if let Some(bar) = bar {
                bar.set_position(*step);
            }
        }
        RunEvent::Epoch(row) => {
            if let Some(bar) = bar {
                bar.set_message(message(row, *epochs, bar.message().as_str()));
            }
        }
        RunEvent::PhaseEnd => {
            if let Some(bar) = bar.take() {
                bar.finish();
            }
        }
    }
}

/// `epoch 3/40 · train 12.0% · test 23.4% · rate 1e-4`; errors that were not measured keep their last value.
fn message(row: &Row, epochs: u64, before: &str) -> String {
    let percent = |name: &str, error: Option<f64>| match error {
        Some(error) => format!("{name}{:.1}%", error * 100.0),
        None => before.split(" · ").find(|part| part.starts_with(name)).unwrap_or(&format!("{name}–")).to_owned(),
    };
    let rate = row.learning_rate.map_or(String::new(), |rate| format!(" · rate {rate:.2e}"));
    let (train, test) = (percent("train ", row.train_error), percent("test ", row.test_error));
    format!("epoch {}/{epochs} · {train} · {test}{rate}", row.epoch)
}

fn hear_with_lines(last: &mut Option<Instant>, phase: &mut Option<(Title, Instant)>, event: &RunEvent<'_>) {
    match event {
        RunEvent::Note(sentence) => talk(sentence),
        RunEvent::Phase(title) => {
            talk(&format!("{}: {}", title.phase, title.text));
            *phase = Some(((*title).clone(), Instant::now()));
            *last = None;
        }
        RunEvent::Epoch(row) => {
            let Some((title, started)) = phase else { return };
            let due = last.is_none_or(|last| last.elapsed() >= QUIET_INTERVAL) || row.epoch == title.epochs;
            if due {
                talk(&format!("{}{}", row.sentence(), time_left(row, title, started)));
                *last = Some(Instant::now());
            }
        }
        RunEvent::Step(_) | RunEvent::PhaseEnd | RunEvent::Reading(_) => {}
    }
}

fn time_left(row: &Row, title: &Title, started: &Instant) -> String {
    if row.step <= title.behind || row.step >= title.steps {
        return String::new();
    }
    let done = row.step - title.behind;
    let seconds = started.elapsed().as_secs_f64() * (title.steps - row.step) as f64 / done as f64;
    format!(" · {} left", text::duration(seconds))
}
