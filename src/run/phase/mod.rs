//! One training phase in its directory: the session that trains it, and what it writes and reports.

pub(in crate::run) mod checkpoint_schedule;
pub(in crate::run) mod event;
pub(in crate::run) mod log;
pub(in crate::run) mod recorder;
pub(in crate::run) mod rows;
pub(in crate::run) mod session;
pub(in crate::run) mod start;
pub(in crate::run) mod work;
