//! Cells over two axes: heat maps and maps of regions.

use super::ValueFormat;

/// What lies below the series of a panel.
#[derive(Clone, Debug, PartialEq)]
pub enum Grid {
    /// Values as colours.
    Heat(HeatMap),
    /// Categories as colours, letters and hatches.
    Regions(RegionMap),
}

impl Grid {
    /// The values of both axes that cells stand at.
    pub(in crate::figure) fn places(&self) -> (&[f64], &[f64]) {
        match self {
            Self::Heat(map) => (&map.cells.columns, &map.cells.rows),
            Self::Regions(map) => (&map.cells.columns, &map.cells.rows),
        }
    }
}

/// Values of cells, row by row. Borders lie midway between neighbouring places on the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells<T> {
    /// The x of each column, rising.
    pub columns: Vec<f64>,
    /// The y of each row, rising.
    pub rows: Vec<f64>,
    /// `rows.len() * columns.len()` values; a cell without one is marked as missing.
    pub values: Vec<Option<T>>,
}

impl<T: Copy> Cells<T> {
    /// The value of a cell, if it has one.
    pub fn at(&self, row: usize, column: usize) -> Option<T> {
        self.values.get(row * self.columns.len() + column).copied().flatten()
    }
}

/// Values as colours, with a colour bar. Values are written into the cells where they fit.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// Finite values; others count as missing.
    pub cells: Cells<f64>,
    /// What the values are: the colour bar's title.
    pub title: String,
    /// How values are written.
    pub format: ValueFormat,
    /// The lowest and highest value that colours tell apart; none takes all values.
    pub range: Option<(f64, f64)>,
    /// A border around cells.
    pub contour: Option<Contour>,
}

/// The border between cells inside and outside, drawn along their edges: no value between cells is made up.
#[derive(Clone, Debug, PartialEq)]
pub struct Contour {
    /// In the legend.
    pub name: String,
    /// For each cell, row by row, whether it is inside.
    pub inside: Vec<bool>,
}

/// Categories of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionMap {
    /// Indices into `regions`.
    pub cells: Cells<usize>,
    /// The categories, all of which stand in the legend.
    pub regions: Vec<Region>,
}

/// One category of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// In the legend.
    pub name: String,
    /// In each cell that has room.
    pub letter: char,
    /// An index into the tints.
    pub tint: usize,
    /// Beside the colour.
    pub hatch: Hatch,
}

/// Lines over a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hatch {
    /// None.
    Plain,
    /// Rising to the right.
    Rising,
    /// Falling to the right.
    Falling,
    /// Both.
    Crossed,
}
