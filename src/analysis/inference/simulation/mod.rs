//! Simulations of the tests and intervals: on curves without an effect, each test rejects in at most 5% and each
//! interval misses in at most 5%, plus three standard errors of the simulation.
//!
//! Short versions run everywhere; long versions draw more often, for all numbers of seeds and points.

mod claims;
mod intervals;
mod null_curves;
mod unstated;

use super::holm::SIGNIFICANCE;
use crate::seed::{Purpose, Stream, named_stream};

/// A random stream for each simulation.
fn draws(name: &str) -> Stream {
    named_stream(0, Purpose::Synthetic, name)
}

/// Asserts that a rate of false rejections, or of misses of a 95% interval, is at most 5% plus three standard errors.
fn hold(what: &str, errors: usize, trials: usize) {
    let most = SIGNIFICANCE + 3.0 * standard_error(trials);
    let rate = errors as f64 / trials as f64;
    assert!(rate <= most, "{what}: expected at most {most:.4} of {trials} trials, found {rate:.4}");
}

fn standard_error(trials: usize) -> f64 {
    (SIGNIFICANCE * (1.0 - SIGNIFICANCE) / trials as f64).sqrt()
}
