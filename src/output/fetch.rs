//! A file on its way: a bar on a terminal; elsewhere a plain line now and then.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::talk;
use crate::text;

const QUIET_INTERVAL: Duration = Duration::from_secs(30);

/// Shows how much of a file is here.
pub struct FetchBar {
    name: String,
    bar: Option<ProgressBar>,
    last: Option<Instant>,
}

impl FetchBar {
    /// A bar for a file.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), bar: None, last: None }
    }

    /// Shows the bytes that are here, and how many there will be.
    pub fn show(&mut self, done: u64, total: Option<u64>) {
        if std::io::stderr().is_terminal() {
            let bar = self.bar.get_or_insert_with(|| {
                // A fixed text: only a mistake in it could fail, and then a plain bar serves.
                let style = ProgressStyle::with_template("{msg} {bar:20} {bytes} of {total_bytes}, {eta} left")
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
                ProgressBar::new(0).with_style(style).with_message(self.name.clone())
            });
            bar.set_length(total.unwrap_or(done).max(1));
            bar.set_position(done);
        } else if self.last.is_none_or(|last| last.elapsed() >= QUIET_INTERVAL) {
            let of = total.map_or(String::new(), |total| format!(" of {}", text::bytes(total)));
            talk(&format!("{}: {}{of}", self.name, text::bytes(done)));
            self.last = Some(Instant::now());
        }
    }

    /// Takes the bar away.
    pub fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
