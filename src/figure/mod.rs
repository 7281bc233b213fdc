//! Drawing: charts as data, laid out once, written as SVG, PDF and PNG, or drawn in a terminal; and contact sheets.
//!
//! A [`Figure`] is plain data. [`lay_out`] makes a [`Drawing`] of it, a scene of primitives in points (1/72 inch) with
//! y downwards; the writers [`svg`], [`pdf`] and [`png`] and the values for hover in [`hover`] all come from that one
//! scene, so that they agree. Text is measured with the font that is embedded. The same figure always gives the same
//! bytes: no clock, no fonts of the machine, no random numbers.
//!
//! It must not know runs, specs or tensors: the caller brings numbers, names and titles, and every name is text,
//! whatever letters it has.

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
pub use scene::{Anchor, Bounds, Item, Label, Paint, PathSegment, Scene, Stroke};
pub use settled::settled;
pub use span::Span;
