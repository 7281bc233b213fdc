//! Arguments that several verbs take.

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
    /// The spec, a .toml or .json file
    pub(super) spec: PathBuf,

    #[command(flatten)]
    pub(super) overrides: Overrides,
}

/// Overrides of a spec.
#[derive(Debug, Args)]
pub(super) struct Overrides {
    /// Set a key of the spec, such as `transfer.frozen_layers=4`; the right side is TOML, else a string
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
}

/// How long a run that another process holds is waited for where nobody watches. An engine that starts the cells of a
/// sweep anew would count a refusal as a failure.
const WAIT: Duration = Duration::from_secs(600);

/// How a process that trains behaves among others.
#[derive(Debug, Args)]
pub(super) struct ProcessOptions {
    /// Wait so long for a process that holds the run, such as `2h`; `0s` does not wait [default: 0s on a terminal, 10m
    /// elsewhere]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    wait: Option<Duration>,

    /// Stop, with a checkpoint, when the process of this number ends: a sweep's
    #[arg(long, value_name = "PID", hide = true)]
    parent: Option<u32>,

    /// What a sweep settled for all of its cells, as its command lines have it
    #[arg(long, value_name = "SETTINGS", hide = true)]
    pub(super) fixed: Option<Fixed>,
}

impl ProcessOptions {
    pub(super) fn wait(&self) -> Duration {
        let own = || if std::io::stderr().is_terminal() { Duration::ZERO } else { WAIT };
        self.wait.unwrap_or_else(own)
    }

    /// Asks the system for a signal when the parent ends; it may have ended before that.
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
    /// The folder of all runs
    #[arg(long, value_name = "DIR", default_value = "runs", value_parser = folder())]
    pub(super) out: PathBuf,
}

/// Where the data sets are.
#[derive(Debug, Args)]
pub(super) struct DataRoot {
    /// The folder of the data sets [env: `FREEZEWISE_DATA`] [default: data]
    // Not clap's `env`, to which an empty variable is a missing value.
    #[arg(long, value_name = "DIR", default_value_os_t = default_data(), hide_default_value = true, value_parser = folder())]
    pub(super) data: PathBuf,
}

/// A folder as typed. One whose name begins with `~` is made under that very name, which nobody means.
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
    /// Who looks at one's own data sets, with a progress bar.
    pub(super) fn surveyor<'a>(&self) -> Surveyor<'a> {
        let mut bar = output::ReadingBar::default();
        Surveyor::new(&self.data, native::reading_threads(None), move |reading| bar.show(&reading))
    }

    /// The data of a task of an experiment, as its training gets them.
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
