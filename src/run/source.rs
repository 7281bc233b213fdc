//! The pretrained source: found under `<out>/sources/<hash>/`, or trained there, by one process at a time.

use std::path::Path;

use anyhow::{Context, Result};
use tch::Kind;

use super::attempt::attempt;
use super::directory::RunDirectory;
use super::lock::{Asked, Lock};
use super::machine::Machine;
use super::phase::{Course, Frozen, Voice};
use super::record::{DataRecord, Length, Record};
use crate::blueprint::FrozenSet;
use crate::data::Normalisation;
use crate::error::UserError;
use crate::files::{self, Lines};
use crate::network::{NamedTensors, Network, is_counter, read_safetensors, write_safetensors};
use crate::spec::{Evaluation, FrozenNorm, Spec, Task};

/// A source is shared by runs that evaluate their targets as they like, so it has a schedule of its own.
const EVALUATION: Evaluation = Evaluation::Log;

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
    files::create_folder(directory.path())?;
    let _lock = match Lock::take(directory.path())? {
        Asked::Ours(lock) => lock,
        Asked::Held(holder) => {
            voice.note(&format!("another {holder} trains the source {}: waiting", directory.path().display()))?;
            Lock::wait(directory.path())?
        }
    };
    if Record::read(&directory)?.is_some_and(|record| record.has_finished(task)) {
        voice.note(&format!("the source is in {}", directory.path().display()))?;
    } else {
        pretrain(spec, task, hash, &directory, machine, voice)
            .with_context(|| format!("cannot train the source in `{}`", directory.path().display()))?;
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

/// The weights of a file, without what is none: PyTorch's counters of batches.
pub(super) fn from_file(path: &Path, voice: &mut Voice<'_>) -> Result<NamedTensors> {
    let mut weights = read_safetensors(path)?;
    weights.retain(|name, _| !is_counter(name));
    voice.note(&format!("the source is the file {}", path.display()))?;
    Ok(weights)
}

fn pretrain(
    spec: &Spec,
    task: &Task,
    hash: &str,
    directory: &RunDirectory,
    machine: &Machine<'_>,
    voice: &mut Voice<'_>,
) -> Result<()> {
    let experiment = &spec.experiment;
    let data = machine.load(experiment, task, voice.audience)?;
    files::write_atomically(&directory.spec(), spec.source_to_toml()?.as_bytes())?;
    let mut record = Record::new(Length::of(task), hash.to_owned(), None, machine);
    record.data = Some(DataRecord::new(task, &data));
    let mut network = Network::new(&experiment.blueprint(task), machine.device.device, Kind::Float, task.seeds.initial);
    network.lay_out(machine.settings.layout)?;
    let nothing = FrozenSet::first(0, network.freezable());
    let mut own = Voice { log: Lines::create(&directory.log(), "")?, audience: &mut *voice.audience };
    let course = Course {
        name: "source",
        task,
        data: &data,
        network: &network,
        frozen: Frozen { layers: &nothing, norm: FrozenNorm::Batch },
        evaluation: EVALUATION,
        settings: machine.settings,
        directory,
    };
    attempt(directory, &mut record, |_| {
        course.run(&mut own)?;
        write_safetensors(&directory.weights(), &network.state(), "source")
    })
}
