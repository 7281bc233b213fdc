//! Statistics as pure functions on numbers: curves of errors, inference over seeds, similarity of tasks. Nothing here
//! reads files or trains.

mod band;
mod capacity;
mod cell_regime;
mod complete;
mod descent;
mod epoch_regime;
pub mod inference;
mod interpolation;
mod regime;
pub mod similarity;
mod spikes;

pub use band::{BandPoint, BandSpread, band};
pub use capacity::{
    Capacity, CapacityError, CapacityOverSeeds, CapacityReading, MeanCapacity, SizedError, capacity,
    capacity_over_seeds,
};
pub use cell_regime::{CellRegime, cell_regimes};
pub use complete::{CompleteCurves, IncompleteRun, NamedCurve};
pub use descent::{Bump, largest_bump};
pub use epoch_regime::epoch_regime;
pub use interpolation::{Interpolation, interpolation};
pub use regime::{INTERPOLATION_EPSILON, Regime, regime, regime_at};
pub use spikes::{SPIKE_FACTOR, Spike, spikes};

/// A measurement at an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Epoch.
    pub epoch: u64,
    /// A fraction.
    pub error: f64,
}

#[cfg(test)]
fn curve(errors: &[f64]) -> Vec<Point> {
    errors.iter().enumerate().map(|(epoch, &error)| Point { epoch: epoch as u64, error }).collect()
}
