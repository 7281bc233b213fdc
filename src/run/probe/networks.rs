//! The networks to probe: the source, and the target after epochs whose weights are on disk.

use anyhow::Result;
use tch::Kind;

use super::epochs::ProbedEpochs;
use crate::data::{Images, Normalisation, TaskData};
use crate::error::UserError;
use crate::network::{Network, read_safetensors};
use crate::run::compute::ComputeSetup;
use crate::run::facts::data_record;
use crate::run::phase::log::RunLog;
use crate::run::phase::start::normalisation as decided;
use crate::run::recovery::checkpoint::{kept_epochs, read_kept};
use crate::run::request::Request;
use crate::run::source;
use crate::rundir::{ProbeRow, Record, RunDirectory};
use crate::spec::{Source, Spec};
use crate::train::DeviceSplit;

/// A network at some point of its training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NetworkVersion {
    /// The pretrained source.
    Source,
    /// The target after an epoch whose checkpoint is kept.
    Kept(u64),
    /// The target after the last epoch of a finished run.
    Last(u64),
}

impl NetworkVersion {
    fn epoch(self) -> Option<u64> {
        match self {
            Self::Source => None,
            Self::Kept(epoch) | Self::Last(epoch) => Some(epoch),
        }
    }

    fn network(self) -> &'static str {
        if self == Self::Source { "source" } else { "target" }
    }

    /// Whether a row belongs to this network and layer.
    pub(super) fn is_of(self, row: &ProbeRow, layer: usize) -> bool {
        row.network == self.network() && row.epoch == self.epoch() && row.layer == layer
    }

    /// Marks a row as this network's.
    pub(super) fn marked(self, row: ProbeRow) -> ProbeRow {
        ProbeRow { network: self.network().into(), epoch: self.epoch(), ..row }
    }
}

/// The requested networks; an error names one that does not exist.
pub(super) fn versions(spec: &Spec, directory: &RunDirectory, epochs: &ProbedEpochs) -> Result<Vec<NetworkVersion>> {
    let mut there: Vec<NetworkVersion> = kept_epochs(directory)?.into_iter().map(NetworkVersion::Kept).collect();
    let record = Record::read(directory)?.filter(|record| record.has_finished(&spec.experiment.target));
    if let Some(record) = record.filter(|_| directory.weights().is_file()) {
        let last = record.length.epochs;
        // A kept checkpoint is the same network and has more metadata.
        if !there.contains(&NetworkVersion::Kept(last)) {
            there.push(NetworkVersion::Last(last));
        }
    }
    let asked = match epochs {
        ProbedEpochs::All => there,
        ProbedEpochs::None => Vec::new(),
        ProbedEpochs::Listed(listed) => {
            let find = |&epoch: &u64| there.iter().copied().find(|version| version.epoch() == Some(epoch));
            let found: Vec<NetworkVersion> = listed.iter().filter_map(find).collect();
            if let Some(absent) = listed.iter().find(|epoch| find(epoch).is_none()) {
                return Err(absent_epoch(directory, *absent, &there).into());
            }
            found
        }
    };
    let source = spec.experiment.source.as_ref().map(|_| NetworkVersion::Source);
    let versions: Vec<NetworkVersion> = source.into_iter().chain(asked).collect();
    if versions.is_empty() { Err(nothing(directory, epochs).into()) } else { Ok(versions) }
}

/// The error if the spec has no source and no epoch of the target is requested or kept.
fn nothing(directory: &RunDirectory, epochs: &ProbedEpochs) -> UserError {
    let target = match epochs {
        ProbedEpochs::None => "`--epochs none` skips the target".to_owned(),
        _ => format!("`{}` keeps no epoch of the target", directory.path().display()),
    };
    UserError::usage(format!("there is nothing to probe: the spec has no source, and {target}"))
        .hint("add a `[source]` table, or set `checkpoint.keep = \"log\"` and run the spec")
}

