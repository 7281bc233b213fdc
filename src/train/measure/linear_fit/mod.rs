//! A linear probe: multinomial logistic regression on features that stay as they are.
//!
//! The problem is scikit-learn's (`LogisticRegression`, its `C` being 1/λ): over weights W `[classes, features]` and a
//! bias b `[classes]`, minimise
//!
//! ```text
//! Σᵢ −log softmax(W xᵢ + b)[yᵢ]  +  λ/2 · ‖W‖²
//! ```
//!
//! a sum over examples and not a mean; the bias has no penalty. It is solved by L-BFGS in double, from W = 0 and b = 0.
//! The axes that it is solved in (`axes`) make it quick and leave its solution as it is. Among solutions that differ by
//! the same bias for every class it is the one whose bias sums to 0, as scikit-learn's.
//!
//! It must not know of networks: features come as a matrix, from anywhere.

mod axes;
mod fit;
mod head;
mod lbfgs;
mod objective;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
mod tuned;

pub use fit::fit_linear;
pub use head::{FitEnd, LinearHead};
#[cfg(test)]
pub(in crate::train) use reference::Reference;
pub use tuned::fit_tuned;
