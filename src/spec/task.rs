//! What the table of a task means: its data, what it takes of them, and how it trains.

use super::data::{Data, Npz, Pictures, Side};
use super::experiment::{DisjointPart, Fit, Normalise, Seeds, Selection, Task};
use super::meaning::ProblemReport;
use super::survey::{Question, Survey};
use super::written;
use super::{labels, selection, size, training};
use crate::blueprint::ImageShape;
use crate::catalogue::{Dataset, Facts};
use crate::text;

/// What the tables of both tasks share.
pub(super) struct Context<'a> {
    pub(super) spec: &'a written::Written,
    pub(super) survey: &'a dyn Survey,
    pub(super) fit: Fit,
}

/// A task and what is known of its data.
pub(super) struct KnownTask {
    pub(super) task: Task,
    pub(super) facts: Facts,
}

impl Context<'_> {
    /// The task that a filled table means.
    pub(super) fn task(
        &self,
        task: &written::Task,
        side: Side,
        seeds: Seeds,
        report: &mut ProblemReport<'_>,
    ) -> KnownTask {
        let prefix = side.name();
        let dataset = dataset(&task.dataset, prefix, report);
        check_unused(task, dataset, prefix, report);
        let data = self.data(task, dataset, side, report);
        let facts = self.facts(&data, prefix, report);
        let selection = selection::selection(task, &facts, prefix, report);
        let examples = size::train_size(task, &selection, &facts, prefix, report);
        let training = training::training(&task.train, examples.drawn, &format!("{prefix}.train"), report);
        let task = Task {
            noise: labels::noise(task, prefix, report),
            normalise: self.normalise(task, side, report),
            data,
            classes: selection.label_count(),
            pool: examples.pool,
            train_size: examples.drawn,
            draw: examples.draw,
            test_size: test_size(&selection, &facts),
            validation_size: task.validation_size as usize,
            validation_noise: task.validation_noise,
            labelling: labels::labelling(task, prefix, report),
            selection,
            label_noise: task.label_noise,
            training,
            seeds,
        };
        KnownTask { task, facts }
    }

    fn data(&self, task: &written::Task, dataset: Dataset, side: Side, report: &mut ProblemReport<'_>) -> Data {
        let own = matches!(dataset, Dataset::Folder | Dataset::Npz);
        if own && task.path.as_ref().is_none_or(String::is_empty) {
            let message = format!("`dataset = \"{}\"` needs a `path`", dataset.name());
            report.add(
                &format!("{}.path", side.name()),
                message,
                "it says where the data set is, from the data folder on",
            );
        }
        let path = task.path.clone().unwrap_or_default().into();
        match dataset {
            Dataset::Synthetic => {
                let synthetic = self.spec.synthetic.clone().unwrap_or_default();
                let latent_similarity = match side {
                    Side::Source => 1.0,
                    Side::Target => synthetic.latent_similarity,
                };
                Data::Synthetic { latent_similarity, side, classes: synthetic.classes as usize }
            }
            Dataset::Folder | Dataset::TinyImagenet => {
                let test_folder = task.test_folder.map(|folder| match folder {
                    written::TestFolder::Val => "val".to_owned(),
                    written::TestFolder::Test => "test".to_owned(),
                });
                Data::Pictures(Pictures { dataset, path, test_folder, skip_bad_files: task.skip_bad_files })
            }
            Dataset::Npz => {
                let (arrays, validation) = arrays(task, side.name(), report);
                Data::Npz(Npz { path, arrays, validation })
            }
            files => Data::Files(files),
        }
    }

    /// What the catalogue knows, or what is found on disk.
    fn facts(&self, data: &Data, prefix: &str, report: &mut ProblemReport<'_>) -> Facts {
        let classes = if let Data::Synthetic { classes, .. } = data { *classes } else { 0 };
        let known = Facts::known(data.dataset(), classes);
        let looked_at = match data {
            Data::Files(_) | Data::Synthetic { .. } => true,
            Data::Pictures(Pictures { path, dataset, .. }) => {
                *dataset == Dataset::Folder && path.as_os_str().is_empty()
            }
            Data::Npz(npz) => npz.path.as_os_str().is_empty(),
        };
        if looked_at {
            return known.unwrap_or_else(stand_in);
        }
        let side = self.spec.image_size.map(|side| side as usize);
        match self.survey.facts(&Question { data, side, fit: self.fit }) {
            Ok(Some(facts)) => return facts,
            Ok(None) if self.survey.may_be_absent(&data.name()) => {}
            Ok(None) => {
                let own = match data {
                    Data::Pictures(Pictures { path, dataset: Dataset::Folder, .. }) | Data::Npz(Npz { path, .. }) => {
                        path.display().to_string()
                    }
                    _ => data.name(),
                };
                let hint = text::tilde(&own).unwrap_or("`--data DIR` or FREEZEWISE_DATA names another one");
                report.add_of_data(&format!("{prefix}.dataset"), format!("`{own}` is not in the data folder"), hint);
            }
            Err(error) => {
                let hint = error.downcast_ref::<crate::error::UserError>().map(|error| error.hints().join("\n    "));
                report.add_of_data(&format!("{prefix}.dataset"), format!("{error:#}"), hint.unwrap_or_default());
            }
        }
        known.unwrap_or_else(stand_in)
    }

    fn normalise(&self, task: &written::Task, side: Side, report: &mut ProblemReport<'_>) -> Normalise {
        let prefix = side.name();
        let given = task.normalisation == Some(written::Normalise::Given);
        for (key, list) in [
            ("normalisation_mean", &task.normalisation_mean),
            ("normalisation_deviation", &task.normalisation_deviation),
        ] {
            if given != list.is_some() {
                let (has, needs) =
                    if given { ("needs", "give one number a channel") } else { ("is what needs", "leave it out") };
                report.add(&format!("{prefix}.{key}"), format!("`normalisation = \"given\"` {has} `{key}`"), needs);
            }
            let deviation = key.ends_with("deviation");
            if list.iter().flatten().any(|&value| !(0.0..=1.0).contains(&value) || (deviation && value == 0.0)) {
                report.add(
                    &format!("{prefix}.{key}"),
                    format!("`{key}` is beyond the range of pixels"),
                    "they go from 0 to 1",
                );
            }
        }
        let trained = self.spec.source.as_ref().is_some_and(|source| source.weights.is_none());
        match task.normalisation {
            Some(written::Normalise::Given) => Normalise::Given {
                mean: task.normalisation_mean.clone().unwrap_or_default(),
                deviation: task.normalisation_deviation.clone().unwrap_or_default(),
            },
            Some(written::Normalise::Source) => {
                if side == Side::Source || !trained {
                    let message = "`normalisation = \"source\"` is for a target whose source is trained here";
                    report.add(
                        &format!("{prefix}.normalisation"),
                        message,
                        "`given` takes the numbers of weights from a file",
                    );
                }
                Normalise::Source
            }
            Some(written::Normalise::Subset) | None => Normalise::Subset,
        }
    }
}

