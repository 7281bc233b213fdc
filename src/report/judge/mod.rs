//! Turns settings into findings: stated claims that hold or not, and exploratory results.

mod bump;
mod checks;
mod claimed;
mod claims;
mod commands;
mod control;
mod delay;
mod descent;
mod effect;
mod equivalence;
mod finding;
mod images;
mod larger_bump;
mod order;
mod pair;
mod site_errors;
mod sources;
mod spikes;
mod stated;
mod subject;
mod unstated;

pub(super) use claims::{Judgement, judge};
pub(super) use commands::Commands;
pub(super) use finding::{Answer, Finding, Standing};
