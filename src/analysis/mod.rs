//! Pure functions on numbers: what a curve of errors shows, what several seeds say together, how alike two tasks are.
//! Nothing here reads files or trains.

mod band;
mod cell_regime;
mod complete;
mod crossing;
mod descent;
mod epoch_regime;
pub mod inference;
mod interpolation;
mod regime;
pub mod similarity;
mod spikes;

pub use band::{BandPoint, BandSpread, band};
pub use cell_regime::{CellRegime, cell_regimes};
pub use complete::{CompleteCurves, LeftOut, NamedCurve};
pub use crossing::{CrossingDirection, Interpolated, LevelCrossing, level_crossings};
pub use descent::{Bump, largest_bump};
pub use epoch_regime::epoch_regime;
pub use interpolation::{Interpolation, interpolation};
pub use regime::{INTERPOLATION_EPSILON, Regime, regime};
pub use spikes::{Spike, spikes};

/// A measurement at an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The epoch.
    pub epoch: u64,
    /// The error, a fraction.
    pub error: f64,
}

#[cfg(test)]
fn curve(errors: &[f64]) -> Vec<Point> {
    errors.iter().enumerate().map(|(epoch, &error)| Point { epoch: epoch as u64, error }).collect()
}
