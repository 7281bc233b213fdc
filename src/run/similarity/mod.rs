//! How similar source and target are, before and after pretraining: the features of a fresh network and of the trained
//! source, measured by `analysis::similarity`.
//!
//! Features are pooled, in evaluation mode, without augmentation. The fresh network has the initial weights of
//! pretraining, with batch norm statistics fitted to the source's training images: with initial statistics the norms
//! would not normalise, and the two networks would differ in more than training.

mod facts;
mod features;
mod layers;
mod measure;

use std::borrow::Cow;

use anyhow::Result;
use tch::{Kind, no_grad};

pub use facts::{ImageCounts, LayerSimilarity, Measures, Similarity, TaskFacts};

use crate::analysis::similarity::overlap;
use crate::blueprint::FrozenSet;
use crate::data::{self, Normalisation, TaskData};
use crate::error::UserError;
use crate::files::Lines;
use crate::network::{NamedTensors, Network, read_safetensors};
use crate::run::compute::ComputeSetup;
use crate::run::phase::event::EventSink;
use crate::run::phase::log::RunLog;
use crate::run::phase::start::normalisation;
use crate::run::recovery::claim::create_inside;
use crate::run::recovery::stop::Stop;
use crate::run::request::Request;
use crate::run::source;
use crate::rundir::{Record, RunDirectory, write_json};
use crate::spec::{Source, Spec, Task};
use crate::train::{DeviceSplit, fit_frozen_statistics};
pub(super) use features::flows;
use features::{Look, PooledFeatures, chosen, halves};

/// Images that the fresh network's batch norm statistics are fitted to.
const STATISTICS_IMAGES: usize = 1000;

/// Compares source and target on at most `most` images of each split, and writes `similarity.json` into the run
/// directory. The source is trained first if needed; if the run is finished, its fine-tuned network is compared too.
pub fn similarity(
    spec: &Spec,
    request: &Request<'_>,
    most: usize,
    events: &mut dyn EventSink,
) -> Result<(RunDirectory, Similarity)> {
    let (experiment, places) = (&spec.experiment, request.places);
    let (Some(source), Some(hash)) = (&experiment.source, spec.source_hash()) else {
        let error = UserError::usage("the spec has no source to compare the target with");
        return Err(error.hint("add a `[source]` table").into());
    };
    let directory = RunDirectory::of_run(places.out, &experiment.name, &spec.run_folder());
    let compute = ComputeSetup::start(experiment, request.fixed)?;
    let mut target = compute.load(experiment, &experiment.target, request, events)?;
    let source_data = match source {
        Source::Task(task) => Some(compute.load(experiment, task, request, events)?),
        Source::Weights(_) => None,
    };
    let of_source = source_data.as_ref().map(|source| &source.normalisation);
    target.normalisation = normalisation(&experiment.target, &target.normalisation, of_source, None);
    let facts = source_facts(source, hash.clone(), source_data.as_ref());
    create_inside(&directory, places.out)?;
    let mut run_log = RunLog { log: Some(Lines::create(&directory.similarity_log(), "")?), events };
    for note in &compute.notes {
        run_log.note(note)?;
    }
    let weights = match source {
        Source::Task(task) => source::weights(spec, task, &hash, None, &compute, request, &mut run_log)?.weights,
        Source::Weights(path) => source::from_file(path, experiment, &mut run_log)?,
    };
    let tests = source_data.as_ref().map(|source| tests(source, &target));
    let source = source_data.as_ref();
    let comparison =
        SimilarityInputs { spec, compute: &compute, target: &target, source, tests, most, stop: request.stop };
    let networks = comparison.networks(&weights, &directory)?;
    run_log.note("measuring features, before and after pretraining")?;
    let similarity = Similarity {
        source: facts,
        target: TaskFacts::new(&experiment.target, &target),
        run: format!("{}/{}", experiment.name, spec.run_folder()),
        images: comparison.images(&networks.fresh),
        before: comparison.measures(&networks.fresh)?,
        after: comparison.measures(&networks.trained)?,
        layers: comparison.layers(&networks)?,
        labels: source.and_then(|source| overlap(&source.classes, &target.classes)),
    };
    write_json(&directory.similarity(), &similarity)?;
    Ok((directory, similarity))
}

fn source_facts(source: &Source, hash: String, data: Option<&TaskData>) -> TaskFacts {
    let facts = match (source, data) {
        (Source::Task(task), Some(data)) => TaskFacts::new(task, data),
        (Source::Weights(path), _) => TaskFacts::of_file(path),
        (Source::Task(_), None) => unreachable!("the data of a source task are loaded"),
    };
    TaskFacts { hash: Some(hash), ..facts }
}

