//! What is measured of a training, which none of it changes: errors, averaged weights, norms; and the statistics that
//! frozen batch norms are given once. Linear heads and nearest neighbours say what features are worth.

pub(in crate::train) mod averaged;
pub(in crate::train) mod evaluate;
pub(in crate::train) mod evaluators;
pub(in crate::train) mod linear_fit;
pub(in crate::train) mod nearest;
pub(in crate::train) mod norm_statistics;
pub(in crate::train) mod norms;
