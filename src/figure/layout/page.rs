//! The page while it fills: what was drawn, and what labels must keep away from.

use crate::figure::font;
use crate::figure::scene::{Anchor, Bounds, Item, Label, Paint, PathSegment, Stroke};

/// Sizes of text in points: titles of axes and panels; ticks, legends and notes; values in cells.
pub(super) const TITLE: f64 = 8.0;
pub(super) const SMALL: f64 = 7.0;
pub(super) const TINY: f64 = 5.5;

/// Height of a line of text from the top of its letters to the end of their tails.
pub(super) fn height(size: f64) -> f64 {
    (font::ASCENT + font::DESCENT) * size
}

/// The page while it fills.
#[derive(Default)]
pub(super) struct Page {
    pub(super) items: Vec<Item>,
    /// The rectangles of all text so far.
    pub(super) taken: Vec<Bounds>,
    /// Points on the curves of this panel, a few points apart.
    pub(super) curves: Vec<(f64, f64)>,
}

impl Page {
    /// Forgets the curves of the panel before.
    pub(super) fn begin_panel(&mut self) {
        self.curves.clear();
    }

    /// Writes text; an empty one is nothing.
    pub(super) fn write(&mut self, label: Label) {
        if !label.text.is_empty() {
            self.taken.push(label.bounds());
            self.items.push(Item::Label(label));
        }
    }

    /// Draws an open line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.path(vec![PathSegment::Move(from.0, from.1), PathSegment::Line(to.0, to.1)], stroke);
    }

    /// Draws a path without filling it.
    pub(super) fn path(&mut self, segments: Vec<PathSegment>, stroke: Stroke) {
        if !segments.is_empty() {
            self.items.push(Item::Outline { segments, fill: None, stroke: Some(stroke), clip: None });
        }
    }

    /// Fills a rectangle.
    pub(super) fn fill(&mut self, bounds: Bounds, fill: Paint, opacity: f64) {
        self.items.push(Item::Rectangle { bounds, fill, opacity });
    }
}

/// A level text whose middle is at a height.
pub(super) fn level(x: f64, middle: f64, text: String, anchor: Anchor, paint: Paint) -> Label {
    let y = middle + (font::ASCENT - font::DESCENT) / 2.0 * SMALL;
    Label { x, y, text, size: SMALL, anchor, upwards: false, paint }
}

/// The sides of a rectangle.
pub(super) fn sides(bounds: &Bounds) -> Vec<PathSegment> {
    vec![
        PathSegment::Move(bounds.left, bounds.top),
        PathSegment::Line(bounds.right(), bounds.top),
        PathSegment::Line(bounds.right(), bounds.bottom()),
        PathSegment::Line(bounds.left, bounds.bottom()),
        PathSegment::Close,
    ]
}
