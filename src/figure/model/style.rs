//! How a series is drawn: each place in a list differs from the others by more than its colour.

use crate::figure::palette::TINT_COUNT;

/// Colour, dashes and marker of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesStyle {
    /// An index into the tints; larger ones start again.
    pub tint: usize,
    /// The dashes of its line; none draws markers alone.
    pub line: Option<Dash>,
    /// Drawn on each point, or here and there where points are dense.
    pub marker: Option<Marker>,
    /// Width of the line in points.
    pub width: f64,
}

impl SeriesStyle {
    /// The style of this place in a list: neighbours differ in tint, dashes and marker.
    pub fn nth(place: usize) -> Self {
        let round = place / TINT_COUNT;
        let (dash, marker) = (Dash::ALL[(place + 2 * round) % Dash::ALL.len()], Marker::ALL[place % Marker::ALL.len()]);
        Self { tint: place % TINT_COUNT, line: Some(dash), marker: Some(marker), width: 1.1 }
    }

    /// The same with other dashes.
    #[must_use]
    pub fn dashed(self, dash: Dash) -> Self {
        Self { line: Some(dash), ..self }
    }

    /// The same without markers.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { marker: None, ..self }
    }

    /// The same without a line.
    #[must_use]
    pub fn scattered(self) -> Self {
        Self { line: None, ..self }
    }
}

/// The pattern of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// Unbroken.
    Solid,
    /// Long.
    Dashed,
    /// Long and short in turn.
    DashDot,
    /// Short.
    Dotted,
}

impl Dash {
    const ALL: [Self; 4] = [Self::Solid, Self::Dashed, Self::DashDot, Self::Dotted];

    /// Lengths on and off, in widths of the line.
    pub fn pattern(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[4.0, 2.0],
            Self::DashDot => &[5.0, 1.8, 1.2, 1.8],
            Self::Dotted => &[1.2, 1.6],
        }
    }
}

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// Round, filled.
    Disc,
    /// A square, filled.
    Square,
    /// A triangle on its base, filled.
    Triangle,
    /// A square on its corner, filled.
    Diamond,
    /// A diagonal cross.
    Cross,
    /// Round, open.
    Ring,
    /// An upright cross.
    Plus,
}

impl Marker {
    const ALL: [Self; 7] =
        [Self::Disc, Self::Square, Self::Triangle, Self::Diamond, Self::Cross, Self::Ring, Self::Plus];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_differ_by_more_than_colour() {
        let styles: Vec<SeriesStyle> = (0..14).map(SeriesStyle::nth).collect();
        for (index, style) in styles.iter().enumerate() {
            for other in &styles[..index] {
                let same = |one: bool, two: bool, three: bool| usize::from(one) + usize::from(two) + usize::from(three);
                let shared = same(style.tint == other.tint, style.line == other.line, style.marker == other.marker);
                assert!(shared < 3, "two of fourteen styles are one");
                assert!(index >= 7 || style.marker != other.marker, "a marker came twice in seven");
            }
        }
    }
}
