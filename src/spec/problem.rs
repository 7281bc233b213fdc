//! Problems of a spec, each with its place.

use std::fmt;

use crate::error::Exit;

/// Longer arguments are truncated in messages.
const LONGEST_OVERRIDE: usize = 100;

/// Where something was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File {
        /// The file, as the user named it.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
    },
    /// In a `--set` argument, stored in full.
    Override(String),
}

impl Place {
    /// Whether a string there was typed in quotes: always in a file, and in an argument if it has them.
    pub(super) fn may_be_quoted(&self) -> bool {
        match self {
            Self::File { .. } => true,
            Self::Override(argument) => {
                argument.split_once('=').is_some_and(|(_, value)| value.trim_start().starts_with(['"', '\'']))
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Override(argument) => {
                let shown: String = argument
                    .chars()
                    .map(|letter| if letter.is_control() { '�' } else { letter })
                    .take(LONGEST_OVERRIDE)
                    .collect();
                write!(f, "--set {shown}{}", if argument.len() > LONGEST_OVERRIDE { "…" } else { "" })
            }
        }
    }
}

/// One problem of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it was written.
    pub place: Place,
    /// Dotted key; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// Whether the spec is valid and the problem is in the data set it names.
    pub of_data: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n    {hint}"),
            None => Ok(()),
        }
    }
}

/// All problems of a spec, in file order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// The exit code for these problems. Unreadable data are a failure, not a mistake in the spec.
    pub fn exit(&self) -> Exit {
        if self.0.iter().all(|problem| problem.of_data) { Exit::Failed } else { Exit::Usage }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if index > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
