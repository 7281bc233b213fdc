//! Variables of the environment: the only place that reads them.
//!
//! An empty variable is an unset one, as in the shell's `${NAME:-default}`: a job script that exports `NAME=$OTHER`
//! with nothing in `OTHER` asks for nothing.

use std::ffi::OsString;
use std::path::PathBuf;

/// The value of a variable, unless it is unset or empty.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The same as text; bytes that are no UTF-8 are replaced.
pub fn text(name: &str) -> Option<String> {
    variable(name).map(|value| value.to_string_lossy().into_owned())
}

/// The same as a path.
pub fn path(name: &str) -> Option<PathBuf> {
    variable(name).map(PathBuf::from)
}
