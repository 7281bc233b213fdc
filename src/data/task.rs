//! A task's data, ready for training.

use anyhow::Result;

use super::draw::{Drawn, Lot};
use super::duplicates;
use super::images::Images;
use super::noise::{self, Labels, Truth};
use super::statistics::{self, Normalisation};
use super::store::{Split, Store};
use super::{Access, Image, Watch, fingerprint, read};
use crate::error::UserError;
use crate::spec::{Draw, Normalise, Selection, Task};
use crate::text;

/// A task's data, ready for training.
#[derive(Debug)]
pub struct TaskData {
    /// The training examples in the order of the subset.
    pub train: Images,
    /// The labels to train on, some of them corrupted.
    pub train_labels: Labels,
    /// Where each training example stands in the data set's full training set.
    pub indices: Vec<usize>,
    /// Training examples held out, their labels always true; absent where none were asked for.
    pub validation: Option<Images>,
    /// The test examples, their labels always true.
    pub test: Images,
    /// What makes pixels into the network's input; the training examples' own where the spec asks for the source's.
    pub normalisation: Normalisation,
    /// The names of the classes, in the order of their labels.
    pub classes: Vec<String>,
    /// Training examples and test examples that are the same image, by their indices in the data set.
    pub duplicates: Vec<(usize, usize)>,
    /// What could not be read and was left out.
    pub skipped: Vec<String>,
    /// SHA-256 over the labels and images of the whole data set; absent where they are made on the spot.
    pub checksum: Option<String>,
    /// The state of the data set's files when it was read; absent where its name tells its content, or it has no files.
    pub state: Option<String>,
    /// What was done to the images, in words.
    pub notes: Vec<String>,
}

/// Loads a task: its training examples with label noise, those held out, and the test examples, all as the network
/// takes them.
pub fn load(task: &Task, image: Image, access: Access<'_>, watch: Watch<'_>) -> Result<TaskData> {
    let (mut store, state) = read(&task.data, image, access, watch)?;
    let relabel = Relabel::new(&task.selection, &store.classes);
    let full = relabel.labels(&store.train);
    let drawn = draw(task, &full, &relabel, &store)?;
    let truth =
        Truth { full: &full, indices: &drawn.train, classes: &relabel.classes, own: (&relabel.of, &store.classes) };
    let train_labels = noise::corrupt(&truth, &task.noise, task.label_noise, task.seeds.noise)?;
    let own = store.shape;
    let mut gather = |split: &mut Split, indices: &[usize]| -> Result<Images> {
        let mut images = split.gather_asking(indices, own, image, access.threads, &mut || watch(None))?;
        images.labels.iter_mut().for_each(|label| *label = relabel.of[usize::from(*label)].unwrap_or_default());
        Ok(images)
    };
    let tested = relabel.labels(&store.test);
    let tested: Vec<usize> = (0..tested.len()).filter(|&index| tested[index].is_some()).collect();
    let train = gather(&mut store.train, &drawn.train)?;
    let validation =
        if drawn.validation.is_empty() { None } else { Some(gather(&mut store.train, &drawn.validation)?) };
    let test = gather(&mut store.test, &tested)?;
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
        notes: notes(task, &store, image, &duplicates),
        train,
        train_labels,
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

/// From the data set's classes to the task's.
struct Relabel {
    /// The task's label for each of the data set's classes.
    of: Vec<Option<u16>>,
    /// The names of the task's classes.
    classes: Vec<String>,
}

impl Relabel {
    fn new(selection: &Selection, names: &[String]) -> Self {
        let mut of = vec![None; names.len()];
        let mut classes: Vec<String> = Vec::new();
        match selection.groups {
            None => {
                for (label, &class) in selection.classes.iter().enumerate() {
                    of[class] = Some(label as u16);
                    classes.push(names[class].clone());
                }
            }
            Some(groups) => {
                let mut present: Vec<u16> = selection.classes.iter().map(|&class| groups.of[class]).collect();
                present.sort_unstable();
                present.dedup();
                for &class in &selection.classes {
                    of[class] = present.iter().position(|&group| group == groups.of[class]).map(|label| label as u16);
                }
                classes = present.iter().map(|&group| groups.names[usize::from(group)].to_owned()).collect();
            }
        }
        Self { of, classes }
    }

    fn labels(&self, split: &Split) -> Vec<Option<u16>> {
        split.labels.iter().map(|&label| self.of[usize::from(label)]).collect()
    }
}

/// Draws, and holds the draw to what the spec asked for.
fn draw(task: &Task, full: &[Option<u16>], relabel: &Relabel, store: &Store) -> Result<Drawn> {
    let lot = Lot {
        labels: full,
        part: task.selection.part,
        validation_size: task.validation_size,
        train_size: task.train_size,
        draw: task.draw,
        seed: task.seeds.subset,
    };
    let drawn = lot.draw();
    if drawn.train.len() < task.train_size || drawn.validation.len() < task.validation_size {
        let (found, wanted) = (text::grouped(drawn.train.len() as u64), text::grouped(task.train_size as u64));
        let message = format!("`{}` has {found} training examples for this task, and not {wanted}", store.place);
        return Err(UserError::new(message).hint("take fewer, or hold out fewer").into());
    }
    if task.draw == Draw::Balanced {
        let mut counts = vec![0usize; relabel.classes.len()];
        drawn.train.iter().filter_map(|&index| full[index]).for_each(|label| counts[usize::from(label)] += 1);
        let each = task.train_size / relabel.classes.len();
        if let Some(label) = counts.iter().position(|&count| count < each) {
            let (name, count) = (&relabel.classes[label], counts[label]);
            let message = format!("class `{name}` has {count} training examples, and a balanced draw needs {each}");
            return Err(UserError::new(message).hint("take fewer, or leave `balanced` out").into());
        }
    }
    Ok(drawn)
}

fn notes(task: &Task, store: &Store, image: Image, duplicates: &[(usize, usize)]) -> Vec<String> {
    let name = task.data.name();
    let (own, shape) = (store.shape, image.shape);
    let mut notes = Vec::new();
    if own.channels != shape.channels {
        let how =
            if shape.channels == 1 { "colours become grey by their luma" } else { "grey becomes three equal colours" };
        notes.push(format!("{name}: {how}"));
    }
    if (own.height, own.width) != (shape.height, shape.width) {
        notes.push(format!("{name}: {} × {} images become {} × {}", own.height, own.width, shape.height, shape.width));
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
            "{name}: {} left out; run.json lists them",
            text::counted(store.skipped.len(), "bad file", "bad files")
        ));
    }
    notes
}
