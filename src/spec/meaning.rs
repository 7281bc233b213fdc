//! From what was written, defaults filled in, to what it means; contradictions are found on the way, all of them.

use super::compute::compute;
use super::experiment::{
    Data, DeviceChoice, Experiment, FrozenNorm, Seeds, Side, Source, Task, Transfer, UnfrozenInit,
};
use super::problem::Problem;
use super::procedure::{Augmentation, Evaluation};
use super::tree::Node;
use super::written::{self, Written};
use super::{frozen, network, training};
use crate::blueprint::{Blueprint, FrozenSet, Granularity, ImageShape};
use crate::catalogue::Dataset;
use crate::seed::{Purpose, derive};
use crate::text;

/// Problems of a spec, with the tree that knows their places.
pub(super) struct Report<'a> {
    root: &'a Node,
    problems: Vec<Problem>,
}

impl<'a> Report<'a> {
    /// Goes on from the problems that are known already.
    pub(super) fn new(root: &'a Node, problems: Vec<Problem>) -> Self {
        Self { root, problems }
    }

    /// Reports a problem with a key, unless the key is known to be wrong: one mistake, one message.
    pub(super) fn add(&mut self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        if self.problems.iter().any(|problem| problem.key == key) {
            return;
        }
        let place = self.root.place_of(key).clone();
        self.problems.push(Problem { place, key: key.to_owned(), message: message.into(), hint: Some(hint.into()) });
    }

