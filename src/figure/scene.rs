//! A page of primitives, in points from its upper left corner: what a writer writes, whatever the format.

use super::font;
use super::palette::{Rgb, TINT_COUNT, TINTS};

/// A page.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Points.
    pub width: f64,
    /// Points.
    pub height: f64,
    /// Its accessible name.
    pub title: String,
    /// Its accessible description.
    pub description: String,
    /// Later items lie over earlier ones.
    pub items: Vec<Item>,
}

impl Scene {
    /// All text on the page.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        self.items.iter().filter_map(|item| if let Item::Label(label) = item { Some(label) } else { None })
    }
}

/// One thing on a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A filled rectangle.
    Rectangle {
        /// Where.
        bounds: Bounds,
        /// Its colour.
        fill: Paint,
        /// From 0 to 1.
        opacity: f64,
    },
    /// Lines and curves, filled, stroked or both.
    Outline {
        /// Its parts, each beginning with a move.
        segments: Vec<PathSegment>,
        /// The colour inside and its opacity.
        fill: Option<(Paint, f64)>,
        /// The line along it.
        stroke: Option<Stroke>,
        /// Nothing of it shows outside.
        clip: Option<Bounds>,
    },
    /// Text.
    Label(Label),
}

/// What draws the items of a scene, each over those before.
pub(super) trait Painter {
    /// Fills a rectangle.
    fn rectangle(&mut self, bounds: &Bounds, fill: Paint, opacity: f64);

    /// Fills and strokes segments; nothing shows outside of `clip`.
    fn outline(
        &mut self,
        segments: &[PathSegment],
        fill: Option<(Paint, f64)>,
        stroke: Option<&Stroke>,
        clip: Option<&Bounds>,
    );

    /// Writes text.
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

/// A colour by what it is for, so that a page may be dark or light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text and axes.
    Ink,
    /// Notes, marks and the text of ticks.
    Muted,
    /// Grid lines and missing cells.
    Faint,
    /// The page.
    Paper,
    /// A category, an index into the tints; larger ones start again.
    Tint(usize),
    /// A value of a scale, the same on every page.
    Fixed(Rgb),
}

impl Paint {
    /// Its colour on a light page.
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

/// A line along an outline.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub paint: Paint,
    /// Points.
    pub width: f64,
    /// Lengths on and off in points; empty for an unbroken line.
    pub dashes: Vec<f64>,
}

impl Stroke {
    /// An unbroken line.
    pub fn solid(paint: Paint, width: f64) -> Self {
        Self { paint, width, dashes: Vec::new() }
    }
}

/// A part of an outline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PathSegment {
    /// Begins a part.
    Move(f64, f64),
    /// A straight line.
    Line(f64, f64),
    /// A cubic curve: two control points and its end.
    Cubic([(f64, f64); 3]),
    /// Back to where the part began.
    Close,
}

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Where its anchor is.
    pub x: f64,
    /// Its baseline.
    pub y: f64,
    /// As drawn: already without line breaks and invisible letters.
    pub text: String,
    /// Points.
    pub size: f64,
    /// Which part of it is at x.
    pub anchor: Anchor,
    /// Whether it reads upwards, turned a quarter against the clock around its anchor.
    pub upwards: bool,
    /// Its colour.
    pub paint: Paint,
}

/// Which part of a text is at its x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
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

    /// The rectangle that it covers, measured with the bundled font.
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
    /// Its left edge.
    pub left: f64,
    /// Its upper edge.
    pub top: f64,
    /// Across.
    pub width: f64,
    /// Down.
    pub height: f64,
}

impl Bounds {
    /// Its right edge.
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Its lower edge.
    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Whether two rectangles share more than an edge.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right() && other.left < self.right() && self.top < other.bottom() && other.top < self.bottom()
    }

    /// Whether the other lies in this one; rounding is forgiven.
    pub fn holds(&self, other: &Self) -> bool {
        const ROUNDING: f64 = 1e-6;
        other.left >= self.left - ROUNDING
            && other.right() <= self.right() + ROUNDING
            && other.top >= self.top - ROUNDING
            && other.bottom() <= self.bottom() + ROUNDING
    }

    /// Whether a point is in it.
    pub fn has(&self, (x, y): (f64, f64)) -> bool {
        x >= self.left && x <= self.right() && y >= self.top && y <= self.bottom()
    }

    /// The same with a margin on every side.
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
