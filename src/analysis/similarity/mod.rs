//! How alike two tasks are, as numbers: each measure a pure function of features, probabilities, labels or names.
//!
//! Features are matrices with a row for each image. Where they come from, and of which network, is not known here.

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
