//! What is wrong with a spec, each problem with its place.

use std::fmt;

use crate::error::Exit;

/// A longer argument is cut in messages.
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
        /// Column, from 1, in bytes.
        column: usize,
    },
    /// In a `--set` argument, given whole.
    Override(String),
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

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// The dotted key; empty where the file as a whole is meant.
    pub key: String,
    /// What.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// Whether the spec is right and the data set that it names is not.
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

/// All that is wrong with a spec, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// The exit code of a command that they end: data that cannot be read are no mistake of the spec.
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
