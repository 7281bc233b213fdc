//! The plot as character cells, each with eight dots or one mark.

use crate::figure::model::Series;
use crate::figure::palette::TINT_COUNT;

use super::Charset;

/// Bits of the dots of a braille character, by row and column, from U+2800.
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
/// The tints among the 256 terminal colours: closest to the palette, readable on black and on white.
const CODES: [u8; TINT_COUNT] = [32, 166, 36, 175, 178, 74, 244];

/// A cell: its dots, and a character over them, each with the series it belongs to, if any.
#[derive(Clone, Copy, Default)]
struct Character {
    dots: u8,
    drawn_by: usize,
    over: Option<(char, Option<usize>)>,
}

/// The plot of a drawing.
pub(super) struct Dots {
    cells: Vec<Character>,
    columns: usize,
    rows: usize,
    charset: Charset,
}

impl Dots {
    pub(super) fn new(columns: usize, rows: usize, charset: Charset) -> Self {
        Self { cells: vec![Character::default(); columns * rows], columns, rows, charset }
    }

    /// The cell at a column and a row, if it is in the plot.
    fn cell(&mut self, column: f64, row: f64) -> Option<&mut Character> {
        let (column, row) = (column.round(), row.round());
        let inside = column >= 0.0 && row >= 0.0 && column < self.columns as f64 && row < self.rows as f64;
        inside.then(|| &mut self.cells[row as usize * self.columns + column as usize])
    }

    /// Puts a character over the dots of a cell.
    pub(super) fn write(&mut self, column: f64, row: f64, letter: char, by: Option<usize>) {
        if let Some(cell) = self.cell(column, row) {
            cell.over = Some((letter, by));
        }
    }

    /// A vertical line, below everything drawn later.
    pub(super) fn upright(&mut self, column: f64) {
        let letter = if self.charset == Charset::Ascii { ':' } else { '┊' };
        (0..self.rows).for_each(|row| self.write(column, row as f64, letter, None));
    }

    /// A horizontal line, below everything drawn later.
    pub(super) fn level(&mut self, row: f64) {
        let letter = if self.charset == Charset::Ascii { '.' } else { '┄' };
        (0..self.columns).for_each(|column| self.write(column as f64, row, letter, None));
    }

    /// Draws a straight line between two positions in cells, with a dash pattern in dots, for the series and mark `by`.
    /// Returns the dots since the series began.
    pub(super) fn stroke(
        &mut self,
        from: (f64, f64),
        to: (f64, f64),
        by: (usize, char),
        (on, off): (usize, usize),
        travelled: usize,
    ) -> usize {
        let (across, down) = match self.charset {
            Charset::Braille => (2.0, 4.0),
            Charset::Ascii => (1.0, 1.0),
        };
        // Positions far outside the plot are clamped.
        let bounded = |(column, row): (f64, f64)| {
            let (width, height) = (self.columns as f64, self.rows as f64);
            ((column * across).clamp(-width, 4.0 * width), (row * down).clamp(-8.0 * height, 16.0 * height))
        };
        let (from, to) = (bounded(from), bounded(to));
        let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).ceil() as usize;
        for step in 0..=steps {
            let share = if steps == 0 { 0.0 } else { step as f64 / steps as f64 };
            let dot = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            if (travelled + step) % (on + off) < on {
                self.dot(dot, by);
            }
        }
        travelled + steps
    }

    fn dot(&mut self, (x, y): (f64, f64), (index, mark): (usize, char)) {
        let (x, y) = (x.round(), y.round());
        if self.charset == Charset::Ascii {
            return self.write(x, y, mark, Some(index));
        }
        // The position of a cell is its dot in the second column and third row, so that both roundings agree.
        let (column, row) = ((f64::midpoint(x, 1.0)).floor(), ((y + 2.0) / 4.0).floor());
        let bit = BITS[(y + 2.0).rem_euclid(4.0) as usize][(x + 1.0).rem_euclid(2.0) as usize];
        if let Some(cell) = self.cell(column, row) {
            cell.dots |= bit;
            cell.drawn_by = index;
            // Mark lines are below series.
            if cell.over.is_some_and(|(_, by)| by.is_none()) {
                cell.over = None;
            }
        }
    }

    /// One row as text; neighbouring cells of the same colour share escape codes.
    pub(super) fn line(&self, row: usize, series: &[Series], colour: bool) -> String {
        let mut text = String::new();
        let mut current = None;
        for cell in &self.cells[row * self.columns..(row + 1) * self.columns] {
            let (letter, by) = match cell.over {
                Some(over) => over,
                None if cell.dots == 0 => (' ', None),
                None => (char::from_u32(0x2800 + u32::from(cell.dots)).unwrap_or(' '), Some(cell.drawn_by)),
            };
            let code = by.filter(|_| colour).and_then(|by| series.get(by)).map(|series| code(series.style.tint));
            if code != current {
                if current.is_some() {
                    text.push_str("\u{1b}[0m");
                }
                text.extend(code.map(start));
                current = code;
            }
            text.push(letter);
        }
        if current.is_some() {
            text.push_str("\u{1b}[0m");
        }
        text.trim_end_matches(' ').to_owned()
    }
}

/// The colour of a tint among the 256 terminal colours.
pub(super) fn code(tint: usize) -> u8 {
    CODES[tint % TINT_COUNT]
}

/// The escape code that starts a colour.
pub(super) fn start(code: u8) -> String {
    format!("\u{1b}[38;5;{code}m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_set_the_right_dots() {
        let mut dots = Dots::new(3, 2, Charset::Braille);
        dots.stroke((0.0, 0.0), (2.0, 1.0), (0, 'o'), (1, 0), 0);
        assert_eq!(dots.cells.iter().filter(|cell| cell.dots != 0).count(), 4);
        let corner = dots.line(0, &[], false).chars().next().expect("a character");
        // The first position of the first cell: second column, third row.
        assert_eq!(u32::from(corner) & 0x20, 0x20, "{corner}");
        dots.stroke((f64::MAX, -1e300), (-1e300, 5.0), (0, 'o'), (1, 0), 0);
    }

    #[test]
    fn marks_are_drawn_below_series() {
        let mut dots = Dots::new(2, 1, Charset::Ascii);
        dots.upright(0.0);
        dots.upright(1.0);
        dots.stroke((1.0, 0.0), (1.0, 0.0), (0, 'o'), (1, 0), 0);
        assert_eq!(dots.line(0, &[], false), ":o");
    }
}