/// The names of a file's arrays and of its validation arrays; absent where the spec names none.
fn arrays(
    task: &written::Task,
    prefix: &str,
    report: &mut ProblemReport<'_>,
) -> (Option<[String; 4]>, Option<[String; 2]>) {
    let Some(names) = &task.arrays else { return (None, None) };
    let (arrays, validation) = names.split_at(names.len().min(4));
    let (arrays, own) =
        (<[String; 4]>::try_from(arrays.to_vec()).ok(), <[String; 2]>::try_from(validation.to_vec()).ok());
    if arrays.is_none() || (own.is_none() && !validation.is_empty()) {
        report.add(
            &format!("{prefix}.arrays"),
            "`arrays` takes four names, or six",
            "training images, training labels, test images, test labels; then validation images and validation labels",
        );
    } else if own.is_some() && task.validation_size > 0 {
        let message = "`arrays` names validation images, and `validation_size` holds out others";
        report.add(&format!("{prefix}.validation_size"), message, "keep one of them");
    }
    (arrays, own)
}

/// How many test examples the task's classes have.
fn test_size(selection: &Selection, facts: &Facts) -> usize {
    match &facts.test_per_class {
        Some(sizes) => selection.classes.iter().map(|&class| sizes[class]).sum(),
        None => facts.test_size * selection.classes.len() / facts.class_count.max(1),
    }
}

/// In the place of what cannot be looked at: it forbids nothing. One less than its training examples is a prime, so that no
/// batch size leaves a last batch of one.
fn stand_in() -> Facts {
    Facts {
        shape: ImageShape { channels: 3, height: 32, width: 32 },
        class_count: 1000,
        classes: None,
        superclasses: None,
        train_size: 1_000_000_008,
        test_size: 0,
        train_per_class: None,
        test_per_class: None,
        digest: None,
    }
}

fn dataset(name: &str, prefix: &str, report: &mut ProblemReport<'_>) -> Dataset {
    Dataset::named(name).unwrap_or_else(|| {
        let names = Dataset::ALL.map(Dataset::name);
        let list = text::alternatives(&names);
        let key = format!("{prefix}.dataset");
        if name.is_empty() {
            report.add(&key, format!("`{key}` is missing"), format!("it takes {list}"));
        } else {
            let near = text::nearest(name, names);
            let hint = near.map_or(
                format!("`{key}` takes {list}; images of your own are a `folder` or an `npz` at `{prefix}.path`"),
                |near| format!("did you mean `{near}`?"),
            );
            report.add(&key, format!("`{name}` is not a data set"), hint);
        }
        Dataset::Synthetic
    })
}

/// Keys that were written and would do nothing with this data set.
fn check_unused(task: &written::Task, dataset: Dataset, prefix: &str, report: &mut ProblemReport<'_>) {
    let (folder, npz, tiny) = (Dataset::Folder, Dataset::Npz, Dataset::TinyImagenet);
    let rules = [
        ("path", task.path.is_some(), dataset == folder || dataset == npz, "`folder` or `npz`"),
        ("arrays", task.arrays.is_some(), dataset == npz, "`npz`"),
        ("test_folder", task.test_folder.is_some(), dataset == folder, "`folder`"),
        ("skip_bad_files", task.skip_bad_files, dataset == folder || dataset == tiny, "`folder` or `tiny-imagenet`"),
    ];
    for (key, written, used, needed) in rules {
        if written && !used {
            let message = format!("`{prefix}.{key}` has no effect on `{}`", task.dataset);
            report.add(&format!("{prefix}.{key}"), message, format!("it is for {needed}"));
        }
    }
}

impl DisjointPart {
    /// Whether it is everything.
    pub fn is_whole(self) -> bool {
        self.of == 1
    }
}
