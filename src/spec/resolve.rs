//! Resolves a filled spec to an experiment, and reports all contradictions on the way.

pub(super) use super::report::ProblemReport;

use super::checkpoints::{branches, checkpoints};
use super::compute::compute;
use super::data::Side;
use super::device::device;
use super::evaluation::evaluation;
use super::experiment::Experiment;
use super::image_fit::fit;
use super::observed::Observed;
use super::source::{self, Source};
use super::survey::Survey;
use super::task::{Context, KnownTask, Normalise, Seeds, Task};
use super::transfer::transfer;
use super::written::{self, Written};
use super::{network, pixels};
use crate::blueprint::{Blueprint, ImageShape};
use crate::catalogue::Dataset;
use crate::seed::{Purpose, derive};
use crate::text;

/// Resolves a filled spec. Use the result only if nothing was reported.
pub(super) fn experiment(
    spec: &Written,
    survey: &dyn Survey,
    report: &mut ProblemReport<'_>,
) -> (Experiment, Observed) {
    let source_is_synthetic = spec.source.as_ref().is_some_and(|source| is_synthetic(&source.task));
    if !is_synthetic(&spec.target) && !source_is_synthetic && report.wrote("synthetic") {
        report.add("synthetic", "`synthetic` has no effect: neither task is synthetic", "remove the table");
    }
    let fit = fit(spec, report);
    let context = Context { spec, survey, fit };
    let weights = source::weights(spec, report);
    let source = match (&weights, &spec.source) {
        (None, Some(source)) => Some(context.task(&source.task, Side::Source, source_seeds(spec.seeds.source), report)),
        _ => None,
    };
    let target = context.task(&spec.target, Side::Target, target_seeds(spec), report);
    let image = image(spec, &target, source.as_ref(), report);
    let sides = source.as_ref().map(|source| (Side::Source, source)).into_iter().chain([(Side::Target, &target)]);
    let observed = Observed::of(&sides.collect::<Vec<_>>(), image, fit);
    let source = weights.or_else(|| source.map(|source| Source::Task(Box::new(source.task))));
    let target = target.task;
    network::check(&spec.network, report);
    let architecture = spec.network.architecture.at(&spec.network);
    let granularity = spec.transfer.granularity;
    let blueprint = Blueprint::new(&architecture, granularity, image, target.classes);
    if let Err(impossible) = &blueprint {
        report.add(impossible.key, impossible.message.clone(), impossible.hint.clone());
    }
    let branches = branches(&spec.branches, &target.training, target.train_size, report);
    let device = device(&spec.device.0, report);
    let experiment = Experiment {
        name: name(spec, report),
        device,
        compute: compute(spec, device, report),
        threads: match spec.threads {
            written::Threads::Count(count) => Some(count as usize),
            written::Threads::Word(_) => None,
        },
        architecture,
        image,
        fit,
        transfer: transfer(spec, blueprint.as_ref().ok(), report),
        source,
        target,
        evaluation: evaluation(&spec.evaluate, report),
        checkpoints: checkpoints(&spec.checkpoint, &branches),
        branches,
    };
    pixels::check(&experiment, blueprint.as_ref().ok(), report);
    (experiment, observed)
}

fn target_seeds(spec: &Written) -> Seeds {
    let seed = |purpose: Option<u64>| purpose.unwrap_or(spec.seed);
    Seeds {
        initial: seed(spec.seeds.init),
        subset: seed(spec.seeds.subset),
        noise: seed(spec.seeds.noise),
        order: seed(spec.seeds.order),
        augment: seed(spec.seeds.augment),
        dropout: seed(spec.seeds.dropout),
    }
}

fn is_synthetic(task: &written::Task) -> bool {
    task.dataset == Dataset::Synthetic.name()
}

/// Derives the source's seeds, so that its draws are unrelated to the target's even for the same number.
fn source_seeds(seed: u64) -> Seeds {
    let of = |name| derive(seed, Purpose::Source, name);
    Seeds {
        initial: of("init"),
        subset: of("subset"),
        noise: of("noise"),
        order: of("order"),
        augment: of("augment"),
        dropout: of("dropout"),
    }
}

/// Whether a name is valid for the folder of runs.
pub fn is_valid_name(name: &str) -> bool {
    let plain = |letter: char| letter.is_alphanumeric() || "-_.+=".contains(letter);
    (1..=100).contains(&name.len()) && name != "sources" && !name.starts_with(['.', '-']) && name.chars().all(plain)
}

/// What is valid, as the rest of a sentence.
pub const VALID_NAME: &str =
    "has up to 100 letters, digits and `-_.+=`, does not start with `.` or `-`, and is not `sources`";

fn name(spec: &Written, report: &mut ProblemReport<'_>) -> String {
    let name = spec.name.clone().unwrap_or_default();
    if !is_valid_name(&name) {
        report.add(
            "name",
            format!("`{}` is not a valid folder name", name.escape_debug()),
            format!("`name` (by default that of the file) {VALID_NAME}"),
        );
    }
    name
}

/// The image shape of both tasks: the requested one, or the tasks' own if they agree.
fn image(spec: &Written, target: &KnownTask, source: Option<&KnownTask>, report: &mut ProblemReport<'_>) -> ImageShape {
    let own = target.facts.shape;
    let other = source.map_or(own, |source| source.facts.shape);
    let size = |shape: ImageShape| format!("{} × {}", shape.height, shape.width);
    if spec.image_size.is_none() && (own.height, own.width) != (other.height, other.width) {
        let message = format!("the source's images are {}, but the target's are {}", size(other), size(own));
        report.add("image_size", message, "set a common size, such as `image_size = 32`");
    }
    if spec.channels.is_none() && own.channels != other.channels {
        let message = format!(
            "the source's images have {}, but the target's have {}",
            text::counted(other.channels, "channel", "channels"),
            own.channels
        );
        report.add("channels", message, "set `channels = 3` or `channels = 1` for both");
    }
    if spec.channels == Some(2) {
        report.add("channels", "`channels = 2` is neither colour nor greyscale", "expected 1 or 3");
    }
    let asked = |own: usize| spec.image_size.map_or(own, |side| side as usize);
    let channels = spec.channels.map_or(own.channels, |channels| channels as usize);
    let image = ImageShape { channels, height: asked(own.height), width: asked(own.width) };
    for (prefix, known) in [("target", Some(target)), ("source", source)] {
        if let Some(KnownTask { task: Task { normalise: Normalise::Given { mean, deviation }, .. }, .. }) = known
            && !mean.is_empty()
            && (mean.len() != channels || deviation.len() != channels)
        {
            let message = format!("images have {}", text::counted(channels, "channel", "channels"));
            report.add(&format!("{prefix}.normalisation_mean"), message, "give one mean and one deviation per channel");
        }
    }
    image
}