/// The test images of source and target. If they are the same, each task gets half of them: a set has distance 0 from
/// itself in any network, while two random halves differ by sampling.
fn tests<'a>(source: &'a TaskData, target: &'a TaskData) -> [Cow<'a, data::Images>; 2] {
    if source.test.pixels == target.test.pixels {
        return halves(&target.test).map(Cow::Owned);
    }
    [Cow::Borrowed(&source.test), Cow::Borrowed(&target.test)]
}

/// What is compared.
struct SimilarityInputs<'a> {
    spec: &'a Spec,
    compute: &'a ComputeSetup,
    target: &'a TaskData,
    source: Option<&'a TaskData>,
    tests: Option<[Cow<'a, data::Images>; 2]>,
    most: usize,
    stop: &'a Stop,
}

/// The networks that are compared.
struct ComparedNetworks {
    fresh: Network,
    trained: Network,
    fine_tuned: Option<Network>,
}

impl SimilarityInputs<'_> {
    fn networks(&self, weights: &NamedTensors, directory: &RunDirectory) -> Result<ComparedNetworks> {
        let experiment = &self.spec.experiment;
        let new = |task: &Task| {
            Network::new(&experiment.blueprint(task), self.compute.device.device, Kind::Float, task.seeds.initial)
        };
        let target = &experiment.target;
        // The head of a weights file, if any, has unknown classes.
        let (task, with_head) = match &experiment.source {
            Some(Source::Task(task)) => (&**task, true),
            _ => (target, false),
        };
        let (fresh, trained) = (new(task), new(task));
        trained.load(weights, |layer| with_head || layer < trained.freezable())?;
        let all = FrozenSet::first(fresh.freezable(), fresh.freezable());
        let (split, data) = self.source.map_or((&self.target.train, self.target), |source| (&source.train, source));
        fit_frozen_statistics(
            &fresh,
            &all,
            &self.look(split, &data.normalisation, STATISTICS_IMAGES)?.data,
            self.compute.settings.evaluation_batch,
            &mut || self.stop.reason().is_some(),
        )
        .or_else(|error| self.stop.check().and(Err(error)))?;
        let finished = Record::read(directory)?.is_some_and(|record| record.has_finished(target));
        let fine_tuned = if finished && directory.weights().is_file() {
            let network = new(target);
            network.load(&read_safetensors(&directory.weights())?, |_| true)?;
            Some(network)
        } else {
            None
        };
        Ok(ComparedNetworks { fresh, trained, fine_tuned })
    }

    fn look(&self, images: &data::Images, normalisation: &Normalisation, most: usize) -> Result<Look> {
        let images = chosen(images, most);
        let labels = images.labels.clone();
        let data = DeviceSplit::clean(images, normalisation, self.compute.device.device, Kind::Float)?;
        Ok(Look { data, labels })
    }

    fn images(&self, network: &Network) -> ImageCounts {
        let looked_at = |images: &data::Images| images.count().min(self.most);
        ImageCounts {
            source_test: self.tests.as_ref().map(|[source, _]| looked_at(source)),
            target_test: self.tests.as_ref().map(|[_, target]| looked_at(target)),
            target_train: looked_at(&self.target.train),
            layers: layers::images(network.blueprint(), looked_at(&self.target.test)),
        }
    }

    /// All measures with one network's features.
    fn measures(&self, network: &Network) -> Result<Measures> {
        let features = |images, normalisation| {
            PooledFeatures::of(network, &self.look(images, normalisation, self.most)?, self.stop)
        };
        let (target, classes) = (self.target, self.target.classes.len());
        let train = features(&target.train, &target.normalisation)?;
        let mut measures = measure::transferability(&train, classes, self.source.is_some());
        if let (Some(source), Some([one, other])) = (self.source, &self.tests) {
            let one = features(one, &source.normalisation)?;
            let other = features(other, &target.normalisation)?;
            measures.frechet = Some(measure::frechet(&one, &other));
            measures.classes = Some(measure::classes(&one, &other, [&source.classes, &target.classes]));
        }
        Ok(measures)
    }

    /// CKA of every layer, and of the pooling, of the trained source against the other networks.
    fn layers(&self, networks: &ComparedNetworks) -> Result<Vec<LayerSimilarity>> {
        let count = layers::images(networks.trained.blueprint(), self.target.test.count().min(self.most));
        let look = self.look(&self.target.test, &self.target.normalisation, count)?;
        let ComparedNetworks { trained, fresh, fine_tuned } = networks;
        no_grad(|| layers::compare(&look.data, trained, fresh, fine_tuned.as_ref(), self.stop))
    }
}
