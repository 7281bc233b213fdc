//! The reading of image files: a bar on a terminal, elsewhere a line when it begins and one when it ends.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::talk;
use crate::data::ReadingProgress;
use crate::text;

/// Shows how far it is.
#[derive(Default)]
pub struct ReadingBar {
    bar: Option<ProgressBar>,
}

impl ReadingBar {
    /// Shows a stage of it.
    pub fn show(&mut self, reading: &ReadingProgress) {
        let ReadingProgress { name, done, total } = reading;
        if !std::io::stderr().is_terminal() {
            if *done == 0 {
                talk(&format!("{name}: reading {}", text::counted(*total, "image", "images")));
            } else if done == total {
                talk(&format!("{name}: read; the next start takes them from the cache"));
            }
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            // A fixed text: only a mistake in it could fail, and then a plain bar serves.
            let style = ProgressStyle::with_template("{prefix} {bar:20} {pos}/{len} images, {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(*total as u64).with_style(style).with_prefix(name.clone())
        });
        bar.set_position(*done as u64);
        if done == total {
            bar.finish();
            self.bar = None;
        }
    }
}