fn absent_epoch(directory: &RunDirectory, epoch: u64, there: &[NetworkVersion]) -> UserError {
    let epochs: Vec<String> =
        there.iter().filter_map(|version| version.epoch()).map(|epoch| epoch.to_string()).collect();
    let has = if epochs.is_empty() { "none".to_owned() } else { epochs.join(", ") };
    let shown = directory.path().display();
    UserError::usage(format!("no weights of epoch {epoch} in `{shown}`; epochs kept: {has}"))
        .hint(format!("`checkpoint.keep = [{epoch}]` in the spec keeps them, if the run has not passed that epoch yet"))
}

/// Loads the networks to probe.
pub(super) struct ProbedRun<'a> {
    pub(super) spec: &'a Spec,
    pub(super) directory: &'a RunDirectory,
    pub(super) compute: &'a ComputeSetup,
    pub(super) request: &'a Request<'a>,
    /// The target's data.
    pub(super) data: &'a TaskData,
}

/// A network and its normalised images.
pub(super) struct LookedAt {
    pub(super) network: Network,
    pub(super) train: DeviceSplit,
    pub(super) test: DeviceSplit,
}

impl ProbedRun<'_> {
    /// Loads a network with its weights; the source is trained first if needed.
    pub(super) fn load(&self, version: NetworkVersion, run_log: &mut RunLog<'_>) -> Result<LookedAt> {
        let target = &self.spec.experiment.target;
        let blueprint = self.spec.experiment.blueprint(target);
        let device = self.compute.device.device;
        let network = Network::new(&blueprint, device, Kind::Float, target.seeds.initial);
        let normalisation = match version {
            NetworkVersion::Source => self.load_source(&network, run_log)?,
            NetworkVersion::Kept(epoch) => {
                let checkpoint = read_kept(self.directory, epoch, &self.spec.run_hash())?;
                self.check_data(&checkpoint.header.data)?;
                checkpoint.state.load_network(&network)?;
                checkpoint.header.normalisation
            }
            NetworkVersion::Last(_) => {
                network.load(&read_safetensors(&self.directory.weights())?, |_| true)?;
                let record = Record::read(self.directory)?.and_then(|record| record.data).unwrap_or_default();
                self.check_data(&record.content)?;
                record.normalisation.unwrap_or_else(|| self.data.normalisation.clone())
            }
        };
        let split = |images: &Images| DeviceSplit::clean(images.clone(), &normalisation, device, Kind::Float);
        Ok(LookedAt { train: split(&self.data.train)?, test: split(&self.data.test)?, network })
    }

    /// Loads the source's weights and returns the normalisation for the target's images.
    fn load_source(&self, network: &Network, run_log: &mut RunLog<'_>) -> Result<Normalisation> {
        let freezable = network.freezable();
        let mut normalisation = self.data.normalisation.clone();
        let weights = match (&self.spec.experiment.source, self.spec.source_hash()) {
            (Some(Source::Task(task)), Some(hash)) => {
                let trained = source::weights(self.spec, task, &hash, None, self.compute, self.request, run_log)?;
                let of_source = Some(&trained.normalisation);
                normalisation = decided(&self.spec.experiment.target, &normalisation, of_source, None);
                trained.weights
            }
            (Some(Source::Weights(path)), _) => source::from_file(path, &self.spec.experiment, run_log)?,
            _ => unreachable!("a spec without a source has no source to probe"),
        };
        network.load(&weights, |layer| layer < freezable)?;
        Ok(normalisation)
    }

    /// An error if the target was trained on other data.
    fn check_data(&self, trained: &str) -> Result<()> {
        let now = data_record(&self.spec.experiment.target, self.data, self.request.stop)?.content;
        if now == trained {
            return Ok(());
        }
        let message = format!(
            "the data set of the target has changed since `{}` was trained on it",
            self.directory.path().display()
        );
        Err(UserError::new(message).hint("restore the old files").into())
    }
}
