//! The pretrained source: found under `<out>/sources/<hash>/`, or trained there, by one process at a time.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use tch::Kind;

use super::directory::RunDirectory;
use super::execute::Machine;
use super::lock::Lock;
use super::phase::{Course, Frozen, Voice};
use super::record::{DataRecord, Record, Status};
use crate::blueprint::FrozenSet;
use crate::data;
use crate::files::{self, Lines};
use crate::network::{NamedTensors, Network, is_counter, read_safetensors, write_safetensors};
use crate::spec::{FrozenNorm, Spec, Task};

/// The weights of the source network, trained here if nobody has yet.
pub(super) fn weights(
    spec: &Spec,
    task: &Task,
    hash: &str,
    machine: &Machine<'_>,
    voice: &mut Voice<'_>,
) -> Result<NamedTensors> {
    let directory = RunDirectory::of_source(machine.places.out, hash);
    files::create_folder(directory.path())?;
    let _lock = match Lock::take(directory.path())? {
        Ok(lock) => lock,
        Err(holder) => {
            voice.note(&format!("another {} trains the source {}: waiting", holder.0, directory.path().display()))?;
            Lock::wait(directory.path())?
        }
    };
    if Record::read(&directory)?.is_some_and(|record| record.status == Status::Finished) {
        voice.note(&format!("the source is in {}", directory.path().display()))?;
    } else {
        pretrain(spec, task, hash, &directory, machine, voice)
            .with_context(|| format!("cannot train the source in `{}`", directory.path().display()))?;
    }
    read_safetensors(&directory.weights())
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
    let started = Instant::now();
    let experiment = &spec.experiment;
    files::write_atomically(&directory.spec(), spec.source_to_toml()?.as_bytes())?;
    let epochs = task.training.epochs(task.train_size);
    let mut record = Record::new(epochs, hash.to_owned(), None, &machine.device.name, machine.threads);
    record.write(directory)?;
    let data = data::load(task, experiment.image, machine.places.data)?;
    record.data = Some(DataRecord::new(task, &data));
    let network = Network::new(&experiment.blueprint(task), machine.device.device, Kind::Float, task.seeds.initial);
    let nothing = FrozenSet::first(0, network.freezable());
    let frozen = Frozen { layers: &nothing, norm: FrozenNorm::Batch };
    let mut own = Voice { log: log(directory.path())?, audience: &mut *voice.audience };
    let course = Course {
        name: "source",
        task,
        data: &data,
        network: &network,
        frozen,
        evaluation: experiment.evaluation,
        directory,
    };
    course.run(&mut own)?;
    write_safetensors(&directory.weights(), &network.state(), "source")?;
    record.end(Status::Finished, started.elapsed().as_secs_f64());
    record.write(directory)
}

fn log(folder: &Path) -> Result<Lines> {
    Lines::create(&folder.join("log.txt"), "")
}
