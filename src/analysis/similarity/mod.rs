//! How similar two tasks are. Each measure is a pure function of features, probabilities, labels or names.
//!
//! Feature matrices have one row per image. This module does not know which network they come from.

mod cka;
mod frechet;
mod gaussian;
mod labels;
mod leep;
mod logme;
mod matching;
#[cfg(test)]
mod reference;

pub use cka::{Cka, Gram};
pub use frechet::{frechet_squared, frechet_table};
pub use gaussian::{Gaussian, LeadingAxes};
pub use labels::{Overlap, overlap};
pub use leep::leep;
pub use logme::logme;
pub use matching::least_cost_matching;
