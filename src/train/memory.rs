//! Memory that runs out: libtorch's bindings panic where it throws, and that becomes an error which says what was done.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use anyhow::Result;

use crate::native;

/// What a training does with memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Steps.
    Training,
    /// Errors of its splits.
    Evaluating,
    /// The outputs of frozen layers, to be kept.
    Keeping,
    /// A step or an evaluation, as a graph.
    Capturing,
}

/// Memory ran out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfMemory {
    /// While this was done.
    pub during: Activity,
    /// In libtorch's words.
    pub cause: String,
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let during = match self.during {
            Activity::Training => "training",
            Activity::Evaluating => "evaluating",
            Activity::Keeping => "the outputs of frozen layers were computed to be kept",
            Activity::Capturing => "a graph was captured",
        };
        write!(f, "memory ran out while {during}: {}", self.cause)
    }
}

impl std::error::Error for OutOfMemory {}

/// Does work; where memory runs out in it, that is the error. What else it panics with goes on.
pub(super) fn during<T>(activity: Activity, work: impl FnOnce() -> T) -> Result<T, OutOfMemory> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let words = panic.downcast_ref::<String>().map_or("", String::as_str);
        if native::is_out_of_memory(words) {
            OutOfMemory { during: activity, cause: native::first_words(words) }
        } else {
            resume_unwind(panic)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_want_of_memory_is_caught() {
        let words = "called `Result::unwrap()` on an `Err` value: Torch(\"CUDA out of memory. Tried to\\nmore\")";
        let out = during(Activity::Evaluating, || panic!("{words}"));
        let error: OutOfMemory = out.map(|(): ()| ()).expect_err("there is none left");
        assert_eq!(error.to_string(), "memory ran out while evaluating: CUDA out of memory. Tried to");
        assert_eq!(during(Activity::Training, || 7), Ok(7));
        let other = catch_unwind(|| during(Activity::Training, || panic!("{}", "another thing")));
        assert!(other.is_err());
    }
}
