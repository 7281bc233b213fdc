//! What holds the tests and intervals of this module: on curves without an effect, drawn many times, each test rejects
//! in at most 5%, and each interval misses in at most 5%, plus three standard errors of the simulation.
//!
//! The short forms run everywhere; the long ones draw more often, over all numbers of seeds and points.

mod claims;
mod intervals;
mod null_curves;
mod unstated;

use super::holm::SIGNIFICANCE;
use crate::seed::{Purpose, Stream, named_stream};

/// A stream of draws for each thing simulated.
fn draws(name: &str) -> Stream {
    named_stream(0, Purpose::Synthetic, name)
}

/// Holds a rate of false rejections, or of misses of a 95% interval, to 5% plus three standard errors.
fn hold(what: &str, errors: usize, trials: usize) {
    let most = SIGNIFICANCE + 3.0 * standard_error(trials);
    let rate = errors as f64 / trials as f64;
    assert!(rate <= most, "{what}: {rate:.4} of {trials} trials, at most {most:.4} was expected");
}

fn standard_error(trials: usize) -> f64 {
    (SIGNIFICANCE * (1.0 - SIGNIFICANCE) / trials as f64).sqrt()
}
