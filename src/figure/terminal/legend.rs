//! The legend below the plot.

use unicode_width::UnicodeWidthStr;

use crate::figure::model::{Panel, ReferenceLine};

use super::dots::{code, start};
use super::{Charset, NOTE, Screen, cut, mark};

/// The legend takes at most 1 / `SHARE` of the height of the screen.
const SHARE: usize = 3;
const BETWEEN: usize = 3;

struct LegendItem {
    mark: String,
    name: String,
    colour: Option<u8>,
}

impl LegendItem {
    fn width(&self) -> usize {
        self.mark.width() + 1 + self.name.width()
    }

    fn text(&self) -> String {
        let mark = match self.colour {
            Some(code) => format!("{}{}\u{1b}[0m", start(code), self.mark),
            None => self.mark.clone(),
        };
        format!("{mark} {}", self.name)
    }
}

/// Named series, marks and annotations, in as many lines as the screen allows; the last line counts the rest.
pub(super) fn lines(panel: &Panel, screen: &Screen) -> Vec<String> {
    let entries = entries(panel, screen);
    let (mut lines, mut used) = (Vec::<String>::new(), usize::MAX);
    let most = (screen.height / SHARE).max(1);
    for (index, entry) in entries.iter().enumerate() {
        let rest = format!("… and {} more", entries.len() - index);
        let reserved = if lines.len() == most && index + 1 < entries.len() { BETWEEN + rest.width() } else { 0 };
        let begins = used.saturating_add(BETWEEN + entry.width() + reserved) > screen.width;
        if begins && lines.len() == most {
            if let Some(last) = lines.last_mut() {
                last.push_str(&" ".repeat(BETWEEN));
                last.push_str(&rest);
            }
            return lines;
        }
        match lines.last_mut() {
            Some(line) if !begins => {
                line.push_str(&" ".repeat(BETWEEN));
                line.push_str(&entry.text());
                used += BETWEEN + entry.width();
            }
            _ => {
                lines.push(entry.text());
                used = entry.width();
            }
        }
    }
    lines
}

fn entries(panel: &Panel, screen: &Screen) -> Vec<LegendItem> {
    let ascii = screen.charset == Charset::Ascii;
    // Reserves room for `… and 12 more` beside the longest.
    let room = screen.width - 20;
    let mut entries = Vec::new();
    for (index, series) in panel.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty()) {
        let line = if ascii { "-" } else { "━━" };
        let mark = if screen.colour && !ascii { line.to_owned() } else { mark(index).to_string() };
        let colour = screen.colour.then(|| code(series.style.tint));
        entries.push(LegendItem { mark, name: cut(&series.name, room), colour });
    }
    for mark in &panel.marks {
        let (label, mark) = match mark {
            ReferenceLine::Vertical { label, .. } => (label, if ascii { ":" } else { "┊" }),
            ReferenceLine::Horizontal { label, .. } => (label, if ascii { "." } else { "┄" }),
        };
        if !label.is_empty() {
            entries.push(LegendItem { mark: mark.to_owned(), name: cut(label, room), colour: None });
        }
    }
    for note in panel.annotations.iter().filter(|note| !note.label.is_empty()) {
        entries.push(LegendItem { mark: NOTE.to_string(), name: cut(&note.label, room), colour: None });
    }
    entries
}
