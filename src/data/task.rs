//! The data of a task, ready for training.

use anyhow::Result;

use super::draw::{Drawn, Lot};
use super::duplicates;
use super::images::Images;
use super::noise::{self, Corrupted, Labels, Truth};
use super::random_labels::random_labels;
use super::relabel::Relabel;
use super::statistics;
use super::store::{Store, StoredSplit};
use super::{Access, WantedImages, Watch, fingerprint, format_of};
use crate::catalogue::{Dataset, Facts};
use crate::error::UserError;
use crate::spec::Normalisation;
use crate::spec::{self, Draw, Labelling, Noise, Normalise, Task};
use crate::text;

/// The data of a task, ready for training.
#[derive(Debug)]
pub struct TaskData {
    /// Training examples, in subset order.
    pub train: Images,
    /// Labels to train on, some of them corrupted.
    pub train_labels: Labels,
    /// Index of each training example in the data set's full training set.
    pub indices: Vec<usize>,
    /// Validation examples with the labels to evaluate against; `None` if not requested.
    pub validation: Option<Images>,
    /// Fraction of these labels that are wrong.
    pub validation_noise_realised: Option<f64>,
    /// Test examples, with true labels.
    pub test: Images,
    /// Normalisation of pixels: that of the training examples if the spec requests the source's.
    pub normalisation: Normalisation,
    /// Class names in label order.
    pub classes: Vec<String>,
    /// Pairs of a training and a test example that are the same image, by indices in the data set.
    pub duplicates: Vec<(usize, usize)>,
    /// Files that could not be decoded and were skipped.
    pub skipped: Vec<String>,
    /// SHA-256 over labels and images of the whole data set; `None` for generated images.
    pub checksum: Option<String>,
    /// State of the data set's files when they were read; `None` if the data set is identified by content or has no
    /// files.
    pub state: Option<String>,
    /// Notes on what was done to the images.
    pub notes: Vec<String>,
}

/// Loads a task: training examples with label noise, validation examples and test examples, in the network's format.
pub fn load(task: &Task, wanted: WantedImages, access: Access<'_>, watch: Watch<'_>) -> Result<TaskData> {
    let (mut store, state) = format_of(&task.data)?.read(wanted, access, watch)?;
    let relabel = Relabel::new(&task.selection, &store.classes);
    // An archive's own validation examples follow its training examples and are not drawn from.
    let training = store.train.labels.len() - store.validation;
    let all = labels(task, &relabel, &store.train.labels, "train");
    let mut drawn = draw(task, &store.train.labels[..training], &relabel, &store.place)?;
    drawn.validation.extend((training..all.len()).filter(|&index| all[index].is_some()));
    let [train_labels, validation_labels] = given(task, (&all, training), &drawn, &relabel)?;
    let own = store.shape;
    let mut gather = |split: &mut StoredSplit, indices: &[usize], labels: &[Option<u16>]| -> Result<Images> {
        let mut images = split.gather_asking(indices, own, wanted, access.threads, &mut || watch(None))?;
        images.labels = indices.iter().map(|&index| labels[index].unwrap_or_default()).collect();
        Ok(images)
    };
    let tested_labels = labels(task, &relabel, &store.test.labels, "test");
    let tested: Vec<usize> = (0..tested_labels.len()).filter(|&index| tested_labels[index].is_some()).collect();
    let train = gather(&mut store.train, &drawn.train, &all)?;
    let validation = if drawn.validation.is_empty() {
        None
    } else {
        let held = gather(&mut store.train, &drawn.validation, &all)?;
        Some(Images { labels: validation_labels.given.clone(), ..held })
    };
    let test = gather(&mut store.test, &tested, &tested_labels)?;
    let normalisation = match &task.normalise {
        Normalise::Given { mean, deviation } => Normalisation { mean: mean.clone(), deviation: deviation.clone() },
        Normalise::Subset | Normalise::Source => statistics::of(&train, access.threads),
    };
    let train_fingerprints = store.train.all_fingerprints(own, access.threads, &mut || watch(None))?;
    let test_fingerprints = store.test.all_fingerprints(own, access.threads, &mut || watch(None))?;
    let duplicates = duplicates::between((&train_fingerprints, &drawn.train), (&test_fingerprints, &tested));
    let checksum = || {
        let (train, test) = (store.train.labels.as_slice(), store.test.labels.as_slice());
        fingerprint::checksum(own, [(train, &train_fingerprints), (test, &test_fingerprints)])
    };
    Ok(TaskData {
        notes: notes(task, &store, wanted, &duplicates),
        train,
        train_labels,
        validation_noise_realised: validation.is_some().then(|| validation_labels.realised_fraction()),
        validation,
        test,
        normalisation,
        classes: relabel.classes,
        duplicates,
        checksum: (!train_fingerprints.is_empty()).then(checksum),
        skipped: store.skipped,
        state,
        indices: drawn.train,
    })
}

