//! Turns the bindings' panic at out-of-memory into an error that tells what the training was doing.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use anyhow::Result;

use crate::native::{self, Cause};

/// What a training was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Training steps.
    Training,
    /// Evaluating splits.
    Evaluating,
    /// Filling the prefix cache.
    CachingPrefix,
    /// Capturing a step or an evaluation as a CUDA graph.
    Capturing,
}

/// Memory ran out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfMemory {
    /// What the training was doing.
    pub during: Activity,
    /// libtorch's message.
    pub cause: String,
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let during = match self.during {
            Activity::Training => "training",
            Activity::Evaluating => "evaluating",
            Activity::CachingPrefix => "filling the prefix cache",
            Activity::Capturing => "capturing a CUDA graph",
        };
        write!(f, "memory ran out while {during}: {}", self.cause)
    }
}

impl std::error::Error for OutOfMemory {}

impl Activity {
    /// Whether there is a fallback. Then a failure that may be out-of-memory counts as one; if it is not, it will recur in
    /// the fallback.
    fn has_another_way(self) -> bool {
        matches!(self, Self::CachingPrefix | Self::Capturing)
    }
}

/// Does work; an error if memory runs out. Other panics propagate.
pub(in crate::train) fn during<T>(activity: Activity, work: impl FnOnce() -> T) -> Result<T, OutOfMemory> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let words = words(&panic);
        match native::cause_of(&words) {
            Cause::Memory => {}
            Cause::MemoryOrDevice if activity.has_another_way() => {}
            _ => resume_unwind(panic),
        }
        OutOfMemory { during: activity, cause: native::first_words(&words) }
    })
}

/// Does work that has a fallback; any panic becomes an error message.
pub(in crate::train) fn attempt<T>(activity: Activity, work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let words = words(&panic);
        let cause = native::first_words(&words);
        match native::cause_of(&words) {
            Cause::Memory => OutOfMemory { during: activity, cause }.to_string(),
            _ => cause,
        }
    })
}

fn words(panic: &Box<dyn Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_out_of_memory_is_caught() {
        let words = "called `Result::unwrap()` on an `Err` value: Torch(\"CUDA out of memory. Tried to\\nmore\")";
        let out = during(Activity::Evaluating, || panic!("{words}"));
        let error: OutOfMemory = out.map(|(): ()| ()).expect_err("there is none left");
        assert_eq!(error.to_string(), "memory ran out while evaluating: CUDA out of memory. Tried to");
        assert_eq!(during(Activity::Training, || 7), Ok(7));
        let other = catch_unwind(|| during(Activity::Training, || panic!("{}", "another thing")));
        assert!(other.is_err());
        // An ambiguous error counts as out of memory only where there is a fallback.
        let perhaps = "Torch(\"cuDNN error: CUDNN_STATUS_INTERNAL_ERROR\")";
        assert!(during(Activity::CachingPrefix, || panic!("{perhaps}")).map(|(): ()| ()).is_err());
        assert!(catch_unwind(|| during(Activity::Training, || panic!("{perhaps}"))).is_err());
    }

    #[test]
    fn any_failure_of_an_attempt_is_a_readable_error() {
        let failed = |text: &'static str| attempt(Activity::Capturing, || panic!("{text}")).map(|(): ()| ());
        assert_eq!(failed("another thing"), Err("another thing".to_owned()));
        let memory = "memory ran out while capturing a CUDA graph: CUDA out of memory.".to_owned();
        assert_eq!(failed("Torch(\"CUDA out of memory.\")"), Err(memory));
    }
}
