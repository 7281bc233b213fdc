//! One attempt at a run, recorded however it ends, and advice for its errors.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::time::Instant;

use anyhow::Result;

use crate::error::{Exit, UserError};
use crate::files;
use crate::native::{self, Cause};
use crate::run::recovery::lock::{Lock, TakenOver};
use crate::rundir::{Record, RunDirectory, Status};
use crate::train::{Activity, Diverged, OutOfMemory};

/// Does the work and records that it runs and how it ended, in `run.json`; an error also goes to `error.txt`.
pub(in crate::run) fn attempt<T>(
    directory: &RunDirectory,
    lock: &Lock,
    record: &mut Record,
    work: impl FnOnce(&mut Record) -> Result<T>,
) -> Result<T> {
    files::remove(&directory.error())?;
    record.write(directory)?;
    let started = Instant::now();
    let done = without_panic(|| work(record)).and_then(|done| lock.check().map(|()| done));
    let seconds = started.elapsed().as_secs_f64();
    let error = match done {
        Ok(done) => {
            record.end(Status::Finished, None, seconds);
            record.write(directory)?;
            return Ok(done);
        }
        Err(error) => error,
    };
    if error.chain().any(<dyn std::error::Error + 'static>::is::<TakenOver>) {
        return Err(error);
    }
    let (status, error) = with_advice(error);
    record.end(status, Some(format!("{error:#}")), seconds);
    // The work's own error is the one to report, even if it cannot be written.
    if status != Status::Stopped {
        let _ = files::write_atomically(&directory.error(), format!("{error:#}\n").as_bytes());
    }
    let _ = record.write(directory);
    Err(error)
}

/// Adds advice to an error that came before the work began, and writes it to `error.txt` if that is possible. Not for a
/// finished run: it did not fail because a later attempt could not replace it.
pub(in crate::run) fn record_failure(directory: &RunDirectory, error: anyhow::Error) -> anyhow::Error {
    let is_failure = UserError::exit_of(&error) == Exit::Failed;
    if !is_failure || error.chain().any(<dyn std::error::Error + 'static>::is::<TakenOver>) {
        return error;
    }
    let error = advised(error);
    let is_finished = Record::read(directory).is_ok_and(|record| record.is_some_and(|record| record.is_finished()));
    if !is_finished {
        let _ = files::write_atomically(&directory.error(), format!("{error:#}\n").as_bytes());
    }
    error
}

/// Adds advice to an error of the operating system or the device.
pub fn advised(error: anyhow::Error) -> anyhow::Error {
    with_advice(error).1
}

/// The status of an attempt that ended early, and its error with advice.
fn with_advice(error: anyhow::Error) -> (Status, anyhow::Error) {
    if UserError::exit_of(&error) == Exit::Stopped {
        return (Status::Stopped, error);
    }
    if let Some(diverged) = error.downcast_ref::<Diverged>() {
        if diverged.updates == 0 {
            // No update was made yet, so this is not a divergence: with other weights or data it may work.
            let error = UserError::new(error.to_string()).hint(NOT_LEARNED).hint(OVERFLOW);
            return (Status::Failed, error.into());
        }
        let error = UserError::new(error.to_string()).hint("try a third of the learning rate, or `warmup_steps`");
        return (Status::Diverged, error.into());
    }
    if let Some(out) = error.downcast_ref::<OutOfMemory>() {
        let error = UserError::new(format!("{error:#}")).hint(spares(out.during)).hint(RESUME);
        return (Status::Failed, error.into());
    }
    let advice = error.chain().find_map(|cause| advice(cause.downcast_ref()?));
    match advice {
        Some(advice) => (Status::Failed, UserError::new(format!("{error:#}")).hint(advice).hint(RESUME).into()),
        None => (Status::Failed, of_device(error)),
    }
}

/// Adds advice to a device error that did not come through `without_panic`; only its text tells the cause.
fn of_device(error: anyhow::Error) -> anyhow::Error {
    let text = format!("{error:#}");
    let advised = error.downcast_ref::<UserError>().is_some_and(|error| !error.hints().is_empty());
    if advised || native::cause_of(&text) == Cause::Other {
        return error;
    }
    thrown(&text).into()
}

const NOT_LEARNED: &str = "it was not finite before the first step, so the learning rate is not the cause: check the data \
                           (`freezewise data stats`), the initial weights and the statistics of frozen layers";
const OVERFLOW: &str = "if values overflow 16 bits, try `precision=fp32`, which starts a new run";
const LOOK_AT_DEVICE: &str = "the device failed: check `nvidia-smi` and the system log";
const RESUME: &str = "then run the same command again to resume from the last checkpoint";
const SPARES_MEMORY: &str = "set `compute.cache=off` or a smaller `compute.evaluation_batch` (continues this \
                             run), or a smaller `batch_size` (starts a new run); or use more memory";

