//! Measurements, which never affect the training: errors, averaged weights, norms, linear heads and nearest neighbours on
//! features. Also the statistics of frozen batch norms, which are fitted once.

pub(in crate::train) mod averaged;
pub(in crate::train) mod evaluate;
pub(in crate::train) mod evaluators;
pub(in crate::train) mod linear_fit;
pub(in crate::train) mod nearest;
pub(in crate::train) mod norm_statistics;
pub(in crate::train) mod norms;
