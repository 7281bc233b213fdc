//! `freezewise data stats`.

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::super::options::{DataRoot, Overrides};
use super::named;
use crate::data::{Images, Normalisation, TaskData, statistics};
use crate::error::Exit;
use crate::native;
use crate::output::{self, Table};
use crate::spec::{Source, Spec, Task};
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A spec, for the examples its tasks use; or the name of a published data set, for all of it
    #[arg(value_name = "SPEC|NAME")]
    what: String,

    #[command(flatten)]
    overrides: Overrides,

    #[command(flatten)]
    data: DataRoot,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Statistics of a task's data.
#[derive(Serialize)]
struct Statistics {
    task: &'static str,
    dataset: String,
    image: String,
    train: SplitStatistics,
    validation: Option<SplitStatistics>,
    test: SplitStatistics,
    /// Wrong training labels per true class; absent if there are none.
    wrong_labels: Option<Vec<usize>>,
    /// Training examples that are also test examples.
    duplicates: usize,
    /// Files that could not be read and were skipped.
    skipped: Vec<String>,
    classes: Vec<String>,
}

/// One split. Labels are the true ones, in class order; colours range from 0 to 1.
#[derive(Serialize)]
struct SplitStatistics {
    examples: usize,
    per_class: Vec<usize>,
    colours: Normalisation,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let survey = arguments.data.surveyor();
    let path = std::path::Path::new(&arguments.what);
    // A folder of a data set's name may exist, so only a file or an extension makes it a spec.
    let spec = if path.extension().is_some() || path.is_file() {
        Spec::load(path, &arguments.overrides.set, &survey)?
    } else {
        Spec::whole(named(&arguments.what)?.0, &survey)?
    };
    let experiment = &spec.experiment;
    let mut tasks: Vec<(&'static str, &Task)> = Vec::new();
    if let Some(Source::Task(task)) = &experiment.source {
        tasks.push(("source", task));
    }
    tasks.push(("target", &experiment.target));
    let threads = native::reading_threads(experiment.threads);
    let of = |(name, task)| Ok(Statistics::new(name, task, arguments.data.load(experiment, task)?, threads));
    let statistics: Vec<Statistics> = tasks.into_iter().map(of).collect::<Result<_>>()?;
    let shown = if arguments.json {
        serde_json::to_string_pretty(&statistics)?
    } else {
        statistics.iter().map(shown).collect::<Vec<_>>().join("\n\n")
    };
    output::data(&shown)?;
    Ok(Exit::Complete)
}

impl Statistics {
    fn new(name: &'static str, task: &Task, data: TaskData, threads: usize) -> Self {
        let classes = data.classes.len();
        let count = |labels: &mut dyn Iterator<Item = u16>| {
            let mut counts = vec![0; classes];
            labels.for_each(|label| counts[usize::from(label)] += 1);
            counts
        };
        let split = |images: &Images| SplitStatistics {
            examples: images.count(),
            per_class: count(&mut images.labels.iter().copied()),
            colours: statistics(images, threads),
        };
        let corrupted = data.train.labels.iter().zip(&data.train_labels.corrupted);
        let mut wrong = corrupted.filter(|(_, corrupted)| **corrupted).map(|(label, _)| *label);
        Self {
            task: name,
            dataset: task.data.name(),
            image: data.train.shape.to_string(),
            train: split(&data.train),
            validation: data.validation.as_ref().map(split),
            test: split(&data.test),
            wrong_labels: (data.train_labels.corrupted_count() > 0).then(|| count(&mut wrong)),
            duplicates: data.duplicates.len(),
            skipped: data.skipped,
            classes: data.classes,
        }
    }

    /// The existing splits with their names.
    fn splits(&self) -> impl Iterator<Item = (&'static str, &SplitStatistics)> {
        let validation = self.validation.as_ref().map(|split| ("validation", split));
        std::iter::once(("training", &self.train)).chain(validation).chain([("test", &self.test)])
    }
}

fn shown(statistics: &Statistics) -> String {
    let wrong = &statistics.wrong_labels;
    let names = statistics.splits().map(|(name, _)| name);
    let columns: Vec<&str> = ["class<"].into_iter().chain(names).chain(wrong.as_ref().map(|_| "mislabelled")).collect();
    let mut table = Table::new(&columns);
    let grouped = |count: usize| text::grouped(count as u64);
    let mut row = |name: &str, count: &dyn Fn(&SplitStatistics) -> usize, wrong: Option<usize>| {
        let counts = statistics.splits().map(|(_, split)| grouped(count(split)));
        table.row(std::iter::once(name.to_owned()).chain(counts).chain(wrong.map(grouped)));
    };
    for (class, name) in statistics.classes.iter().enumerate() {
        row(name, &|split| split.per_class[class], wrong.as_ref().map(|wrong| wrong[class]));
    }
    row("all", &|split| split.examples, wrong.as_ref().map(|wrong| wrong.iter().sum()));
    let mut parts = vec![
        format!("{}: {}, images of {}", statistics.task, statistics.dataset, statistics.image),
        table.to_string(),
        colours(statistics).to_string(),
    ];
    if statistics.duplicates > 0 {
        let same = text::counted(
            statistics.duplicates,
            "training example is also a test example",
            "training examples are also test examples",
        );
        parts.push(same);
    }
    if !statistics.skipped.is_empty() {
        let skipped = text::counted(statistics.skipped.len(), "bad file skipped", "bad files skipped");
        parts.push(format!("{skipped}:\n  {}", statistics.skipped.join("\n  ")));
    }
    parts.join("\n\n")
}

/// Mean and standard deviation of each colour.
fn colours(statistics: &Statistics) -> Table {
    let channels = statistics.train.colours.mean.len();
    let names: &[&str] = if channels == 1 { &["grey"] } else { &["red", "green", "blue"] };
    let columns: Vec<String> =
        names.iter().flat_map(|name| [format!("{name}: mean"), "deviation".to_owned()]).collect();
    let columns: Vec<&str> = std::iter::once("colour, 0 to 1<").chain(columns.iter().map(String::as_str)).collect();
    let mut table = Table::new(&columns);
    for (name, split) in statistics.splits() {
        let pairs = split.colours.mean.iter().zip(&split.colours.deviation);
        let cells = pairs.flat_map(|(mean, deviation)| [format!("{mean:.4}"), format!("{deviation:.4}")]);
        table.row(std::iter::once(name.to_owned()).chain(cells));
    }
    table
}
