//! The page during layout: what has been drawn, and what labels must avoid.

use crate::figure::font;
use crate::figure::scene::{Anchor, Bounds, Item, Label, Paint, Stroke};
use crate::figure::segment::PathSegment;

/// Text sizes in points: titles of axes and panels; ticks, legends and notes; values in cells.
pub(super) const TITLE: f64 = 8.0;
pub(super) const SMALL: f64 = 7.0;
pub(super) const TINY: f64 = 5.5;

/// Height of a line of text, from cap height to descender.
pub(super) fn height(size: f64) -> f64 {
    (font::ASCENT + font::DESCENT) * size
}

/// The page during layout.
#[derive(Default)]
pub(super) struct Page {
    pub(super) items: Vec<Item>,
    /// Rectangles of all text so far.
    pub(super) taken: Vec<Bounds>,
    /// Points on the curves of the current panel, a few points apart.
    pub(super) curves: Vec<(f64, f64)>,
}

impl Page {
    /// Forgets the curves of the previous panel.
    pub(super) fn begin_panel(&mut self) {
        self.curves.clear();
    }

    /// Adds text, unless it is empty.
    pub(super) fn write(&mut self, label: Label) {
        if !label.text.is_empty() {
            self.taken.push(label.bounds());
            self.items.push(Item::Label(label));
        }
    }

    /// Adds a straight line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.path(vec![PathSegment::Move(from.0, from.1), PathSegment::Line(to.0, to.1)], stroke);
    }

    /// Adds a path without fill.
    pub(super) fn path(&mut self, segments: Vec<PathSegment>, stroke: Stroke) {
        if !segments.is_empty() {
            self.items.push(Item::Outline { segments, fill: None, stroke: Some(stroke), clip: None });
        }
    }

    /// Adds a filled rectangle.
    pub(super) fn fill(&mut self, bounds: Bounds, fill: Paint, opacity: f64) {
        self.items.push(Item::Rectangle { bounds, fill, opacity });
    }
}

/// Horizontal text, vertically centred at a height.
pub(super) fn level(x: f64, middle: f64, text: String, anchor: Anchor, paint: Paint) -> Label {
    let y = middle + (font::ASCENT - font::DESCENT) / 2.0 * SMALL;
    Label { x, y, text, size: SMALL, anchor, upwards: false, paint }
}

pub(super) fn sides(bounds: &Bounds) -> Vec<PathSegment> {
    vec![
        PathSegment::Move(bounds.left, bounds.top),
        PathSegment::Line(bounds.right(), bounds.top),
        PathSegment::Line(bounds.right(), bounds.bottom()),
        PathSegment::Line(bounds.left, bounds.bottom()),
        PathSegment::Close,
    ]
}
