//! Arguments shared by several verbs.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};

use crate::data::{self, Surveyor, TaskData};
use crate::environment;
use crate::error::UserError;
use crate::native;
use crate::output;
use crate::run::Fixed;
use crate::spec::{Experiment, Spec, Task};
use crate::text;

/// A spec with overrides.
#[derive(Debug, Args)]
pub(super) struct SpecArguments {
    /// Spec file, .toml or .json
    pub(super) spec: PathBuf,

    #[command(flatten)]
    pub(super) overrides: Overrides,
}

/// Overrides of a spec.
#[derive(Debug, Args)]
pub(super) struct Overrides {
    /// Override a key of the spec, such as `transfer.frozen_layers=4`; may be repeated. The value is TOML, otherwise
    /// a string
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
}

/// How long to wait for a locked run when stderr is not a terminal. A scheduler that restarts a cell would count a
/// refusal as a failure.
const WAIT: Duration = Duration::from_secs(600);

/// How a training process deals with others.
#[derive(Debug, Args)]
pub(super) struct ProcessOptions {
    /// Wait this long for another process that has locked the run, such as `2h` [default: 0s on a terminal, otherwise
    /// 10m]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    wait: Option<Duration>,

    /// Stop with a checkpoint when this process, a sweep, ends
    #[arg(long, value_name = "PID", hide = true)]
    parent: Option<u32>,

    /// Settings that a sweep fixed for all of its cells
    #[arg(long, value_name = "SETTINGS", hide = true)]
    pub(super) fixed: Option<Fixed>,
}

impl ProcessOptions {
    pub(super) fn wait(&self) -> Duration {
        let own = || if std::io::stderr().is_terminal() { Duration::ZERO } else { WAIT };
        self.wait.unwrap_or_else(own)
    }

    /// Asks the kernel for a signal when the parent ends, and checks that it has not ended already.
    pub(super) fn follow_parent(&self) -> Result<()> {
        let Some(parent) = self.parent else { return Ok(()) };
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM))?;
        let now = rustix::process::getppid().map(|parent| parent.as_raw_nonzero().get());
        if now != i32::try_from(parent).ok() {
            return Err(UserError::stopped("the sweep that started this run has ended").into());
        }
        Ok(())
    }
}

/// Where runs are.
#[derive(Debug, Args)]
pub(super) struct RunsRoot {
    /// Folder for all runs
    #[arg(long, value_name = "DIR", default_value = "runs", value_parser = folder())]
    pub(super) out: PathBuf,
}

/// Where the data sets are.
#[derive(Debug, Args)]
pub(super) struct DataRoot {
    /// Folder of the data sets [env: `FREEZEWISE_DATA`] [default: data]
    // Not clap's `env`: it rejects an empty variable, which should count as unset.
    #[arg(long, value_name = "DIR", default_value_os_t = default_data(), hide_default_value = true, value_parser = folder())]
    pub(super) data: PathBuf,
}

/// A folder as typed. Rejects a literal `~`, which no shell expanded: a folder of that name is never meant.
fn folder() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match text::tilde(&path.to_string_lossy()) {
        Some(advice) if !path.exists() => Err(advice),
        _ => Ok(path),
    })
}

fn default_data() -> PathBuf {
    environment::path("FREEZEWISE_DATA").unwrap_or_else(|| "data".into())
}

impl SpecArguments {
    pub(super) fn load(&self, data: &DataRoot) -> Result<Spec> {
        Spec::load(&self.spec, &self.overrides.set, &data.surveyor())
    }
}

impl DataRoot {
    /// Surveys the user's own data sets, with a progress bar.
    pub(super) fn surveyor<'a>(&self) -> Surveyor<'a> {
        let mut bar = output::ReadingBar::default();
        Surveyor::new(&self.data, native::reading_threads(None), move |reading| bar.show(&reading))
    }

    /// Loads the data of a task exactly as training does.
    pub(super) fn load(&self, experiment: &Experiment, task: &Task) -> Result<TaskData> {
        let mut bar = output::ReadingBar::default();
        let image = data::Image { shape: experiment.image, fit: experiment.fit };
        let access = data::Access { root: &self.data, threads: native::reading_threads(experiment.threads) };
        data::load(task, image, access, &mut |reading| {
            if let Some(reading) = &reading {
                bar.show(reading);
            }
            Ok(())
        })
    }
}