/// The settings that save memory in an activity.
fn spares(activity: Activity) -> &'static str {
    match activity {
        Activity::Evaluating => "set `compute.cache=off` or a smaller `compute.evaluation_batch` (continues this run)",
        Activity::Training => {
            "set `compute.cache=off` or `compute.graph=off` (continues this run), or a smaller `batch_size` \
             (starts a new run)"
        }
        Activity::CachingPrefix => "set `compute.cache=off` (continues this run)",
        Activity::Capturing => "set `compute.graph=off` (continues this run)",
    }
}

/// Linux's `EIO`, an I/O error, which has no `io::ErrorKind`.
const EIO: i32 = 5;

/// Advice for an error of the operating system.
fn advice(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::WriteZero => "the disk is full: free some space",
        io::ErrorKind::QuotaExceeded => "your disk quota is used up: free some space",
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "the folder is not writable: change its permissions, or use another one with `--out`"
        }
        io::ErrorKind::StaleNetworkFileHandle => "the folder is gone: check that its disk is mounted",
        _ if error.raw_os_error() == Some(EIO) => "the disk is failing: check the system log",
        _ => return None,
    })
}

/// Turns a panic into an error: the bindings panic where libtorch throws, as out of memory or when a device is lost.
pub(in crate::run) fn without_panic<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let done = catch_unwind(AssertUnwindSafe(work));
    set_hook(hook);
    done.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
        Err(thrown(text.unwrap_or("a panic without a message")).into())
    })
}

/// An error for what libtorch threw: its first line, with advice.
fn thrown(text: &str) -> UserError {
    let error = UserError::new(format!("the computation failed: {}", native::first_words(text)));
    match native::cause_of(text) {
        Cause::Memory => error.hint(SPARES_MEMORY).hint(RESUME),
        Cause::MemoryOrDevice => error
            .hint(format!("if memory ran out, {SPARES_MEMORY}"))
            .hint(format!("otherwise {LOOK_AT_DEVICE}"))
            .hint(RESUME),
        Cause::Device => error.hint(LOOK_AT_DEVICE).hint(RESUME),
        Cause::Other => {
            error.hint("`log.txt` shows how far the run got; if it happens again, it is a bug: please report it")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtorch_exceptions_are_errors_with_hints() {
        let error = without_panic(|| {
            let _ =
                tch::Tensor::ones([2, 3], tch::kind::FLOAT_CPU).matmul(&tch::Tensor::ones([2], tch::kind::FLOAT_CPU));
            Ok(())
        })
        .expect_err("the shapes do not fit");
        let text = error.to_string();
        assert!(text.starts_with("the computation failed: ") && !text.contains("Torch(") && text.len() < 200, "{text}");
        let memory =
            thrown("called `Result::unwrap()` on an `Err` value: Torch(\"CUDA out of memory. Tried\\nException\")");
        assert_eq!(memory.to_string(), "the computation failed: CUDA out of memory. Tried");
        assert_eq!(memory.hints(), [SPARES_MEMORY, RESUME]);
        let either = thrown("Torch(\"cuDNN error: CUDNN_STATUS_INTERNAL_ERROR\\nException\")");
        assert_eq!(either.hints().len(), 3);
        assert!(either.hints()[0].contains(SPARES_MEMORY) && either.hints()[1].contains(LOOK_AT_DEVICE));
        let blas =
            of_device(UserError::new("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`").into());
        assert_eq!(blas.downcast_ref::<UserError>().expect("an error with advice").hints(), [SPARES_MEMORY, RESUME]);
        let lost = of_device(UserError::new("CUDA error: unspecified launch failure\nframe #0").into());
        assert_eq!(lost.to_string(), "the computation failed: CUDA error: unspecified launch failure");
        let other = of_device(UserError::new("a file is not there").into());
        assert_eq!(other.to_string(), "a file is not there");
    }

    /// Only a divergence after an update gets advice about the learning rate.
    #[test]
    fn a_loss_that_was_never_finite_did_not_diverge() {
        for (updates, expected, hint) in
            [(0, Status::Failed, "the learning rate is not the cause"), (1, Status::Diverged, "a third of the")]
        {
            let (status, error) = with_advice(Diverged { step: updates + 1, epoch: 1, updates }.into());
            assert_eq!(status, expected);
            let hints = error.downcast_ref::<UserError>().expect("an error with advice").hints().join("\n");
            assert!(hints.contains(hint), "{hints}");
        }
    }
}
