//! Grids of cells over two axes: heat maps and region maps.

use super::ValueFormat;

/// A grid below the series of a panel.
#[derive(Clone, Debug, PartialEq)]
pub enum Grid {
    /// Values as colours.
    Heat(HeatMap),
    /// Categories as colours, letters and hatches.
    Regions(RegionMap),
}

impl Grid {
    /// Coordinates of the cells on both axes.
    pub(in crate::figure) fn places(&self) -> (&[f64], &[f64]) {
        match self {
            Self::Heat(map) => (&map.cells.columns, &map.cells.rows),
            Self::Regions(map) => (&map.cells.columns, &map.cells.rows),
        }
    }
}

/// Values of cells, row by row. Borders are midway between neighbouring coordinates on the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells<T> {
    /// x of each column, ascending.
    pub columns: Vec<f64>,
    /// y of each row, ascending.
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

/// Values as colours, with a colour bar. Values are written into cells that have room.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// Finite values; others count as missing.
    pub cells: Cells<f64>,
    /// Title of the colour bar.
    pub title: String,
    /// Number format.
    pub format: ValueFormat,
    /// Values at the ends of the colour scale; `None`: the range of all values.
    pub range: Option<(f64, f64)>,
    /// Contour around some of the cells.
    pub contour: Option<Contour>,
}

/// A contour between cells inside and outside, drawn along cell edges, so that nothing is interpolated.
#[derive(Clone, Debug, PartialEq)]
pub struct Contour {
    /// Name in the legend.
    pub name: String,
    /// Whether each cell is inside, row by row.
    pub inside: Vec<bool>,
}

/// Cells with a category each.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionMap {
    /// Indices into `regions`.
    pub cells: Cells<usize>,
    /// All categories, in legend order.
    pub regions: Vec<Region>,
}

/// A category of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Name in the legend.
    pub name: String,
    /// Letter drawn in each cell that has room.
    pub letter: char,
    /// Index into the tints.
    pub tint: usize,
    /// Hatch over the colour.
    pub hatch: Hatch,
}

/// A hatch pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hatch {
    /// No hatch.
    Plain,
    /// Rising to the right.
    Rising,
    /// Falling to the right.
    Falling,
    /// Both.
    Crossed,
}
