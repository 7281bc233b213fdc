//! Draws the series of a panel in a terminal: lines of braille dots with Unicode, else ASCII marks.
//!
//! The result is text; the caller decides size, characters and colour.

mod dots;
mod legend;
#[cfg(test)]
mod tests;

use unicode_width::UnicodeWidthStr;

use super::font;
use super::model::{Panel, ReferenceLine, Scale, Series};
use super::ranges;
use super::span::Span;
use super::ticks::{self, Room, Tick};
use dots::Dots;

/// Capabilities of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Columns, at least 24.
    pub width: usize,
    /// Lines, at least 8. A drawing is never higher, and may be one line lower.
    pub height: usize,
    /// Available characters.
    pub charset: Charset,
    /// Whether to distinguish series by colour (256-colour ANSI) instead of marks and dashes.
    pub colour: bool,
}

/// Characters of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Eight dots per character, and lines for the axes.
    Braille,
    /// One mark per character.
    Ascii,
}

/// Marks of series and of annotations.
const MARKS: [char; 7] = ['o', 'x', '+', '*', '#', '@', '%'];
const NOTE: char = 'O';

/// The mark of a series.
fn mark(index: usize) -> char {
    MARKS[index % MARKS.len()]
}

/// Draws the series, marks and annotations of a panel; grids are not drawn. The text has no trailing line break, and is
/// empty if there is no point to draw.
pub fn draw(panel: &Panel, screen: &Screen) -> String {
    let screen = Screen { width: screen.width.max(24), height: screen.height.max(8), ..*screen };
    let legend = legend::lines(panel, &screen);
    let rows = screen.height - 3 - legend.len();
    let (x_range, y_range) = ranges::of(panel);
    let y = Span::new(&panel.y.scale, y_range, ((rows - 1) as f64, 0.0));
    let y_ticks = labelled(ticks::choose(
        &y,
        &panel.y.scale,
        panel.y.format,
        &Room { extent: &|_| 1.0, gap: if rows > 12 { 2.0 } else { 1.0 }, most: 7 },
    ));
    let gutter = y_ticks.iter().map(|(_, label)| label.width()).max().unwrap_or(0).min(screen.width / 3);
    let columns = screen.width - gutter - 2;
    let x = Span::new(&panel.x.scale, x_range, (0.0, (columns - 1) as f64));
    let extent = |label: &str| label.width() as f64;
    let x_ticks = labelled(ticks::choose(
        &x,
        &panel.x.scale,
        panel.x.format,
        &Room {
            extent: &extent,
            gap: 2.0,
            most: if matches!(panel.x.scale, Scale::Ordinal(_)) { columns } else { 10 },
        },
    ));

    let mut dots = Dots::new(columns, rows, screen.charset);
    draw_marks(panel, &x, &y, &mut dots);
    let drawn = panel
        .series
        .iter()
        .enumerate()
        .filter(|(index, series)| draw_series(*index, series, (&x, &y), &screen, &mut dots));
    if drawn.count() == 0 {
        return String::new();
    }
    for note in panel.annotations.iter().filter(|note| x.shows(note.x) && y.shows(note.y)) {
        dots.write(x.at(note.x), y.at(note.y), NOTE, None);
    }

    let mut lines = vec![heading(panel, screen.width)];
    let ascii = screen.charset == Charset::Ascii;
    for row in 0..rows {
        let tick = y_ticks.iter().find(|(value, _)| y.at(*value).round() as usize == row);
        let label = tick.map_or("", |(_, label)| label.as_str());
        let axis = match (tick.is_some(), ascii) {
            (true, false) => '┤',
            (false, false) => '│',
            (true, true) => '+',
            (false, true) => '|',
        };
        let line = dots.line(row, &panel.series, screen.colour);
        lines.push(format!("{}{axis}{line}", right(label, gutter + 1)).trim_end().to_owned());
    }
    lines.extend(level_axis(&x, &x_ticks, gutter, columns, ascii));
    lines.extend(legend);
    let text = lines.join("\n");
    if ascii { text.chars().map(nearest_ascii).collect() } else { text }
}

/// Replaces characters that an ASCII terminal lacks.
fn nearest_ascii(letter: char) -> char {
    match letter {
        '−' => '-',
        '…' => '.',
        letter if letter.is_ascii() => letter,
        _ => '?',
    }
}

