//! What a figure shows, as plain data: panels with axes, series, grids, marks and annotations.

mod axis;
mod grid;
mod style;

pub use axis::{AxisRange, ChartAxis, Scale, ValueFormat};
pub use grid::{Cells, Contour, Grid, Hatch, HeatMap, Region, RegionMap};
pub use style::{Dash, Marker, SeriesStyle};

/// One picture of one or more panels, with one legend below them.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it shows, in a line: the accessible name. It is not drawn: captions belong to the page.
    pub title: String,
    /// The same in a few sentences, for screen readers.
    pub description: String,
    /// Row by row. Several panels get letters: (a), (b).
    pub panels: Vec<Panel>,
    /// The most panels beside each other.
    pub columns: usize,
    /// Width of the figure and height of one plot.
    pub extent: Extent,
    /// How series are named.
    pub labelling: NamePlacement,
    /// Drawn below the legend: what bands are, how many seeds. May be empty.
    pub note: String,
}

impl Figure {
    /// A figure of panels, with a legend below.
    pub fn new(title: impl Into<String>, extent: Extent, panels: Vec<Panel>) -> Self {
        let columns = if extent.width > Extent::ONE_COLUMN { 2 } else { 1 };
        let (title, description, note) = (title.into(), String::new(), String::new());
        Self { title, description, panels, columns, extent, labelling: NamePlacement::Legend, note }
    }
}

/// A size in points, 1/72 inch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Of the whole figure.
    pub width: f64,
    /// Of each plot, between its axes; titles, ticks and the legend come on top.
    pub plot_height: f64,
}

impl Extent {
    const ONE_COLUMN: f64 = 3.25 * 72.0;
    const TWO_COLUMNS: f64 = 6.75 * 72.0;

    /// 3.25 inches, one column of a two-column paper.
    pub fn one_column() -> Self {
        Self { width: Self::ONE_COLUMN, plot_height: 130.0 }
    }

    /// 6.75 inches, the text width of a two-column paper.
    pub fn two_columns() -> Self {
        Self { width: Self::TWO_COLUMNS, plot_height: 150.0 }
    }

    /// The same with plots of another height.
    #[must_use]
    pub fn with_plot_height(self, plot_height: f64) -> Self {
        Self { plot_height, ..self }
    }
}

/// Where the names of series stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePlacement {
    /// In a legend below the panels, where it covers no data.
    Legend,
    /// Right of each plot, at the end of each line. For few series with short names; panels with a colour
    /// bar keep to the legend.
    Direct,
}

/// One plot with two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Above the plot. May be empty.
    pub title: String,
    /// Across.
    pub x: ChartAxis,
    /// Upwards.
    pub y: ChartAxis,
    /// Cells below everything else.
    pub grid: Option<Grid>,
    /// Later series lie over earlier ones.
    pub series: Vec<Series>,
    /// Lines across the whole plot.
    pub marks: Vec<ReferenceLine>,
    /// Points with a text beside them.
    pub annotations: Vec<Annotation>,
}

impl Panel {
    /// A panel of series.
    pub fn new(x: ChartAxis, y: ChartAxis, series: Vec<Series>) -> Self {
        Self { title: String::new(), x, y, grid: None, series, marks: Vec::new(), annotations: Vec::new() }
    }

    /// A panel of cells.
    pub fn of_grid(x: ChartAxis, y: ChartAxis, grid: Grid) -> Self {
        Self { grid: Some(grid), ..Self::new(x, y, Vec::new()) }
    }

    /// The same with a title.
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }
}

/// Named points, with a line through them or without.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// In the legend. An empty name stays out of it.
    pub name: String,
    /// x and y, x rising. A y that is not finite breaks the line.
    pub points: Vec<(f64, f64)>,
    /// A range around the line.
    pub band: Option<Band>,
    /// How it is drawn.
    pub style: SeriesStyle,
}

impl Series {
    /// A line in the style of this place in the list of series.
    pub fn line(place: usize, name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, band: None, style: SeriesStyle::nth(place) }
    }

    /// The same with a band.
    #[must_use]
    pub fn with_band(self, band: Band) -> Self {
        Self { band: Some(band), ..self }
    }

    /// The same in another style.
    #[must_use]
    pub fn styled(self, style: SeriesStyle) -> Self {
        Self { style, ..self }
    }
}

/// A range over x: x, low, high. What it means (deviation, interval, which seeds move) belongs into the figure's note.
#[derive(Clone, Debug, PartialEq)]
pub struct Band(pub Vec<(f64, f64, f64)>);

/// A line across the plot at one value.
#[derive(Clone, Debug, PartialEq)]
pub enum ReferenceLine {
    /// At an x, from bottom to top.
    Vertical {
        /// Where.
        at: f64,
        /// Beside the line. May be empty.
        label: String,
    },
    /// At a y, from left to right.
    Horizontal {
        /// Where.
        at: f64,
        /// Above or below the line. May be empty.
        label: String,
    },
}

/// A ringed point with a text beside it: a peak, a valley.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// The point.
    pub x: f64,
    /// The point.
    pub y: f64,
    /// Placed where it covers least; left out where there is no room, the ring then stands alone.
    pub label: String,
}
