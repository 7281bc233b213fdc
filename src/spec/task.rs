//! Resolves a task's table: data, selection and training.

use super::data::{Data, ImageFolder, Npz, Side, SyntheticImages};
use super::experiment::{DisjointPart, Fit, Normalise, Seeds, Selection, Task};
use super::meaning::ProblemReport;
use super::survey::{Question, Survey};
use super::written;
use super::{labels, selection, size, training};
use crate::blueprint::ImageShape;
use crate::catalogue::{Dataset, Facts};
use crate::text;

/// What the resolution of both tasks shares.
pub(super) struct Context<'a> {
    pub(super) spec: &'a written::Written,
    pub(super) survey: &'a dyn Survey,
    pub(super) fit: Fit,
}

/// A task, and the known facts about its data.
pub(super) struct KnownTask {
    pub(super) task: Task,
    pub(super) facts: Facts,
}

impl Context<'_> {
    /// Resolves a filled table.
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
                "the path of the data set, relative to the data folder",
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
                Data::Synthetic(SyntheticImages { latent_similarity, side, classes: synthetic.classes as usize })
            }
            Dataset::Folder => {
                let test_folder = task.test_folder.map(|folder| match folder {
                    written::TestFolder::Val => "val".to_owned(),
                    written::TestFolder::Test => "test".to_owned(),
                });
                Data::Folder(ImageFolder { path, test_folder, skip_bad_files: task.skip_bad_files })
            }
            Dataset::Npz => {
                let (arrays, validation) = arrays(task, side.name(), report);
                Data::Npz(Npz { path, arrays, validation })
            }
            published => Data::Published { dataset: published, skip_bad_files: task.skip_bad_files },
        }
    }

    /// Facts about the data, from the catalogue or from disk.
    fn facts(&self, data: &Data, prefix: &str, report: &mut ProblemReport<'_>) -> Facts {
        let classes = if let Data::Synthetic(images) = data { images.classes } else { 0 };
        let known = Facts::known(data.dataset(), classes);
        // Image files may be damaged, whatever is published of them; one's own data without a place were complained of.
        let is_known = match data.path() {
            Some(path) => path.as_os_str().is_empty(),
            None => !data.dataset().has_image_files(),
        };
        if is_known {
            return known.unwrap_or_else(stand_in);
        }
        let side = self.spec.image_size.map(|side| side as usize);
        match self.survey.facts(&Question { data, side, fit: self.fit }) {
            Ok(Some(facts)) => return facts,
            Ok(None) if self.survey.may_be_absent(&data.name()) => {}
            Ok(None) => {
                let own = data.path().map_or_else(|| data.name(), |path| path.display().to_string());
                let hint = text::tilde(&own).unwrap_or("set the data folder with `--data DIR` or FREEZEWISE_DATA");
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
                let (has, needs) = if given {
                    ("needs", "set one number per channel")
                } else {
                    ("is required by", "set it, or remove the key")
                };
                report.add(&format!("{prefix}.{key}"), format!("`normalisation = \"given\"` {has} `{key}`"), needs);
            }
            let deviation = key.ends_with("deviation");
            if list.iter().flatten().any(|&value| !(0.0..=1.0).contains(&value) || (deviation && value == 0.0)) {
                report.add(
                    &format!("{prefix}.{key}"),
                    format!("`{key}` is outside the range of pixel values"),
                    "pixel values range from 0 to 1, and a deviation is above 0",
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
                    let message =
                        "`normalisation = \"source\"` needs a target with a source that is trained, not loaded";
                    report.add(
                        &format!("{prefix}.normalisation"),
                        message,
                        "with `source.weights`, use `given` and the values that the weights were trained with",
                    );
                }
                Normalise::Source
            }
            Some(written::Normalise::Subset) | None => Normalise::Subset,
        }
    }
}

/// Array names and validation array names of an `npz` file; `None` if the spec names none.
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
            "`arrays` must have four or six names",
            "training images, training labels, test images, test labels; then validation images and validation labels",
        );
    } else if own.is_some() && task.validation_size > 0 {
        let message = "`arrays` and `validation_size` both choose validation images";
        report.add(&format!("{prefix}.validation_size"), message, "keep one of them");
    }
    (arrays, own)
}

/// Number of test examples of the selected classes.
fn test_size(selection: &Selection, facts: &Facts) -> usize {
    match &facts.test_per_class {
        Some(sizes) => selection.classes.iter().map(|&class| sizes[class]).sum(),
        None => facts.test_size * selection.classes.len() / facts.class_count.max(1),
    }
}

/// Placeholder facts for data that cannot be inspected, chosen to pass every check. The number of training examples is
/// one more than a prime, so no batch size leaves a last batch of one.
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
            report.add(&key, format!("`{key}` is missing"), format!("expected {list}"));
        } else {
            let near = text::nearest(name, names);
            let hint = near.map_or(
                format!("expected {list}; for your own images, use `folder` or `npz` and set `{prefix}.path`"),
                |near| format!("did you mean `{near}`?"),
            );
            report.add(&key, format!("`{name}` is not a data set"), hint);
        }
        Dataset::Synthetic
    })
}

/// Reports keys without effect on this data set.
fn check_unused(task: &written::Task, dataset: Dataset, prefix: &str, report: &mut ProblemReport<'_>) {
    let (folder, npz, files) = (Dataset::Folder, Dataset::Npz, dataset.has_image_files());
    let rules = [
        ("path", task.path.is_some(), dataset == folder || dataset == npz, "`folder` or `npz`"),
        ("arrays", task.arrays.is_some(), dataset == npz, "`npz`"),
        ("test_folder", task.test_folder.is_some(), dataset == folder, "`folder`"),
        ("skip_bad_files", task.skip_bad_files, files, "`folder` or `tiny-imagenet`"),
    ];
    for (key, written, used, needed) in rules {
        if written && !used {
            let message = format!("`{prefix}.{key}` has no effect with `dataset = \"{}\"`", task.dataset);
            report.add(&format!("{prefix}.{key}"), message, format!("it applies to {needed}"));
        }
    }
}

impl DisjointPart {
    /// Whether this is the whole data set.
    pub fn is_whole(self) -> bool {
        self.of == 1
    }
}
