//! A page of drawing primitives, in points from its upper left corner. Every writer takes it.

use super::font;
use super::palette::{Rgb, TINT_COUNT, TINTS};
use super::segment::PathSegment;

/// A page.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// In points.
    pub width: f64,
    /// In points.
    pub height: f64,
    /// Accessible name.
    pub title: String,
    /// Accessible description.
    pub description: String,
    /// Later items cover earlier ones.
    pub items: Vec<Item>,
}

impl Scene {
    /// All text on the page.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        self.items.iter().filter_map(|item| if let Item::Label(label) = item { Some(label) } else { None })
    }
}

/// A primitive.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A filled rectangle.
    Rectangle {
        /// Position and size.
        bounds: Bounds,
        /// Fill colour.
        fill: Paint,
        /// From 0 to 1.
        opacity: f64,
    },
    /// Lines and curves, filled, stroked or both.
    Outline {
        /// Segments; each subpath starts with a move.
        segments: Vec<PathSegment>,
        /// Fill colour and opacity.
        fill: Option<(Paint, f64)>,
        /// Line along the outline.
        stroke: Option<Stroke>,
        /// Clipping rectangle.
        clip: Option<Bounds>,
    },
    /// A line of text.
    Label(Label),
}

/// Draws the items of a scene in order.
pub(super) trait Painter {
    fn rectangle(&mut self, bounds: &Bounds, fill: Paint, opacity: f64);

    /// Fills and strokes segments, clipped to `clip`.
    fn outline(
        &mut self,
        segments: &[PathSegment],
        fill: Option<(Paint, f64)>,
        stroke: Option<&Stroke>,
        clip: Option<&Bounds>,
    );

    /// Draws text.
    fn label(&mut self, label: &Label);

    /// Draws a whole scene.
    fn paint(&mut self, scene: &Scene) {
        for item in &scene.items {
            match item {
                Item::Rectangle { bounds, fill, opacity } => self.rectangle(bounds, *fill, *opacity),
                Item::Outline { segments, fill, stroke, clip } => {
                    self.outline(segments, *fill, stroke.as_ref(), clip.as_ref());
                }
                Item::Label(label) => self.label(label),
            }
        }
    }
}

/// A colour by role, so that a page can be dark or light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text and axes.
    Ink,
    /// Notes, marks and tick labels.
    Muted,
    /// Grid lines and missing cells.
    Faint,
    /// Background.
    Paper,
    /// A category; an index into the tints, modulo their number.
    Tint(usize),
    /// A value of a colour scale, the same on every page.
    Fixed(Rgb),
}

impl Paint {
    /// The colour on a light page.
    pub fn rgb(self) -> Rgb {
        match self {
            Self::Ink => Rgb([0x1a, 0x1a, 0x1a]),
            Self::Muted => Rgb([0x55, 0x55, 0x55]),
            Self::Faint => Rgb([0xe2, 0xe2, 0xe2]),
            Self::Paper => Rgb([0xff, 0xff, 0xff]),
            Self::Tint(index) => TINTS[index % TINT_COUNT],
            Self::Fixed(rgb) => rgb,
        }
    }
}

/// Style of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub paint: Paint,
    /// In points.
    pub width: f64,
    /// Lengths on and off in points; empty for a solid line.
    pub dashes: Vec<f64>,
}

impl Stroke {
    /// A solid line.
    pub fn solid(paint: Paint, width: f64) -> Self {
        Self { paint, width, dashes: Vec::new() }
    }
}

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Position of its anchor.
    pub x: f64,
    /// Position of its baseline.
    pub y: f64,
    /// Without line breaks and invisible characters.
    pub text: String,
    /// Font size in points.
    pub size: f64,
    /// Which part of the text is at `x`.
    pub anchor: Anchor,
    /// Whether it is rotated a quarter turn counterclockwise around its anchor.
    pub upwards: bool,
    /// Colour.
    pub paint: Paint,
}

/// Which part of a text is at its `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Left end.
    Start,
    /// Centre.
    Middle,
    /// Right end.
    End,
}

impl Label {
    /// The distance from its left end to its anchor.
    pub fn shift(&self) -> f64 {
        let width = font::width(&self.text, self.size);
        match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        }
    }

    /// The rectangle it covers, measured with the bundled font.
    pub fn bounds(&self) -> Bounds {
        let (width, shift) = (font::width(&self.text, self.size), self.shift());
        let (above, below) = (font::ASCENT * self.size, font::DESCENT * self.size);
        if self.upwards {
            return Bounds { left: self.x - above, top: self.y + shift - width, width: above + below, height: width };
        }
        Bounds { left: self.x - shift, top: self.y - above, width, height: above + below }
    }
}

/// A rectangle in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Bounds {
    /// Right edge.
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Lower edge.
    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Whether two rectangles share more than an edge.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right() && other.left < self.right() && self.top < other.bottom() && other.top < self.bottom()
    }

    /// Whether it contains the other one, up to rounding.
    pub fn holds(&self, other: &Self) -> bool {
        const ROUNDING: f64 = 1e-6;
        other.left >= self.left - ROUNDING
            && other.right() <= self.right() + ROUNDING
            && other.top >= self.top - ROUNDING
            && other.bottom() <= self.bottom() + ROUNDING
    }

    /// Whether it contains a point.
    pub fn has(&self, (x, y): (f64, f64)) -> bool {
        x >= self.left && x <= self.right() && y >= self.top && y <= self.bottom()
    }

    /// The rectangle grown by a margin on every side.
    #[must_use]
    pub fn grown(&self, margin: f64) -> Self {
        Self {
            left: self.left - margin,
            top: self.top - margin,
            width: self.width + 2.0 * margin,
            height: self.height + 2.0 * margin,
        }
    }
}
