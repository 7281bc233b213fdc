//! The pages of a report. All text that comes from runs is escaped when it is written.

mod cells;
mod facts;
mod html;
mod legend;
mod markdown;
mod tables;

pub(super) use html::html;
pub(super) use markdown::markdown;
pub(super) use tables::runs_csv;
