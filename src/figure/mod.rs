//! Drawing: charts as data, laid out once, then written as SVG, PDF or PNG, or drawn in a terminal; and contact sheets.
//!
//! A [`Figure`] is plain data. [`lay_out`] turns it into a [`Drawing`], a scene of primitives in points (1/72 inch)
//! with y downwards. The writers [`svg`], [`pdf`] and [`png`] and the hover values in [`hover`] all use that one scene,
//! so they agree. Text is measured with the embedded font. The same figure always gives the same bytes: no clock,
//! system fonts or random numbers are involved.
//!
//! This module does not know runs, specs or tensors. The caller provides numbers, names and titles; every name is
//! treated as text, whatever characters it has.

mod edges;
pub mod font;
pub mod hover;
mod layout;
mod model;
mod number;
pub mod palette;
pub mod pdf;
pub mod png;
mod ranges;
mod scene;
mod segment;
mod settled;
pub mod sheet;
mod span;
pub mod svg;
pub mod terminal;
mod thin;
mod ticks;

pub use layout::{Drawing, Placed, lay_out};
pub use model::{
    Annotation, AxisRange, Band, Cells, ChartAxis, Contour, Extent, Figure, Grid, Hatch, HeatMap, NamePlacement, Panel,
    ReferenceLine, Region, RegionMap, Scale, Series, ValueFormat,
};
pub use model::{Dash, Marker, SeriesStyle};
pub use scene::{Anchor, Bounds, Item, Label, Paint, Scene, Stroke};
pub use segment::PathSegment;
pub use settled::settled;
pub use span::Span;
