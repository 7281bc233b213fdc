//! An attempt at the work of a directory, recorded however it ends.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::time::Instant;

use anyhow::Result;

use super::directory::RunDirectory;
use super::record::{Record, Status};
use crate::error::UserError;
use crate::files;

/// Does the work, and writes down that it runs, and how it ended: in the record, and an error in `error.txt` too.
pub(super) fn attempt<T>(
    directory: &RunDirectory,
    record: &mut Record,
    work: impl FnOnce(&mut Record) -> Result<T>,
) -> Result<T> {
    record.write(directory)?;
    let started = Instant::now();
    let done = without_panic(|| work(record));
    let status = if done.is_ok() { Status::Finished } else { Status::Failed };
    record.end(status, started.elapsed().as_secs_f64());
    match &done {
        Ok(_) => record.write(directory)?,
        Err(error) => {
            // The work's own error is the one to tell, whether or not it can be written down too.
            let _ = files::write_atomically(&directory.error(), format!("{error:#}\n").as_bytes());
            let _ = record.write(directory);
        }
    }
    done
}

/// The bindings to libtorch panic where libtorch throws: out of memory, a lost device. That is an error like others.
fn without_panic<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
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
    let cause = text.split_once("Torch(\"").map_or(text, |(_, cause)| cause);
    let line = cause.split("\\n").next().unwrap_or_default().lines().next().unwrap_or_default();
    let error = UserError::new(format!("the computation failed: {}", line.trim_end_matches("\")")));
    let lower = text.to_lowercase();
    if lower.contains("out of memory") || lower.contains("can't allocate memory") {
        return error.hint("set a smaller `batch_size` or `width`, or give the run more memory");
    }
    error.hint("log.txt says how far it came; if it comes again, it is a mistake in this program: please report it")
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
        assert!(memory.hints()[0].contains("batch_size"));
    }
}
