//! What is measured of a training, which none of it changes: errors, averaged weights, norms; and the statistics that
//! frozen batch norms are given once.

pub(in crate::train) mod averaged;
pub(in crate::train) mod evaluate;
pub(in crate::train) mod norm_statistics;
pub(in crate::train) mod norms;
pub(in crate::train) mod wanted;
