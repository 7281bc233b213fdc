//! Arguments shared by several verbs.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, Args, Command};

use crate::data::{self, Surveyor, TaskData};
use crate::environment;
use crate::error::{Exit, UserError};
use crate::native;
use crate::output;
use crate::run::{Fixed, Places, Stop};
use crate::rundir::SeenSurvey;
use crate::spec::{Experiment, Remembered, Spec, Survey, Task};
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
    /// Override a key of the spec, such as `transfer.frozen_layers=4`; may be repeated. The value is read as TOML if it
    /// is valid, else as a string
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

    /// This cell's part of the free memory, beside the other cells of a sweep
    #[arg(long, value_name = "BYTES", hide = true)]
    memory: Option<u64>,
}

impl ProcessOptions {
    pub(super) fn wait(&self) -> Duration {
        let own = || if std::io::stderr().is_terminal() { Duration::ZERO } else { WAIT };
        self.wait.unwrap_or_else(own)
    }

    /// Under a sweep: keeps to its part of the memory, asks the kernel for a signal when the sweep ends, and checks that it
    /// has not ended already.
    pub(super) fn follow_sweep(&self) -> Result<()> {
        self.memory.into_iter().for_each(native::limit_host_bytes);
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
    #[arg(long, value_name = "DIR", default_value = "runs", value_parser = path())]
    pub(super) out: PathBuf,
}

/// Where the data sets are.
#[derive(Debug, Args)]
pub(super) struct DataRoot {
    /// Folder of the data sets [env: `FREEZEWISE_DATA`] [default: data]
    // Not clap's `env`: it rejects an empty variable, which should count as unset.
    #[arg(long, value_name = "DIR", default_value_os_t = default_data(), hide_default_value = true, value_parser = DataPath)]
    pub(super) data: PathBuf,
}

/// A path as typed. Rejects a literal `~`, which no shell expanded: a folder of that name is never meant.
pub(super) fn path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match unexpanded(&path) {
        Some(advice) => Err(advice),
        None => Ok(path),
    })
}

fn unexpanded(path: &Path) -> Option<&'static str> {
    text::tilde(&path.to_string_lossy()).filter(|_| !path.exists())
}

/// The variable with the default of `--data`.
const DATA: &str = "FREEZEWISE_DATA";

fn default_data() -> PathBuf {
    environment::path(DATA).unwrap_or_else(|| "data".into())
}

/// The path of `--data`, or its default from the variable, which an error names.
#[derive(Clone)]
struct DataPath;

impl TypedValueParser for DataPath {
    type Value = PathBuf;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<PathBuf, clap::Error> {
        path().parse_ref(command, argument, value)
    }

    fn parse_ref_(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
        source: ValueSource,
    ) -> Result<PathBuf, clap::Error> {
        match unexpanded(value.as_ref()) {
            Some(advice) if source == ValueSource::DefaultValue => {
                let message = format!("invalid value '{}' of the variable {DATA}: {advice}", value.display());
                Err(clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command))
            }
            _ => self.parse_ref(command, argument, value),
        }
    }
}

impl SpecArguments {
    pub(super) fn load(&self, data: &DataRoot) -> Result<Spec> {
        Spec::load(&self.spec, &self.overrides.set, &data.surveyor())
    }

    /// The same for a command that listens to signals, and that a finished run can be asked of without its data.
    pub(super) fn load_until<'a>(&self, places: Places<'_>, stop: &'a Stop, quiet: bool) -> Result<Loaded<'a, Spec>> {
        load_until(places, stop, quiet, |survey| Spec::load(&self.spec, &self.overrides.set, survey))
    }
}

/// Asks each question once, and may know the answer where the data are gone.
pub(super) type KnowingSurvey<'a> = Remembered<SeenSurvey<Surveyor<'a>>>;

/// What was loaded, and who was asked about data.
pub(super) struct Loaded<'a, T> {
    pub(super) value: T,
    pub(super) survey: KnowingSurvey<'a>,
    pub(super) gone: Option<Gone>,
}

/// Data that are gone: what was loaded is as they were last seen.
pub(super) struct Gone {
    names: Vec<String>,
    /// The error of whoever needs them.
    pub(super) error: anyhow::Error,
}

impl Gone {
    /// Says so.
    pub(super) fn sentence(&self) -> String {
        let verb = if self.names.len() == 1 { "is" } else { "are" };
        format!("{} {verb} not in the data folder; assuming no change since last seen", text::listed(&self.names))
    }
}

/// Loads what depends on data. A stop ends the reading of them too. Where they are gone, it is loaded as they were last
/// seen.
pub(super) fn load_until<'a, T>(
    places: Places<'_>,
    stop: &'a Stop,
    quiet: bool,
    load: impl Fn(&dyn Survey) -> Result<T>,
) -> Result<Loaded<'a, T>> {
    let survey = || {
        let surveyor = surveyor(places.data, quiet).until(|| stop.check());
        SeenSurvey::new(surveyor, places.data, places.out)
    };
    let first = Remembered::new(survey());
    let error = match load(&first) {
        Ok(value) => return Ok(Loaded { value, survey: first, gone: None }),
        Err(error) => first.inner().inner().ended().unwrap_or(error),
    };
    let names = first.inner().gone();
    if names.is_empty() || UserError::exit_of(&error) == Exit::Stopped {
        return Err(error);
    }
    let survey = Remembered::new(survey().recalling());
    match load(&survey) {
        Ok(value) => Ok(Loaded { value, survey, gone: Some(Gone { names, error }) }),
        Err(_) => Err(error),
    }
}

/// Who looks at one's own data sets, with a progress bar where it may be seen.
fn surveyor<'a>(root: &Path, quiet: bool) -> Surveyor<'a> {
    let mut bar = output::ReadingBar::default();
    Surveyor::new(root, native::reading_threads(None), move |reading| {
        if !quiet {
            bar.show(&reading);
        }
    })
}

impl DataRoot {
    /// Surveys the user's own data sets, with a progress bar.
    pub(super) fn surveyor<'a>(&self) -> Surveyor<'a> {
        surveyor(&self.data, false)
    }

    /// Loads the data of a task exactly as training does.
    pub(super) fn load(&self, experiment: &Experiment, task: &Task) -> Result<TaskData> {
        let mut bar = output::ReadingBar::default();
        let wanted = data::WantedImages { shape: experiment.image, fit: experiment.fit };
        let access = data::Access {
            root: &self.data,
            threads: native::reading_threads(experiment.threads),
            check: &data::unchecked,
        };
        data::load(task, wanted, access, &mut |reading| {
            if let Some(reading) = &reading {
                bar.show(reading);
            }
            Ok(())
        })
    }
}