    /// Whether the user wrote a key.
    pub(super) fn wrote(&self, key: &str) -> bool {
        self.root.has(key)
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

/// The experiment that a filled spec means. It is to be used only if nothing was reported.
pub(super) fn experiment(spec: &Written, report: &mut Report<'_>) -> Experiment {
    let synthetic = spec.synthetic.clone().unwrap_or_default();
    let source_is_synthetic = spec.source.as_ref().is_some_and(|source| is_synthetic(&source.task));
    if !is_synthetic(&spec.target) && !source_is_synthetic && report.wrote("synthetic") {
        report.add("synthetic", "`synthetic` has no effect: neither task is synthetic", "leave the table out");
    }
    let seed = |purpose: Option<u64>| purpose.unwrap_or(spec.seed);
    let seeds = Seeds {
        initial: seed(spec.seeds.init),
        subset: seed(spec.seeds.subset),
        noise: seed(spec.seeds.noise),
        order: seed(spec.seeds.order),
        augment: seed(spec.seeds.augment),
        dropout: seed(spec.seeds.dropout),
    };
    let source = frozen::weights(spec, report).or_else(|| {
        let seeds = source_seeds(spec.seeds.source);
        let task = task(&spec.source.as_ref()?.task, Side::Source, &synthetic, seeds, report);
        Some(Source::Task(Box::new(task)))
    });
    let target = task(&spec.target, Side::Target, &synthetic, seeds, report);
    let architecture = network::architecture(&spec.network, report);
    let image = image(spec, report);
    let granularity = match spec.transfer.granularity {
        written::Granularity::Block => Granularity::Block,
        written::Granularity::Sublayer => Granularity::Sublayer,
    };
    let blueprint = Blueprint::new(&architecture, granularity, image, target.classes);
    if let Err(impossible) = &blueprint {
        report.add(impossible.key, impossible.message.clone(), impossible.hint.clone());
    }
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
        transfer: transfer(spec, granularity, blueprint.as_ref().ok(), report),
        source,
        target,
        evaluation: match spec.evaluate.every {
            written::CountOrLog::Every(every) => Evaluation::Every(every),
            written::CountOrLog::Word(_) => Evaluation::Log,
        },
    };
    if blueprint.is_ok_and(|blueprint| blueprint.normalises_one_pixel()) {
        check_batches(&experiment, report);
    }
    experiment
}

fn is_synthetic(task: &written::Task) -> bool {
    task.dataset == Dataset::Synthetic.name()
}

/// The source's draws are unrelated to the target's, also where both seeds are the same number.
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

fn name(spec: &Written, report: &mut Report<'_>) -> String {
    let name = spec.name.clone().unwrap_or_default();
    let plain = |letter: char| letter.is_alphanumeric() || "-_.+=".contains(letter);
    if name == "sources"
        || name.is_empty()
        || name.len() > 100
        || name.starts_with(['.', '-'])
        || !name.chars().all(plain)
    {
        report.add(
            "name",
            format!("`{}` cannot be the name of a folder", name.escape_debug()),
            "`name`, by default the file's, takes up to 100 letters, digits and `-_.+=`; not `sources`, nor `.` or `-` first",
        );
    }
    name
}

fn device(typed: &str, report: &mut Report<'_>) -> DeviceChoice {
    match typed {
        "auto" => DeviceChoice::Auto,
        "cpu" => DeviceChoice::Cpu,
        "cuda" => DeviceChoice::Cuda(0),
        _ => {
            let index = typed.strip_prefix("cuda:").and_then(|index| index.parse().ok());
            if index.is_none() {
                report.add(
                    "device",
                    format!("`{typed}` is not a device"),
                    "`device` takes `auto`, `cpu`, `cuda` or `cuda:N`",
                );
            }
            index.map_or(DeviceChoice::Auto, DeviceChoice::Cuda)
        }
    }
}

fn task(
    task: &written::Task,
    side: Side,
    synthetic: &written::Synthetic,
    seeds: Seeds,
    report: &mut Report<'_>,
) -> Task {
    let prefix = match side {
        Side::Source => "source",
        Side::Target => "target",
    };
    let dataset = dataset(&task.dataset, prefix, report);
    let classes = dataset.classes().unwrap_or(synthetic.classes as usize);
    let full = dataset.train_size();
    let train_size = match task.train_size {
        written::CountOrAll::Count(count) => count as usize,
        written::CountOrAll::Word(_) => full,
    };
    if train_size > full {
        report.add(
            &format!("{prefix}.train_size"),
            format!(
                "`{}` has {} training examples, and not {}",
                dataset.name(),
                text::grouped(full as u64),
                text::grouped(train_size as u64)
            ),
            "`train_size = \"all\"` takes them all",
        );
    }
    let data = match dataset {
        Dataset::Synthetic => {
            let latent_similarity = match side {
                Side::Source => 1.0,
                Side::Target => synthetic.latent_similarity,
            };
            Data::Synthetic { latent_similarity, side }
        }
        other => Data::Files(other),
    };
    let training = training::training(&task.train, train_size, &format!("{prefix}.train"), report);
    Task { data, classes, train_size, label_noise: task.label_noise, training, seeds }
}

fn dataset(name: &str, prefix: &str, report: &mut Report<'_>) -> Dataset {
    Dataset::named(name).unwrap_or_else(|| {
        let names = Dataset::ALL.map(Dataset::name);
        let list = text::alternatives(&names);
        let key = format!("{prefix}.dataset");
        if name.is_empty() {
            report.add(&key, format!("`{key}` is missing"), format!("it takes {list}"));
        } else {
            let near = text::nearest(name, names);
            let hint = near.map_or(format!("`{key}` takes {list}"), |near| format!("did you mean `{near}`?"));
            report.add(&key, format!("`{name}` is not a data set"), hint);
        }
        Dataset::Synthetic
    })
}

/// The images of both tasks: their own size, or the one asked for.
fn image(spec: &Written, report: &mut Report<'_>) -> ImageShape {
    let shape_of = |task: &written::Task| Dataset::named(&task.dataset).map(Dataset::shape);
    let own = shape_of(&spec.target).unwrap_or(Dataset::Synthetic.shape());
    let Some(side) = spec.image_size.map(|side| side as usize) else { return own };
    let smallest = own.height.min(spec.source.as_ref().and_then(|source| shape_of(&source.task)).unwrap_or(own).height);
    if side > smallest {
        report.add(
            "image_size",
            format!("`image_size = {side}` is larger than the images, whose side is {smallest}"),
            "images are only made smaller: leave the key out, or take less",
        );
    }
    ImageShape { channels: own.channels, height: side, width: side }
}

fn transfer(
    spec: &Written,
    granularity: Granularity,
    blueprint: Option<&Blueprint>,
    report: &mut Report<'_>,
) -> Transfer {
    let frozen = match blueprint {
        Some(blueprint) => frozen::frozen(&spec.transfer, blueprint, report),
        None => FrozenSet::first(0, 0),
    };
    let frozen_norm = match spec.transfer.frozen_norm {
        Some(written::FrozenNorm::Source) => FrozenNorm::Source,
        Some(written::FrozenNorm::Batch) => FrozenNorm::Batch,
        Some(written::FrozenNorm::Target) | None => FrozenNorm::Target,
    };
    let unfrozen_init = match spec.transfer.unfrozen_init {
        Some(written::UnfrozenInit::Source) => UnfrozenInit::Source,
        Some(written::UnfrozenInit::Random) | None => UnfrozenInit::Random,
    };
    if spec.source.is_none() {
        for (key, taken) in [
            ("frozen_norm", frozen_norm == FrozenNorm::Source),
            ("unfrozen_init", unfrozen_init == UnfrozenInit::Source),
        ] {
            if taken {
                report.add(
                    &format!("transfer.{key}"),
                    format!("`{key} = \"source\"`, and the spec has no source"),
                    "add a `[source]` table, or leave the key out",
                );
            }
        }
    }
    Transfer { granularity, frozen, frozen_norm, unfrozen_init }
}

/// Batch norm cannot normalise one value: a last batch of one image, where the feature map is one pixel.
fn check_batches(experiment: &Experiment, report: &mut Report<'_>) {
    let mut tasks = vec![("target", &experiment.target)];
    if let Some(Source::Task(task)) = &experiment.source {
        tasks.push(("source", task));
    }
    for (prefix, task) in tasks {
        let single = task.train_size % task.training.batch_size.max(1) == 1 || task.training.batch_size == 1;
        if single {
            report.add(
                &format!("{prefix}.train.batch_size"),
                format!(
                    "{} in batches of {} end in a batch of one image, which batch norm cannot normalise at this image size",
                    text::counted(task.train_size, "example", "examples"),
                    task.training.batch_size
                ),
                "let `train_size` leave another rest when it is divided by `batch_size`",
            );
        }
    }
}

/// The augmentation that a list of names means.
pub(super) fn augmentation(train: &written::Train) -> Augmentation {
    let crop = train.augment.contains(&written::Augment::Crop);
    Augmentation {
        crop_padding: if crop { train.crop_padding.unwrap_or_default() as usize } else { 0 },
        flip: train.augment.contains(&written::Augment::Flip),
    }
}
