//! A segment of an outline: of a scene, or of a glyph.

/// A segment of an outline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PathSegment {
    /// Starts a subpath.
    Move(f64, f64),
    /// Straight line.
    Line(f64, f64),
    /// Cubic curve: two control points and the end point.
    Cubic([(f64, f64); 3]),
    /// Closes the subpath.
    Close,
}
