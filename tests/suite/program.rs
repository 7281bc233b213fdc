//! Runs the program in a temporary folder.

use std::path::{Path, PathBuf};

use freezewise::network::{NamedTensors, read_safetensors};

/// A spec that runs in a second: images of 8 × 8 pixels, a network of width 2.
pub const TINY: &str = r#"
image_size = 8
[network]
width = 2
[source]
dataset = "synthetic"
train_size = 96
[source.train]
epochs = 2
learning_rate = 1e-2
batch_size = 32
[target]
dataset = "synthetic"
train_size = 80
label_noise = 0.25
[target.train]
epochs = 3
learning_rate = 1e-2
batch_size = 32
[transfer]
frozen_layers = 4
"#;

/// The program under test: built with the tests, or named by `FREEZEWISE_TEST_PROGRAM` on a machine without cargo.
fn program() -> PathBuf {
    let named = std::env::var_os("FREEZEWISE_TEST_PROGRAM").map(PathBuf::from);
    named.unwrap_or_else(|| assert_cmd::cargo::cargo_bin!("freezewise").to_owned())
}

/// The temporary folder of a test.
pub struct Place {
    folder: tempfile::TempDir,
}

/// A run's directory, and the temporary folder that it is in.
pub struct Ran {
    _place: Place,
    directory: PathBuf,
}

impl Ran {
    pub fn path(&self) -> &Path {
        &self.directory
    }
}

/// Exit code and output of the program.
pub struct Answer {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A folder with this text in `spec.toml`.
    pub fn with(spec: &str) -> Self {
        let place = Self::new();
        place.write("spec.toml", spec);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a name in the folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }

    pub fn read(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Runs the program in the folder, with one thread.
    pub fn freezewise(&self, arguments: &[&str]) -> Answer {
        self.freezewise_with(&[], arguments)
    }

    /// Like `freezewise`, with environment variables.
    pub fn freezewise_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Answer {
        let mut command = self.command(&program());
        Self::answer(command.envs(variables.iter().copied()).args(arguments))
    }

    /// Like `freezewise_with`, but root is subject to file permissions like any user.
    pub fn freezewise_without_rights(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Answer {
        let program = program();
        let is_root =
            std::fs::metadata(self.path("")).is_ok_and(|data| std::os::unix::fs::MetadataExt::uid(&data) == 0);
        let mut command = if is_root {
            let mut command = self.command(Path::new("setpriv"));
            command.arg("--bounding-set=-dac_override,-dac_read_search").arg(program);
            command
        } else {
            self.command(&program)
        };
        Self::answer(command.envs(variables.iter().copied()).args(arguments))
    }

    fn command(&self, program: &Path) -> std::process::Command {
        let mut command = std::process::Command::new(program);
        command.current_dir(self.folder.path()).env("OMP_NUM_THREADS", "1").env_remove("FREEZEWISE_DATA");
        command
    }

    fn answer(command: &mut std::process::Command) -> Answer {
        let output = command.output().expect("the program starts");
        Answer {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Runs `spec.toml` with overrides and returns the run's directory. Panics if the run fails.
    pub fn run(&self, overrides: &[&str]) -> PathBuf {
        let answer = self.try_run(overrides);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        self.path(answer.stdout.trim())
    }

    /// Like `run`; the temporary folder lives as long as the result.
    pub fn run_at(self, overrides: &[&str]) -> Ran {
        let directory = self.run(overrides);
        Ran { _place: self, directory }
    }

    pub fn try_run(&self, overrides: &[&str]) -> Answer {
        let sets = overrides.iter().flat_map(|pair| ["--set", pair]);
        let arguments: Vec<&str> = ["run", "spec.toml", "--quiet"].into_iter().chain(sets).collect();
        self.freezewise(&arguments)
    }

    /// The weights of the only source; panics if there are several.
    pub fn source_weights(&self) -> NamedTensors {
        let mut sources = std::fs::read_dir(self.path("runs/sources")).expect("sources");
        let source = sources.next().expect("a source").expect("a folder").path();
        assert!(sources.next().is_none(), "there are two sources");
        weights(&source)
    }
}

/// The weights in a directory.
pub fn weights(directory: &Path) -> NamedTensors {
    read_safetensors(&directory.join("weights.safetensors")).expect("weights")
}

/// The rows of `metrics.csv`, each a map from column to value.
pub fn metrics(directory: &Path) -> Vec<std::collections::HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(directory.join("metrics.csv")).expect("metrics.csv");
    reader.deserialize().collect::<Result<_, _>>().expect("whole rows")
}

/// Reads a JSON file.
pub fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
}
