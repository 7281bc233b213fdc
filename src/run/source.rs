//! The pretrained source: found under `<out>/sources/<hash>/`, or trained there, by one process at a time.

use std::path::Path;

use anyhow::Result;
use tch::Kind;

use super::attempt::attempt;
use super::checkpoint::Vault;
use super::directory::RunDirectory;
use super::execute::create_inside;
use super::lock::Lock;
use super::machine::Machine;
use super::phase::{Course, Frozen, Voice, going_on};
use super::record::{DataRecord, Record, Status};
use crate::blueprint::FrozenSet;
use crate::data::Normalisation;
use crate::error::{Exit, UserError};
use crate::files::{self, Lines};
use crate::network::{NamedTensors, Network, is_counter, read_safetensors, write_safetensors};
use crate::spec::{Checkpoints, Evaluation, FrozenNorm, Keep, Rhythm, Spec, Task};

/// A source is shared by runs that evaluate their targets as they like, so it has a schedule of its own.
const EVALUATION: Evaluation = Evaluation { test: Rhythm::Log, train: Rhythm::Log };

/// A trained source.
pub(super) struct Trained {
    pub(super) weights: NamedTensors,
    /// By which its images became its input.
    pub(super) normalisation: Normalisation,
}

/// The source network, trained here if nobody has yet.
pub(super) fn weights(
    spec: &Spec,
    task: &Task,
    hash: &str,
    machine: &Machine<'_>,
    voice: &mut Voice<'_>,
) -> Result<Trained> {
    let directory = RunDirectory::of_source(machine.places.out, hash);
    create_inside(&directory, machine.places.out)?;
    let lock = Lock::wait(directory.path(), machine.stop, |holder| {
        voice.note(&format!("{} trains the source {}: waiting", holder.who(), directory.path().display()))
    })?;
    files::remove_unfinished(directory.path())?;
    let record = Record::read(&directory)?;
    match &record {
        Some(record) if record.has_finished(task) => {
            voice.note(&format!("the source is in {}", directory.path().display()))?;
        }
        Some(record) if record.status == Status::Diverged => return Err(diverged(&directory, record).into()),
        _ => {
            let trained = pretrain(spec, task, hash, &directory, &lock, record, machine, voice);
            trained.map_err(|error| match UserError::exit_of(&error) {
                Exit::Stopped => error,
                _ => error.context(format!("cannot train the source in `{}`", directory.path().display())),
            })?;
        }
    }
    let again = |error: anyhow::Error| {
        let hint = format!("delete `{}` and the source is trained again", directory.path().display());
        UserError::new(format!("{error:#}")).hint(hint)
    };
    let weights = read_safetensors(&directory.weights()).map_err(again)?;
    let data = Record::read(&directory)?.and_then(|record| record.data);
    let normalisation = data.map(|data| data.normalisation).ok_or_else(|| {
        again(anyhow::anyhow!("`{}` does not say how its images were normalised", directory.record().display()))
    })?;
    Ok(Trained { weights, normalisation })
}

fn diverged(directory: &RunDirectory, record: &Record) -> UserError {
    let reason = record.reason.as_deref().unwrap_or("its numbers were not finite");
    UserError::new(format!("the source in `{}` diverged before: {reason}", directory.path().display()))
        .hint("change `source.train`; or move that folder away, and the same is tried again")
}

/// The weights of a file, without what is none: PyTorch's counters of batches.
pub(super) fn from_file(path: &Path, voice: &mut Voice<'_>) -> Result<NamedTensors> {
    let mut weights = read_safetensors(path)?;
    weights.retain(|name, _| !is_counter(name));
    voice.note(&format!("the source is the file {}", path.display()))?;
    Ok(weights)
}

#[allow(clippy::too_many_arguments)] // Each is another thing; a struct of them would be made here alone.
fn pretrain(
    spec: &Spec,
    task: &Task,
    hash: &str,
    directory: &RunDirectory,
    lock: &Lock,
    before: Option<Record>,
    machine: &Machine<'_>,
    voice: &mut Voice<'_>,
) -> Result<()> {
    let experiment = &spec.experiment;
    let mut data = machine.load(experiment, task, voice.audience)?;
    let facts = DataRecord::new(task, &data, machine.stop)?;
    let vault = Vault::open(directory, lock)?;
    // A source's states serve to go on with it, and nothing else.
    let checkpoints = Checkpoints { keep: Keep::Epochs(Vec::new()), ..experiment.checkpoints.clone() };
    let start = going_on(&vault, "source", hash, &facts, voice)?;
    let mut machine = machine.clone();
    machine.take_up(start.as_ref(), experiment, voice)?;
    let keeping = machine.keeping(lock, &vault, checkpoints, hash, &facts);
    files::write_atomically(&directory.spec(), spec.source_to_toml()?.as_bytes())?;
    let record = Record::new(task, hash.to_owned(), None, &keeping.made_with, facts);
    let mut record = record.following(before, start.as_ref());
    let mut network = Network::new(&experiment.blueprint(task), machine.device.device, Kind::Float, task.seeds.initial);
    network.lay_out(machine.settings.layout)?;
    let nothing = FrozenSet::first(0, network.freezable());
    let log = if start.is_some() { Lines::extend(&directory.log())? } else { Lines::create(&directory.log(), "")? };
    let mut own = Voice { log, audience: &mut *voice.audience };
    let mut course = Course {
        name: "source",
        task,
        data: &mut data,
        network: &network,
        frozen: Frozen { layers: &nothing, norm: FrozenNorm::Batch },
        evaluation: EVALUATION,
        settings: machine.settings,
        directory,
        keeping,
    };
    attempt(directory, lock, &mut record, |_| {
        course.run(start, &mut own)?;
        lock.check()?;
        write_safetensors(&directory.weights(), &network.state(), "source")
    })?;
    vault.empty()
}
