//! The content of a figure as plain data: panels with axes, series, grids, marks and annotations.

mod axis;
mod grid;
mod style;

pub use axis::{AxisRange, ChartAxis, Scale, ValueFormat};
pub use grid::{Cells, Contour, Grid, Hatch, HeatMap, Region, RegionMap};
pub use style::{Dash, Marker, SeriesStyle};

/// A figure of one or more panels, with one legend below them.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Title in one line, for screen readers. It is not drawn: captions belong to the page.
    pub title: String,
    /// Description in a few sentences, for screen readers.
    pub description: String,
    /// Row by row. Several panels get letters: (a), (b).
    pub panels: Vec<Panel>,
    /// Largest number of panels in a row.
    pub columns: usize,
    /// Width of the figure, and height of each plot.
    pub extent: Extent,
    /// Where series are named.
    pub labelling: NamePlacement,
    /// Text below the legend, such as the meaning of bands and the number of seeds. May be empty.
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

/// Sizes in points, 1/72 inch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Width of the whole figure.
    pub width: f64,
    /// Height of each plot between its axes; titles, ticks and legend are added.
    pub plot_height: f64,
}

impl Extent {
    const ONE_COLUMN: f64 = 3.25 * 72.0;
    const TWO_COLUMNS: f64 = 6.75 * 72.0;

    /// 3.25 inches wide, one column of a two-column paper.
    pub fn one_column() -> Self {
        Self { width: Self::ONE_COLUMN, plot_height: 130.0 }
    }

    /// 6.75 inches wide, the text width of a two-column paper.
    pub fn two_columns() -> Self {
        Self { width: Self::TWO_COLUMNS, plot_height: 150.0 }
    }

    /// Sets the height of plots.
    #[must_use]
    pub fn with_plot_height(self, plot_height: f64) -> Self {
        Self { plot_height, ..self }
    }
}

/// Where series are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePlacement {
    /// In a legend below the panels, where it covers no data.
    Legend,
    /// At the end of each line, right of the plot. For few series with short names; panels with a colour bar use the
    /// legend anyway.
    Direct,
}

/// One plot with two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Title above the plot. May be empty.
    pub title: String,
    /// Horizontal axis.
    pub x: ChartAxis,
    /// Vertical axis.
    pub y: ChartAxis,
    /// Cells, below everything else.
    pub grid: Option<Grid>,
    /// Series; later ones cover earlier ones.
    pub series: Vec<Series>,
    /// Lines across the whole plot.
    pub marks: Vec<ReferenceLine>,
    /// Points with text beside them.
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

    /// Sets the title.
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }
}

/// Named points, with or without a line through them.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Name in the legend; a series with an empty name is not listed.
    pub name: String,
    /// x and y, x ascending. A y that is not finite breaks the line.
    pub points: Vec<(f64, f64)>,
    /// A band around the line.
    pub band: Option<Band>,
    /// Colour, dashes and marker.
    pub style: SeriesStyle,
}

impl Series {
    /// A line in the style of this position in the list of series.
    pub fn line(place: usize, name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, band: None, style: SeriesStyle::nth(place) }
    }

    /// Sets the band.
    #[must_use]
    pub fn with_band(self, band: Band) -> Self {
        Self { band: Some(band), ..self }
    }

    /// Sets the style.
    #[must_use]
    pub fn styled(self, style: SeriesStyle) -> Self {
        Self { style, ..self }
    }
}

/// A band as triples of x, low, high. The figure's note should say what it means (deviation, interval, which seeds
/// vary).
#[derive(Clone, Debug, PartialEq)]
pub struct Band(pub Vec<(f64, f64, f64)>);

/// A line across the plot at one value.
#[derive(Clone, Debug, PartialEq)]
pub enum ReferenceLine {
    /// At an x, from bottom to top.
    Vertical {
        /// The x.
        at: f64,
        /// Text beside the line. May be empty.
        label: String,
    },
    /// At a y, from left to right.
    Horizontal {
        /// The y.
        at: f64,
        /// Text above or below the line. May be empty.
        label: String,
    },
}

/// A ringed point with text beside it, such as a peak or a valley.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// x of the point.
    pub x: f64,
    /// y of the point.
    pub y: f64,
    /// Placed where it covers least; dropped if there is no room, and then only the ring is drawn.
    pub label: String,
}
