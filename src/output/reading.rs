//! Progress of reading image files: a bar on a terminal, otherwise one line at the beginning and one at the end.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::talk;
use crate::data::ReadingProgress;
use crate::text;

/// Shows how many images are read.
#[derive(Default)]
pub struct ReadingBar {
    bar: Option<ProgressBar>,
}

impl ReadingBar {
    /// Updates the bar.
    pub fn show(&mut self, reading: &ReadingProgress) {
        let ReadingProgress { name, done, total } = reading;
        if !std::io::stderr().is_terminal() {
            if *done == 0 {
                talk(&format!("{name}: reading {}", text::counted(*total, "image", "images")));
            } else if done == total {
                talk(&format!("{name}: read and cached for the next start"));
            }
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            // Only a typo in the template could fail; then the default bar is used.
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
