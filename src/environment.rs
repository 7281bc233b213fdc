//! Environment variables. No other module reads them.
//!
//! An empty variable counts as unset, as in the shell's `${NAME:-default}`: a job script that exports `NAME=$OTHER`
//! with an empty `OTHER` requests nothing.

use std::ffi::OsString;
use std::path::PathBuf;

/// The value of a variable; `None` if unset or empty.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The value as text; invalid UTF-8 is replaced by U+FFFD.
pub fn text(name: &str) -> Option<String> {
    variable(name).map(|value| value.to_string_lossy().into_owned())
}

/// The value as a path.
pub fn path(name: &str) -> Option<PathBuf> {
    variable(name).map(PathBuf::from)
}
