//! A run's weights, for use elsewhere.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::error::UserError;
use crate::rundir::{Record, RunDirectory};
use crate::spec::Side;

/// The file with the weights of a run's target network, or of the source that it started from. `run` may also be a
/// source's directory or a weights file, which have no source.
pub fn weights_file(run: &Path, side: Side) -> Result<PathBuf> {
    if run.is_file() {
        if side == Side::Source {
            let message = format!("`{}` is a weights file, which has no source", run.display());
            return Err(UserError::usage(message)
                .hint("give the directory of a run, or leave out `--network source`")
                .into());
        }
        return Ok(run.to_path_buf());
    }
    let directory = match side {
        Side::Target => RunDirectory::at(run),
        Side::Source => source_of(run)?,
    };
    let path = directory.weights();
    if !path.exists() {
        let message = format!("there are no weights in `{}`", directory.path().display());
        return Err(UserError::new(message).hint("give the directory of a finished run").into());
    }
    Ok(path)
}

/// `<out>/sources/<hash>/` of the run `<out>/<name>/<folder>/`.
fn source_of(run: &Path) -> Result<RunDirectory> {
    let hash = Record::read(&RunDirectory::at(run))?.and_then(|record| record.source_hash);
    let hash = hash.ok_or_else(|| {
        UserError::new(format!("the run in `{}` has no source", run.display()))
            .hint("it was trained from scratch, or this is not a run directory")
    })?;
    // Absolute first: the parent of a relative path with `..` would be the wrong folder.
    let run = run.canonicalize()?;
    let out = run.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
    let source = RunDirectory::of_source(out, &hash);
    if source.path().exists() {
        return Ok(source);
    }
    let message = format!("the source of the run is not in `{}`", source.path().display());
    Err(UserError::new(message).hint("if the source was a weights file, the run's `spec.toml` names it").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{read_safetensors, write_safetensors};
    use tch::Tensor;

    #[test]
    fn source_and_target_networks_of_a_run_are_found() -> Result<()> {
        let out = tempfile::tempdir()?;
        let run = RunDirectory::of_run(out.path(), "study", "k0");
        let source = RunDirectory::of_source(out.path(), "abc");
        for (directory, value) in [(&run, 1.0f32), (&source, 2.0)] {
            std::fs::create_dir_all(directory.path())?;
            write_safetensors(&directory.weights(), &[("a".to_owned(), Tensor::from(value))].into(), "test")?;
        }
        let record = |source: Option<&str>| {
            let record = serde_json::json!({
                "status": "finished", "epochs": 1, "steps": 1, "hash": "def", "source_hash": source,
                "freezewise": "0.1.0", "libtorch": "2.11.0", "device": "cpu", "threads": 1, "started": "2026-11-24",
            });
            std::fs::write(run.record(), record.to_string())
        };
        record(Some("abc"))?;
        let value =
            |side| -> Result<f64> { Ok(read_safetensors(&weights_file(run.path(), side)?)?["a"].double_value(&[])) };
        assert_eq!((value(Side::Target)?, value(Side::Source)?), (1.0, 2.0));
        let error = weights_file(&run.weights(), Side::Source).expect_err("a file has no source");
        assert!(error.to_string().ends_with("is a weights file, which has no source"), "{error}");
        std::fs::remove_file(run.weights())?;
        let error = weights_file(run.path(), Side::Target).expect_err("they are gone");
        assert!(error.to_string().starts_with("there are no weights in"));
        record(None)?;
        assert!(
            weights_file(run.path(), Side::Source).is_err_and(|error| error.to_string().ends_with("has no source"))
        );
        Ok(())
    }
}
