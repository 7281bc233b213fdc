//! An attempt at the work of a directory, recorded however it ends.

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

/// Does the work, and writes down that it runs, and how it ended: in the record, and an error in `error.txt` too.
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
    // The work's own error is the one to tell, whether or not it can be written down too.
    if status != Status::Stopped {
        let _ = files::write_atomically(&directory.error(), format!("{error:#}\n").as_bytes());
    }
    let _ = record.write(directory);
    Err(error)
}

/// What went wrong before the work began, with what to do; and in `error.txt`, where that can be written. A finished run
/// did not fail: what stands in its place says nothing of a later attempt that did not come to replace it.
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

/// An error of the system with what to do about it.
pub(in crate::run) fn advised(error: anyhow::Error) -> anyhow::Error {
    with_advice(error).1
}

/// How a work that ended early ended, and its error with what to do.
fn with_advice(error: anyhow::Error) -> (Status, anyhow::Error) {
    if UserError::exit_of(&error) == Exit::Stopped {
        return (Status::Stopped, error);
    }
    if let Some(diverged) = error.downcast_ref::<Diverged>() {
        if diverged.updates == 0 {
            // Nothing was learned yet, so it is no divergence: another start may find other weights or data.
            let told = UserError::new(error.to_string()).hint(NOT_LEARNED).hint(OVERFLOW);
            return (Status::Failed, told.into());
        }
        let told = UserError::new(error.to_string()).hint("try a third of the learning rate, or `warmup_steps`");
        return (Status::Diverged, told.into());
    }
    if let Some(out) = error.downcast_ref::<OutOfMemory>() {
        let told = UserError::new(format!("{error:#}")).hint(spares(out.during)).hint(GOES_ON);
        return (Status::Failed, told.into());
    }
    let advice = error.chain().find_map(|cause| advice(cause.downcast_ref()?));
    match advice {
        Some(advice) => (Status::Failed, UserError::new(format!("{error:#}")).hint(advice).hint(GOES_ON).into()),
        None => (Status::Failed, of_device(error)),
    }
}

/// A device's error comes in words alone where it is found in a call of ours, and is given its advice here.
fn of_device(error: anyhow::Error) -> anyhow::Error {
    let text = format!("{error:#}");
    let advised = error.downcast_ref::<UserError>().is_some_and(|error| !error.hints().is_empty());
    if advised || native::cause_of(&text) == Cause::Other {
        return error;
    }
    thrown(&text).into()
}

const NOT_LEARNED: &str = "the learning rate has no part in it: look at the data (`freezewise data stats`), at the \
                           weights that the run starts from, and at the statistics of frozen layers";
const OVERFLOW: &str =
    "where numbers are too large for 16 bits, `precision=fp32` is another run that has room for them";
const LOOK_AT_DEVICE: &str = "the device failed: look at `nvidia-smi` and the system's log";
const GOES_ON: &str = "then the same command goes on from the last checkpoint";
const SPARES_MEMORY: &str = "set `compute.cache=off` or a smaller `compute.evaluation_batch`, which leave it the same \
                             run, or a smaller `batch_size`, which makes another run; or give it more memory";

/// The settings that spare memory in what was done.
fn spares(activity: Activity) -> &'static str {
    match activity {
        Activity::Evaluating => "set a smaller `compute.evaluation_batch`, which leaves it the same run",
        Activity::Training => {
            "set `compute.cache=off` or `compute.graph=off`, which leave it the same run, or a smaller `batch_size`, \
             which makes another run"
        }
        Activity::CachingPrefix => "set `compute.cache=off`, which leaves it the same run",
        Activity::Capturing => "set `compute.graph=off`, which leaves it the same run",
    }
}

/// Linux's number of an input or output error, which has no kind of its own.
const EIO: i32 = 5;

/// What to do about an error of the system.
fn advice(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::WriteZero => "the disk is full: make room on it",
        io::ErrorKind::QuotaExceeded => "your quota on this disk is used up: make room in it",
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "the folder cannot be written: give yourself the right to, or take another by `--out`"
        }
        io::ErrorKind::StaleNetworkFileHandle => "the folder is no longer there: look whether its disk is mounted",
        _ if error.raw_os_error() == Some(EIO) => "the disk fails: look at the system's log",
        _ => return None,
    })
}

/// The bindings to libtorch panic where libtorch throws: out of memory, a lost device. That is an error like others.
pub(in crate::run) fn without_panic<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let done = catch_unwind(AssertUnwindSafe(work));
    set_hook(hook);
    done.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
        Err(thrown(text.unwrap_or("a panic without words")).into())
    })
}

/// Words for what libtorch threw: its first line, and what to do.
fn thrown(text: &str) -> UserError {
    let error = UserError::new(format!("the computation failed: {}", native::first_words(text)));
    match native::cause_of(text) {
        Cause::Memory => error.hint(SPARES_MEMORY).hint(GOES_ON),
        Cause::MemoryOrDevice => error
            .hint(format!("if memory ran out, {SPARES_MEMORY}"))
            .hint(format!("else {LOOK_AT_DEVICE}"))
            .hint(GOES_ON),
        Cause::Device => error.hint(LOOK_AT_DEVICE).hint(GOES_ON),
        Cause::Other => error
            .hint("log.txt says how far it came; if it comes again, it is a mistake in this program: please report it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libtorch_throws_is_an_error_with_advice() {
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
        assert_eq!(memory.hints(), [SPARES_MEMORY, GOES_ON]);
        let either = thrown("Torch(\"cuDNN error: CUDNN_STATUS_INTERNAL_ERROR\\nException\")");
        assert_eq!(either.hints().len(), 3);
        assert!(either.hints()[0].contains(SPARES_MEMORY) && either.hints()[1].contains(LOOK_AT_DEVICE));
        let blas =
            of_device(UserError::new("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`").into());
        assert_eq!(blas.downcast_ref::<UserError>().expect("an error with advice").hints(), [SPARES_MEMORY, GOES_ON]);
        let lost = of_device(UserError::new("CUDA error: unspecified launch failure\nframe #0").into());
        assert_eq!(lost.to_string(), "the computation failed: CUDA error: unspecified launch failure");
        let other = of_device(UserError::new("a file is not there").into());
        assert_eq!(other.to_string(), "a file is not there");
    }

    /// Advice about the learning rate is for what learning broke.
    #[test]
    fn what_was_never_finite_did_not_diverge() {
        for (updates, expected, hint) in
            [(0, Status::Failed, "the learning rate has no part in it"), (1, Status::Diverged, "a third of the")]
        {
            let (status, error) = with_advice(Diverged { step: updates + 1, epoch: 1, updates }.into());
            assert_eq!(status, expected);
            let hints = error.downcast_ref::<UserError>().expect("an error with advice").hints().join("\n");
            assert!(hints.contains(hint), "{hints}");
        }
    }
}
