//! From settings to findings in words: what was stated and holds, what does not, and what is only looked at.

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