/// The label of each example of a split before corruption; `None` if the task does not use its class.
pub(super) fn labels(task: &Task, relabel: &Relabel, classes: &[u16], split: &str) -> Vec<Option<u16>> {
    let labels = relabel.labels(classes);
    match task.labelling {
        Labelling::DataSet => labels,
        Labelling::Random => {
            let drawn = random_labels(task.seeds.noise, split, labels.len(), relabel.classes.len());
            labels.into_iter().zip(drawn).map(|(label, drawn)| label.map(|_| drawn)).collect()
        }
    }
}

/// The training labels, and the validation labels, of a full set whose first `training` examples are for training.
pub(super) fn given(
    task: &Task,
    (full, training): (&[Option<u16>], usize),
    drawn: &Drawn,
    relabel: &Relabel,
) -> Result<[Labels; 2]> {
    let seed = task.seeds.noise;
    let train = Truth { full, training, indices: &drawn.train, relabel };
    let validation = Truth { indices: &drawn.validation, ..train };
    let kind = if let Noise::File(_) = task.noise { &Noise::Uniform } else { &task.noise };
    Ok([
        noise::corrupt(&train, &task.noise, task.label_noise, (seed, Corrupted::Training))?,
        noise::corrupt(&validation, kind, task.validation_noise, (seed, Corrupted::Validation))?,
    ])
}

/// Draws the examples, and checks the draw against the numbers of the spec.
pub(super) fn draw(task: &Task, classes: &[u16], relabel: &Relabel, place: &str) -> Result<Drawn, UserError> {
    let labels = relabel.labels(classes);
    let lot = Lot {
        classes,
        labels: &labels,
        label_count: relabel.classes.len(),
        part: task.selection.part,
        validation_size: task.validation_size,
        train_size: task.train_size,
        draw: task.draw,
        seed: task.seeds.subset,
    };
    let drawn = lot.draw();
    let grouped = |count: usize| text::grouped(count as u64);
    if drawn.pool != task.pool {
        let (found, counted) = (grouped(drawn.pool), grouped(task.pool));
        let message =
            format!("`{place}` has {found} training examples for this task, but its class sizes give {counted}");
        return Err(UserError::new(message).hint("its labels differ from the published ones, or it has changed"));
    }
    if drawn.train.len() < task.train_size || drawn.validation.len() < task.validation_size {
        let (found, wanted) = (grouped(drawn.train.len()), grouped(task.train_size));
        let message = format!("`{place}` has {found} training examples for this task, fewer than {wanted}");
        return Err(UserError::new(message).hint("draw fewer examples, or hold out fewer"));
    }
    if let Some(label) = drawn.left.iter().position(|&count| count == 0) {
        let message = format!("class `{}` has no training example left to draw", relabel.classes[label]);
        return Err(UserError::new(message).hint("split into fewer parts, or hold out fewer"));
    }
    if task.draw == Draw::Balanced
        && let Some(label) = spec::uneven(&drawn.left, task.train_size)
    {
        let each = task.train_size / relabel.classes.len();
        let message = spec::unbalanced(&relabel.classes[label], drawn.left[label], each, task.train_size);
        return Err(UserError::new(message).hint("draw fewer, or remove `balanced`"));
    }
    Ok(drawn)
}

/// Whether each class has as many images as in the published data set; one's own data have no other sizes.
fn has_published_sizes(dataset: Dataset, store: &Store) -> bool {
    dataset.entry().is_none_or(|entry| {
        let sizes = |split: &StoredSplit| Facts::per_class(&split.labels, entry.class_count);
        sizes(&store.train) == entry.train_per_class && sizes(&store.test) == entry.test_per_class
    })
}

fn notes(task: &Task, store: &Store, wanted: WantedImages, duplicates: &[(usize, usize)]) -> Vec<String> {
    let name = task.data.name();
    let (own, shape) = (store.shape, wanted.shape);
    let mut notes: Vec<String> = store.unused.iter().map(|unused| format!("{name}: {unused}")).collect();
    if !has_published_sizes(task.data.dataset(), store) {
        notes.push(format!("{name}: its class sizes differ from those of the published data set"));
    }
    if own.channels != shape.channels {
        let how = if shape.channels == 1 {
            "colours are converted to grey by luma"
        } else {
            "grey is copied to three channels"
        };
        notes.push(format!("{name}: {how}"));
    }
    if (own.height, own.width) != (shape.height, shape.width) {
        notes.push(format!(
            "{name}: {} × {} images are resized to {} × {}",
            own.height, own.width, shape.height, shape.width
        ));
    }
    if !duplicates.is_empty() {
        let same = text::counted(
            duplicates.len(),
            "training example is also a test example",
            "training examples are also test examples",
        );
        notes.push(format!("{name}: {same}; run.json lists them"));
    }
    if !store.skipped.is_empty() {
        notes.push(format!(
            "{name}: {} skipped; run.json lists them",
            text::counted(store.skipped.len(), "bad file", "bad files")
        ));
    }
    notes
}
