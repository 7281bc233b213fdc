//! A linear probe: multinomial logistic regression on fixed features.
//!
//! The problem is scikit-learn's (`LogisticRegression`, its `C` being 1/λ): over weights W `[classes, features]` and a
//! bias b `[classes]`, minimise
//!
//! ```text
//! Σᵢ −log softmax(W xᵢ + b)[yᵢ]  +  λ/2 · ‖W‖²
//! ```
//!
//! a sum over examples, not a mean; the bias has no penalty. It is solved by L-BFGS in double precision, from W = 0 and
//! b = 0. Solving it along principal axes (`axes`) makes it fast and does not change the solution. Among solutions that
//! differ only by a constant bias it returns the one whose bias sums to 0, as scikit-learn does.
//!
//! It must not know networks: features come as a matrix.

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
