//! Properties of labels: they depend only on an image's index, not on the rest of the task.

use super::draw::Drawn;
use super::noise::Labels;
use super::relabel::Relabel;
use super::synthetic;
use super::task::{draw, given, labels};
use crate::catalogue::Facts;
use crate::spec::{DisjointPart, Notation, Question, Selection, Side, Spec, Survey, Task, Text};

struct NoOne;

impl Survey for NoOne {
    fn facts(&self, _: &Question<'_>) -> anyhow::Result<Option<Facts>> {
        Ok(None)
    }
}

/// A task with generated images; no pixels are computed here.
struct Case {
    task: Task,
    classes: Vec<u16>,
    relabel: Relabel,
    drawn: Drawn,
}

impl Case {
    fn new(keys: &str) -> Self {
        let text = format!("seeds.subset = 3\n[target]\ndataset = \"synthetic\"\n{keys}");
        let written = Text { file: "spec.toml", name: "spec", text: &text, notation: Notation::Toml };
        let task = Spec::parse(written, &[], &NoOne).expect("a spec").experiment.target;
        let store = synthetic::store(10, 0.5, Side::Target);
        let relabel = Relabel::new(&task.selection, &store.classes);
        let drawn = draw(&task, &store.train.labels, &relabel, "x").expect("there are enough");
        Self { classes: store.train.labels, relabel, drawn, task }
    }

    fn full(&self) -> Vec<Option<u16>> {
        labels(&self.task, &self.relabel, &self.classes, "train")
    }

    /// The training labels, and the validation labels.
    fn given(&self) -> [Labels; 2] {
        let full = self.full();
        given(&self.task, (&full, full.len()), &self.drawn, &self.relabel).expect("they are drawn")
    }

    /// The given label of each example of the full set that the task uses, in training or validation.
    fn by_index(&self) -> Vec<Option<u16>> {
        let mut found = vec![None; self.classes.len()];
        for (indices, labels) in [&self.drawn.train, &self.drawn.validation].into_iter().zip(self.given()) {
            indices.iter().zip(labels.given).for_each(|(&index, label)| found[index] = Some(label));
        }
        found
    }
}

#[test]
fn random_labels_do_not_depend_on_the_draw() {
    let random = "labels = \"random\"\n";
    let small = Case::new(&format!("{random}train_size = 500"));
    let large = Case::new(&format!("{random}train_size = 4000"));
    // Smaller draws are subsets of larger ones, with the same labels.
    assert_eq!(small.given()[0].given, large.given()[0].given[..500]);
    assert_eq!(small.drawn.train, Case::new("train_size = 500").drawn.train);
    let other =
        Case::new(&format!("{random}validation_size = 3000\nbalanced = true\ntrain_size = 3000\nsplit = \"1/2\""));
    let pairs: Vec<(u16, u16)> =
        large.by_index().into_iter().zip(other.by_index()).filter_map(|(one, other)| one.zip(other)).collect();
    assert!(pairs.len() > 500 && pairs.iter().all(|(one, other)| one == other), "{}", pairs.len());
    // They are independent of the class, and nothing is counted as corrupted.
    let right = large.by_index().iter().zip(&large.classes).filter(|(label, class)| **label == Some(**class)).count();
    assert!((300..500).contains(&right), "{right} of 4,000 labels are right by chance");
    assert!(large.given().iter().all(|labels| labels.corrupted_count() == 0));
}

#[test]
fn random_labels_do_not_depend_on_the_selected_classes() {
    let mut case = Case::new("labels = \"random\"");
    let names: Vec<String> = (0..10).map(|class| class.to_string()).collect();
    let mut of = |classes: &[usize]| {
        let selection = Selection { classes: classes.to_vec(), groups: None, part: DisjointPart { index: 0, of: 1 } };
        case.relabel = Relabel::new(&selection, &names);
        case.full()
    };
    let (one, other) = (of(&[0, 1, 2]), of(&[1, 2, 9]));
    let both: Vec<(u16, u16)> = one.iter().zip(&other).filter_map(|(one, other)| (*one).zip(*other)).collect();
    assert!(both.len() > 3000 && both.iter().all(|(one, other)| one == other && *one < 3));
    let counts = [0, 1, 2].map(|label| both.iter().filter(|(one, _)| *one == label).count());
    assert!(counts.iter().all(|&count| count.abs_diff(both.len() / 3) < both.len() / 20), "{counts:?}");
}

#[test]
fn validation_noise_has_its_own_draws() {
    let keys = "validation_size = 4000\nlabel_noise = 0.3\n";
    let clean = Case::new(keys);
    let noisy = Case::new(&format!("{keys}validation_noise = 0.2"));
    let [train, held] = noisy.given();
    let [clean_train, clean_held] = clean.given();
    assert_eq!((clean_held.corrupted_count(), &train), (0, &clean_train));
    assert!((held.realised_fraction() - 0.2).abs() < 0.02 && (train.realised_fraction() - 0.3).abs() < 0.02);
    assert!(
        held.given
            .iter()
            .zip(&clean_held.given)
            .zip(&held.corrupted)
            .all(|((given, truth), wrong)| (given != truth) == *wrong)
    );
    // The same examples for every n, and a larger fraction includes those of a smaller one.
    let fewer = Case::new(&format!("{keys}validation_noise = 0.2\ntrain_size = 50"));
    assert_eq!(fewer.given()[1], held);
    let more = Case::new(&format!("{keys}validation_noise = 0.4")).given()[1].corrupted.clone();
    assert!(held.corrupted.iter().zip(&more).all(|(few, many)| !few || *many));
    // If validation noise used the stream of training noise, every example wrong at 0.3 would be wrong here.
    let as_trained = Case::new("label_noise = 0.2").by_index();
    let also = noisy.drawn.validation.iter().zip(&held.corrupted);
    let also = also.filter(|(index, wrong)| **wrong && as_trained[**index] != Some(noisy.classes[**index])).count();
    assert!(also < held.corrupted_count() / 2, "{also} of {}", held.corrupted_count());
}

#[test]
fn noise_kinds_apply_to_validation_labels() {
    let held = |kind: &str, share: &str| {
        let keys = format!("validation_size = 1000\nvalidation_noise = {share}\nlabel_noise_kind = \"{kind}\"");
        let case = Case::new(&keys);
        let truth: Vec<u16> = case.drawn.validation.iter().map(|&index| case.classes[index]).collect();
        let [train, held] = case.given();
        assert_eq!(train.corrupted_count(), 0, "{kind}");
        (held, truth)
    };
    let (pairs, truth) = held("pairs", "1.0");
    assert_eq!(pairs.given, truth.iter().map(|label| (label + 1) % 10).collect::<Vec<_>>());
    assert_eq!(held("uniform", "1.0").0.corrupted_count(), 1000);
    // A tenth of the labels is right: of those replaced by any label, and of those permuted.
    for kind in ["uniform-all", "permutation"] {
        let share = held(kind, "1.0").0.realised_fraction();
        assert!((share - 0.9).abs() < 0.03, "{kind}: {share}");
    }
}
