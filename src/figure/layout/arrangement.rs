//! Positions of the plots: a grid of equally wide cells, in which plots align left and right within a column, and top
//! and bottom within a row.

use crate::figure::model::Figure;
use crate::figure::scene::Bounds;

use super::margins::Margins;

/// Gaps around the page, between columns, and between rows.
pub(super) const BORDER: f64 = 3.0;
const COLUMN_GAP: f64 = 10.0;
const ROW_GAP: f64 = 8.0;
/// Plots narrower than this are placed below each other instead.
const NARROWEST: f64 = 70.0;

/// Positions of the plots.
pub(super) struct Arrangement {
    /// For each panel.
    pub(super) margins: Vec<Margins>,
    /// For each panel.
    pub(super) plots: Vec<Bounds>,
    /// Lower end of all panels.
    pub(super) bottom: f64,
}

impl Arrangement {
    /// Uses the requested number of columns, or fewer if plots would be too narrow.
    pub(super) fn new(figure: &Figure) -> Self {
        let most = figure.columns.clamp(1, figure.panels.len().max(1));
        let mut columns = most;
        loop {
            let arrangement = Self::with_columns(figure, columns);
            let narrowest = arrangement.plots.iter().map(|plot| plot.width).fold(f64::INFINITY, f64::min);
            if columns == 1 || narrowest >= NARROWEST {
                return arrangement;
            }
            columns -= 1;
        }
    }

    fn with_columns(figure: &Figure, columns: usize) -> Self {
        let inner = figure.extent.width - 2.0 * BORDER;
        let width = (inner - COLUMN_GAP * (columns - 1) as f64) / columns as f64;
        let mut margins: Vec<Margins> =
            (0..figure.panels.len()).map(|index| Margins::of(figure, index, width)).collect();
        for column in 0..columns {
            let largest =
                |side: fn(&Margins) -> f64| margins.iter().skip(column).step_by(columns).map(side).fold(0.0, f64::max);
            let (left, right) = (largest(|margins| margins.left), largest(|margins| margins.right));
            for margins in margins.iter_mut().skip(column).step_by(columns) {
                (margins.left, margins.right) = (left, right);
            }
        }
        let (mut plots, mut top) = (Vec::with_capacity(margins.len()), BORDER);
        for row in margins.chunks_mut(columns) {
            let above = row.iter().map(|margins| margins.top).fold(0.0, f64::max);
            let below = row.iter().map(|margins| margins.bottom).fold(0.0, f64::max);
            for (column, margins) in row.iter_mut().enumerate() {
                margins.top = above;
                let left = BORDER + column as f64 * (width + COLUMN_GAP) + margins.left;
                let across = (width - margins.left - margins.right).max(10.0);
                plots.push(Bounds { left, top: top + above, width: across, height: figure.extent.plot_height });
            }
            top += above + figure.extent.plot_height + below + ROW_GAP;
        }
        Self { margins, plots, bottom: top - ROW_GAP.min(top) }
    }
}
