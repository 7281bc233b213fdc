//! The single font with which figures are measured, drawn and embedded: Liberation Sans. It has the metrics of Arial
//! and Helvetica, so a browser with one of these preserves the layout. The file is release 2.1.5, complete and
//! unmodified, under the SIL Open Font License 1.1 (beside it). Fonts of the machine are never read.

use std::sync::OnceLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::segment::PathSegment;

/// The font file.
pub(super) static FILE: &[u8] = include_bytes!("LiberationSans-Regular.ttf");
/// Its `PostScript` name.
pub(super) const NAME: &str = "LiberationSans";
/// Font families for browsers, those with the same metrics first.
pub const FAMILY: &str = "'Liberation Sans', Arimo, Arial, Helvetica, sans-serif";

/// Above and below the baseline, relative to the font size, including accented capitals and descenders.
pub(super) const ASCENT: f64 = 0.80;
pub(super) const DESCENT: f64 = 0.22;
/// Line height, relative to the font size.
pub(super) const LINE: f64 = 1.25;

/// Replaces characters that are missing from the font.
const MISSING: char = '□';

/// The parsed font.
pub(super) fn face() -> &'static Face<'static> {
    static FACE: OnceLock<Face<'static>> = OnceLock::new();
    // The file is compiled in, and every test here parses it.
    FACE.get_or_init(|| Face::parse(FILE, 0).expect("the bundled font is whole"))
}

/// Font units per em.
pub(super) fn units() -> f64 {
    f64::from(face().units_per_em())
}

/// The glyph of a character, and its advance in font units.
pub(super) fn glyph(letter: char) -> (GlyphId, f64) {
    let face = face();
    let id = face.glyph_index(letter).or_else(|| face.glyph_index(MISSING)).unwrap_or(GlyphId(0));
    (id, f64::from(face.glyph_hor_advance(id).unwrap_or(0)))
}

/// Width of a line of text, in the unit of `size`.
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|letter| glyph(letter).1).sum::<f64>() * size / units()
}

/// Text that is safe to draw on one line: line breaks and tabs become spaces; invisible characters and those that
/// change the reading direction become `\u{fffd}`.
pub fn visible(text: &str) -> String {
    let shown = |letter: char| match letter {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{fffe}'
        | '\u{ffff}' => '\u{fffd}',
        letter if letter.is_control() => '\u{fffd}',
        letter => letter,
    };
    text.chars().map(shown).collect()
}

/// Visible text no wider than `room`, truncated with an ellipsis.
pub fn fitted(text: &str, size: f64, room: f64) -> String {
    let text = visible(text);
    if width(&text, size) <= room {
        return text;
    }
    let mut left = room - width("…", size);
    let fits = |letter: &char| {
        left -= width(letter.encode_utf8(&mut [0; 4]), size);
        left >= 0.0
    };
    let cut: String = text.chars().take_while(fits).collect();
    if left.is_sign_negative() && cut.is_empty() && room < width("…", size) {
        return String::new();
    }
    format!("{}…", cut.trim_end())
}

/// Visible text wrapped to at most `lines` lines no wider than `room`; the last one is truncated if there is more.
pub(super) fn wrapped(text: &str, size: f64, room: f64, lines: usize) -> Vec<String> {
    let text = visible(text);
    let mut found: Vec<String> = Vec::new();
    let mut words = text.split(' ').filter(|word| !word.is_empty()).peekable();
    while words.peek().is_some() && found.len() < lines {
        let last = found.len() + 1 == lines;
        let mut line = String::new();
        while let Some(word) = words.peek() {
            let longer = if line.is_empty() { (*word).to_owned() } else { format!("{line} {word}") };
            if !last && !line.is_empty() && width(&longer, size) > room {
                break;
            }
            line = longer;
            words.next();
        }
        found.push(fitted(&line, size, room));
    }
    found
}

/// The outline of a glyph at a size, with its origin at a point on the page.
pub(super) fn outline(id: GlyphId, (x, y): (f64, f64), size: f64) -> Vec<PathSegment> {
    let mut pen = Pen { x, y, scale: size / units(), at: (0.0, 0.0), segments: Vec::new() };
    face().outline_glyph(id, &mut pen);
    pen.segments
}

struct Pen {
    x: f64,
    y: f64,
    scale: f64,
    at: (f64, f64),
    segments: Vec<PathSegment>,
}

impl Pen {
    fn place(&self, x: f32, y: f32) -> (f64, f64) {
        (self.x + f64::from(x) * self.scale, self.y - f64::from(y) * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.at = self.place(x, y);
        self.segments.push(PathSegment::Move(self.at.0, self.at.1));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.at = self.place(x, y);
        self.segments.push(PathSegment::Line(self.at.0, self.at.1));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (control, end) = (self.place(x1, y1), self.place(x, y));
        let toward =
            |from: (f64, f64)| (from.0 + (control.0 - from.0) * 2.0 / 3.0, from.1 + (control.1 - from.1) * 2.0 / 3.0);
        self.segments.push(PathSegment::Cubic([toward(self.at), toward(end), end]));
        self.at = end;
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.at = self.place(x, y);
        self.segments.push(PathSegment::Cubic([self.place(x1, y1), self.place(x2, y2), self.at]));
    }

    fn close(&mut self) {
        self.segments.push(PathSegment::Close);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn font_metrics_match_arial() {
        // Adobe's Helvetica metrics: A 667, i 222, space 278 thousandths.
        for (text, thousandths) in [("A", 667.0), ("i", 222.0), (" ", 278.0)] {
            assert!((width(text, 1000.0) - thousandths).abs() < 0.5, "{text}: {}", width(text, 1000.0));
        }
        assert!(outline(glyph('i').0, (0.0, 0.0), 8.0).len() > 8);
        assert_eq!(glyph('你').0, glyph(MISSING).0);
    }

    #[test]
    fn long_text_is_cut_and_wrapped() {
        assert_eq!(fitted("short", 8.0, 100.0), "short");
        let cut = fitted("a very long name of a series", 8.0, 50.0);
        assert!(cut.ends_with('…') && width(&cut, 8.0) <= 50.0, "{cut}");
        assert_eq!(fitted("wide", 8.0, 1.0), "");
        let lines = wrapped("one two three four five six seven", 8.0, 50.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…') && lines.iter().all(|line| width(line, 8.0) <= 50.0), "{lines:?}");
        assert_eq!(wrapped("", 8.0, 50.0, 2), Vec::<String>::new());
    }

    #[test]
    fn invisible_letters_are_shown() {
        assert_eq!(visible("a\nb\u{202e}c\0"), "a b\u{fffd}c\u{fffd}");
        assert_eq!(visible("é 你 ⅓ <b>"), "é 你 ⅓ <b>");
    }
}
