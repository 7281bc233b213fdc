//! Style of a series. Styles at different positions of a list differ in more than colour.

use crate::figure::palette::TINT_COUNT;

/// Colour, dashes and marker of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesStyle {
    /// Index into the tints, modulo their number.
    pub tint: usize,
    /// Dashes of the line; `None`: markers only.
    pub line: Option<Dash>,
    /// Drawn on each point, or on some if points are dense.
    pub marker: Option<Marker>,
    /// Line width in points.
    pub width: f64,
}

impl SeriesStyle {
    /// The style of this position in a list; neighbours differ in tint, dashes and marker.
    pub fn nth(place: usize) -> Self {
        let round = place / TINT_COUNT;
        let (dash, marker) =
            (Dash::ALL[(place + 2 * round) % Dash::ALL.len()], Marker::ALL[(place + round) % Marker::ALL.len()]);
        Self { tint: place % TINT_COUNT, line: Some(dash), marker: Some(marker), width: 1.1 }
    }

    /// Sets the dashes.
    #[must_use]
    pub fn dashed(self, dash: Dash) -> Self {
        Self { line: Some(dash), ..self }
    }

    /// Removes the markers.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { marker: None, ..self }
    }

    /// Removes the line.
    #[must_use]
    pub fn scattered(self) -> Self {
        Self { line: None, ..self }
    }
}

/// A dash pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// Solid.
    Solid,
    /// Long dashes.
    Dashed,
    /// Long and short dashes in turn.
    DashDot,
    /// Dots.
    Dotted,
}

impl Dash {
    const ALL: [Self; 4] = [Self::Solid, Self::Dashed, Self::DashDot, Self::Dotted];

    /// Lengths on and off, in line widths.
    pub fn pattern(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[4.0, 2.0],
            Self::DashDot => &[5.0, 1.8, 1.2, 1.8],
            Self::Dotted => &[1.2, 1.6],
        }
    }
}

/// A marker shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// Filled circle.
    Disc,
    /// Filled square.
    Square,
    /// Filled upright triangle.
    Triangle,
    /// Filled diamond.
    Diamond,
    /// Diagonal cross.
    Cross,
    /// Open circle.
    Ring,
    /// Upright cross.
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
                assert!(shared < 3, "two of fourteen styles are equal");
                assert!(index >= 7 || style.marker != other.marker, "a marker repeats within seven");
            }
        }
    }
}
