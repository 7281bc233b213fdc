//! Progress of a download: a bar on a terminal, otherwise a plain line every 30 seconds.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::talk;
use crate::text;

const QUIET_INTERVAL: Duration = Duration::from_secs(30);

enum FetchUnit {
    Bytes,
    Files,
}

impl FetchUnit {
    fn template(&self) -> &'static str {
        match self {
            Self::Bytes => "{msg} {bar:20} {bytes} of {total_bytes}, {eta} left",
            Self::Files => "{msg} {bar:20} {pos} of {len} files, {eta} left",
        }
    }

    fn shown(&self, count: u64) -> String {
        match self {
            Self::Bytes => text::bytes(count),
            Self::Files => text::counted(count as usize, "file", "files"),
        }
    }
}

/// Shows how much of a file is downloaded, or of a folder unpacked.
pub struct FetchBar {
    name: String,
    unit: FetchUnit,
    bar: Option<ProgressBar>,
    last: Option<Instant>,
}

impl FetchBar {
    /// A bar for the bytes of a file.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), unit: FetchUnit::Bytes, bar: None, last: None }
    }

    /// A bar for the files of a folder.
    pub fn of_files(name: &str) -> Self {
        Self { unit: FetchUnit::Files, ..Self::new(name) }
    }

    /// Updates the bar; `total` is `None` if unknown.
    pub fn show(&mut self, done: u64, total: Option<u64>) {
        if std::io::stderr().is_terminal() {
            let bar = self.bar.get_or_insert_with(|| {
                // Only a typo in the template could fail; then the default bar is used.
                let style =
                    ProgressStyle::with_template(self.unit.template()).unwrap_or_else(|_| ProgressStyle::default_bar());
                ProgressBar::new(0).with_style(style).with_message(self.name.clone())
            });
            bar.set_length(total.unwrap_or(done).max(1));
            bar.set_position(done);
        } else if self.last.is_none_or(|last| last.elapsed() >= QUIET_INTERVAL) {
            let of = total.map_or(String::new(), |total| format!(" of {}", self.unit.shown(total)));
            talk(&format!("{}: {}{of}", self.name, self.unit.shown(done)));
            self.last = Some(Instant::now());
        }
    }

    /// Removes the bar.
    pub fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
