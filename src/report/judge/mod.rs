//! Turns settings into findings: stated claims that hold or not, and exploratory results.

mod bump;
mod checks;
mod claims;
mod control;
mod finding;
mod pair;
mod stated;
mod unstated;

pub(super) use claims::{Judgement, judge};
pub(super) use finding::{Answer, Check, Finding, Standing};
