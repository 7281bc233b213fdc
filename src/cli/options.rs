//! Arguments that several verbs take.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::data::{self, Surveyor, TaskData};
use crate::environment;
use crate::native;
use crate::output;
use crate::spec::{Experiment, Spec, Task};

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

/// Where the data sets are.
#[derive(Debug, Args)]
pub(super) struct DataRoot {
    /// The folder of the data sets [env: FREEZEWISE_DATA] [default: data]
    // Not clap's `env`, to which an empty variable is a missing value.
    #[arg(long, value_name = "DIR", default_value_os_t = default_data(), hide_default_value = true)]
    pub(super) data: PathBuf,
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
