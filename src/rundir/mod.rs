//! Writes and reads the directories of runs, sources and sweeps, without libtorch, so that any version of the program,
//! and a report years later, can read them.
//!
//! A part of a file that another version wrote and this one does not understand is ignored; it never makes a finished
//! run unfinished.

mod correct;
mod data_record;
mod directory;
mod git;
pub mod host;
mod made_with;
mod probe_row;
mod record;
mod row;
mod runs;
mod scheduled;
mod seen_data;
mod spec_values;
mod summary;
mod table;
mod tensorboard;
mod transfer;

pub use crate::metrics::{COLUMNS, Column, MeasuredBy, Metrics};
pub use correct::{AnswerFile, Answers, read_answers};
pub use data_record::DataRecord;
pub use directory::RunDirectory;
pub use git::Git;
pub use made_with::MadeWith;
pub use probe_row::{PROBE_COLUMNS, ProbeRow};
pub use record::{Length, Record, Restart, Status, write_json};
pub use row::{BRANCH_COLUMNS, BranchRow, TIMING_COLUMNS, Timing};
pub use runs::{directories, directories_of};
pub use seen_data::SeenSurvey;
pub use spec_values::{SpecValues, spec_values};
pub use summary::{SETTLED_STEPS, Summary};
pub use table::{CsvTable, cut, last_row, parse, read, table, whole_rows, write_rows};
pub use tensorboard::EventFile;
pub use transfer::TransferReport;