fn labelled(ticks: Vec<Tick>) -> Vec<(f64, String)> {
    ticks.into_iter().filter_map(|tick| Some((tick.value, font::visible(&tick.label?)))).collect()
}

/// `test error against epoch (log)`, after the panel's title if it has one.
fn heading(panel: &Panel, width: usize) -> String {
    let log = if panel.x.scale == Scale::Log { " (log)" } else { "" };
    let axes = format!("{} against {}{log}", panel.y.title, panel.x.title);
    let text = if panel.title.is_empty() { axes } else { format!("{}: {axes}", panel.title) };
    cut(&text, width)
}

/// Visible text of at most `width` columns.
fn cut(text: &str, width: usize) -> String {
    let text = font::visible(text);
    if text.width() <= width {
        return text;
    }
    let mut shorter = String::new();
    for letter in text.chars() {
        let longer = format!("{shorter}{letter}");
        if longer.width() + 1 > width {
            break;
        }
        shorter = longer;
    }
    if width > 0 { shorter + "…" } else { shorter }
}

/// Text aligned right in `width` columns.
fn right(text: &str, width: usize) -> String {
    let text = cut(text, width);
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

/// The line below the plot, and its labels.
fn level_axis(x: &Span, ticks: &[(f64, String)], gutter: usize, columns: usize, ascii: bool) -> [String; 2] {
    let (corner, dash, tick) = if ascii { ('+', '-', '+') } else { ('└', '─', '┬') };
    let mut line = vec![dash; columns];
    let mut labels = String::new();
    for (value, label) in ticks {
        let column = x.at(*value).round() as usize;
        line[column] = tick;
        let (centre, width) = (gutter + 2 + column, label.width());
        let start = (centre - width / 2).min((gutter + 2 + columns).saturating_sub(width));
        let used = labels.width();
        if start > used || used == 0 {
            labels.push_str(&" ".repeat(start - used));
            labels.push_str(label);
        }
    }
    [format!("{}{corner}{}", " ".repeat(gutter + 1), line.into_iter().collect::<String>()), labels]
}

fn draw_marks(panel: &Panel, x: &Span, y: &Span, dots: &mut Dots) {
    for mark in &panel.marks {
        match mark {
            ReferenceLine::Vertical { at, .. } if x.shows(*at) => dots.upright(x.at(*at)),
            ReferenceLine::Horizontal { at, .. } if y.shows(*at) => dots.level(y.at(*at)),
            _ => {}
        }
    }
}

/// Draws a series; returns false if none of its points is in the plot.
fn draw_series(index: usize, series: &Series, (x, y): (&Span, &Span), screen: &Screen, dots: &mut Dots) -> bool {
    let places = || series.points.iter().map(|(at, value)| (x.at(*at), y.at(*value)));
    let shown = |place: &(f64, f64)| dots_has(place, x, y);
    if !places().any(|place| shown(&place)) {
        return false;
    }
    let plain = screen.colour || screen.charset == Charset::Ascii;
    let dash = if plain { (1, 0) } else { [(1, 0), (4, 3), (1, 2), (7, 3)][index % 4] };
    let mut before: Option<(f64, f64)> = None;
    let mut travelled = 0;
    for place in places() {
        if !(place.0.is_finite() && place.1.is_finite()) {
            before = None;
            continue;
        }
        if series.style.line.is_some() {
            travelled = dots.stroke(before.unwrap_or(place), place, (index, mark(index)), dash, travelled);
        } else {
            dots.stroke(place, place, (index, mark(index)), (1, 0), 0);
        }
        before = Some(place);
    }
    if !plain {
        write_marks(index, &places().filter(shown).collect::<Vec<_>>(), dots);
    }
    true
}

fn dots_has((column, row): &(f64, f64), x: &Span, y: &Span) -> bool {
    (x.from - 0.5..x.to + 0.5).contains(column) && (y.to - 0.5..y.from + 0.5).contains(row)
}

/// Puts marks on a line of dots, some columns apart and at different places for each series.
fn write_marks(index: usize, places: &[(f64, f64)], dots: &mut Dots) {
    const APART: f64 = 12.0;
    let mut wanted = 2.0 + (index as f64 * 5.0) % APART;
    for &(column, row) in places {
        if column >= wanted {
            dots.write(column, row, mark(index), Some(index));
            wanted = column + APART;
        }
    }
}
