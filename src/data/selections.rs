//! Properties of any selection of any data set: the numbers that `spec` computes from class sizes match what is drawn,
//! parts are disjoint, and smaller draws are subsets of larger ones.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::{collection, sample};

use super::draw::{Drawn, Lot};
use super::relabel::Relabel;
use super::task::draw;
use crate::blueprint::ImageShape;
use crate::catalogue::{Facts, Superclasses};
use crate::spec::{DisjointPart, Draw, Notation, Question, Spec, Survey, Task, Text};

const GROUPS: [&str; 3] = ["x", "y", "z"];
/// Superclasses of eight classes.
const GROUPINGS: [&[u16]; 3] = [&[0, 1, 0, 1, 0, 1, 0, 1], &[2, 2, 0, 0, 1, 1, 2, 0], &[1, 0, 0, 0, 0, 2, 1, 1]];

/// A data set, and the selection of a task.
#[derive(Clone, Debug)]
struct Case {
    /// Class of each example, in data set order.
    labels: Vec<u16>,
    class_count: usize,
    /// The classes to use, in increasing order.
    taken: Vec<usize>,
    groups: Option<&'static [u16]>,
    parts: usize,
    part: usize,
    validation: usize,
    balanced: bool,
    size: Size,
    seed: u64,
}

#[derive(Clone, Copy, Debug)]
enum Size {
    Count(usize),
    Fraction(f64),
    PerClass(usize),
    All,
}

fn size() -> impl Strategy<Value = Size> {
    prop_oneof![
        (1..120usize).prop_map(Size::Count),
        (0.0..=1.0f64).prop_map(Size::Fraction),
        (1..8usize).prop_map(Size::PerClass),
        Just(Size::All),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let set = collection::vec(1..60usize, 2..=8).prop_flat_map(|sizes| {
        let count = sizes.len();
        let labels = sizes.iter().zip(0..).flat_map(|(&size, class)| std::iter::repeat_n(class, size));
        let labels: Vec<u16> = labels.collect();
        let taken = sample::subsequence((0..count).collect::<Vec<_>>(), 1..=count);
        (Just(labels).prop_shuffle(), Just(count), taken)
    });
    let groups = prop_oneof![Just(None), sample::select(GROUPINGS.to_vec()).prop_map(Some)];
    let parts = (1..6usize).prop_flat_map(|of| (Just(of), 0..of));
    let validation = prop_oneof![Just(0), 1..40usize];
    (set, groups, parts, validation, any::<bool>(), size(), any::<u32>()).prop_map(
        |((labels, class_count, taken), groups, (parts, part), validation, balanced, size, seed)| Case {
            labels,
            class_count,
            taken,
            groups,
            parts,
            part,
            validation,
            balanced,
            size,
            seed: seed.into(),
        },
    )
}

/// The data set of a case, as a survey finds it.
impl Survey for Case {
    fn facts(&self, _: &Question<'_>) -> anyhow::Result<Option<Facts>> {
        Ok(Some(Facts {
            shape: ImageShape { channels: 3, height: 32, width: 32 },
            class_count: self.class_count,
            classes: Some(self.names()),
            superclasses: self.groups.map(|of| Superclasses { names: &GROUPS, of }),
            train_size: self.labels.len(),
            test_size: self.class_count,
            train_per_class: Some(Facts::per_class(&self.labels, self.class_count)),
            test_per_class: Some(vec![1; self.class_count]),
            digest: None,
        }))
    }
}

impl Case {
    fn names(&self) -> Vec<String> {
        (0..self.class_count).map(|class| format!("class {class}")).collect()
    }

    /// The task of a spec.
    fn task(&self) -> anyhow::Result<Task> {
        let size = match self.size {
            Size::Count(count) => count.to_string(),
            Size::Fraction(share) => format!("{share:?}"),
            Size::PerClass(each) => format!("'{each} per class'"),
            Size::All => "'all'".to_owned(),
        };
        let text = format!(
            "target = {{ dataset = 'npz', path = 'x', classes = {:?}, labels = '{}', split = '{}/{}', \
             validation_size = {}, balanced = {}, train_size = {size} }}\nseed = {}",
            self.taken,
            if self.groups.is_some() { "superclass" } else { "class" },
            self.part + 1,
            self.parts,
            self.validation,
            self.balanced,
            self.seed
        );
        let text = Text { file: "spec.toml", name: "spec", text: &text, notation: Notation::Toml };
        Ok(Spec::parse(text, &[], self)?.experiment.target)
    }

    /// The label of each class, computed independently of the program.
    fn label_of(&self) -> Vec<Option<u16>> {
        let key = |class: usize| self.groups.map_or(class as u16, |groups| groups[class]);
        let present: BTreeSet<u16> = self.taken.iter().map(|&class| key(class)).collect();
        let rank = |class| present.iter().position(|&found| found == key(class)).map(|label| label as u16);
        (0..self.class_count).map(|class| rank(class).filter(|_| self.taken.contains(&class))).collect()
    }

    /// Draws without any validation.
    fn drawn(&self, draw: Draw, train_size: usize) -> Drawn {
        let label_of = self.label_of();
        let labels: Vec<Option<u16>> = self.labels.iter().map(|&class| label_of[usize::from(class)]).collect();
        Lot {
            classes: &self.labels,
            labels: &labels,
            label_count: self.label_count(),
            part: DisjointPart { index: self.part, of: self.parts },
            validation_size: self.validation,
            train_size,
            draw,
            seed: self.seed,
        }
        .draw()
    }

    fn label_count(&self) -> usize {
        self.label_of().iter().flatten().collect::<BTreeSet<_>>().len()
    }

    fn per_label(&self, indices: &[usize]) -> Vec<usize> {
        let (label_of, mut counts) = (self.label_of(), vec![0; self.label_count()]);
        for &index in indices {
            counts[usize::from(label_of[usize::from(self.labels[index])].expect("a class of the task"))] += 1;
        }
        counts
    }

    fn per_class(&self, indices: &[usize]) -> Vec<usize> {
        let labels: Vec<u16> = indices.iter().map(|&index| self.labels[index]).collect();
        Facts::per_class(&labels, self.class_count)
    }
}

/// How many examples to draw of those left, and how; `None` if that is impossible.
fn wanted(case: &Case, left: usize) -> Option<(usize, Draw)> {
    let draw = if case.balanced { Draw::Balanced } else { Draw::Plain };
    let (count, draw) = match case.size {
        Size::Count(count) => (count, draw),
        Size::Fraction(share) => ((left as f64 * share).round() as usize, draw),
        Size::PerClass(each) => (each * case.label_count(), Draw::Balanced),
        Size::All => (left, draw),
    };
    let drawn = case.drawn(draw, count);
    let counts = case.per_label(&drawn.train);
    let even = counts.iter().max()?.abs_diff(*counts.iter().min()?) <= 1;
    (count > 0 && drawn.train.len() == count && (draw == Draw::Plain || even)).then_some((count, draw))
}

/// A spec is valid exactly if its request can be drawn, and its numbers match what is drawn.
fn checked_as_drawn(case: &Case) {
    let all = case.drawn(Draw::Plain, usize::MAX);
    let possible = case.label_count() >= 2
        && all.validation.len() == case.validation
        && case.per_label(&all.train).iter().all(|&count| count > 0);
    let wanted = if possible { wanted(case, all.train.len()) } else { None };
    let task = match (case.task(), wanted) {
        (Err(_), None) => return,
        (Ok(_), None) => panic!("the spec is valid, but cannot be drawn"),
        (Err(error), Some(_)) => panic!("it can be drawn: {error:#}"),
        (Ok(task), Some(wanted)) => {
            assert_eq!((task.train_size, task.draw), wanted);
            task
        }
    };
    let relabel = Relabel::new(&task.selection, &case.names());
    assert_eq!(relabel.of, case.label_of());
    let drawn = draw(&task, &case.labels, &relabel, "x").expect("the spec passes");
    assert_eq!((drawn.pool, drawn.train.len(), drawn.validation.len()), (task.pool, task.train_size, case.validation));
    assert_eq!(all.pool, task.pool);
    let train: BTreeSet<usize> = drawn.train.iter().copied().collect();
    let validation: BTreeSet<usize> = drawn.validation.iter().copied().collect();
    assert_eq!((train.len(), validation.len()), (drawn.train.len(), drawn.validation.len()));
    assert!(train.is_disjoint(&validation));
    // The draw is a prefix of any larger one, and validation is the same for all.
    let larger = case.drawn(task.draw, usize::MAX);
    assert_eq!(drawn.train, larger.train[..task.train_size]);
    assert_eq!((&drawn.validation, &drawn.validation), (&larger.validation, &all.validation));
    if let Size::PerClass(each) = case.size {
        assert!(case.per_label(&drawn.train).iter().all(|&count| count == each));
    }
    let pool = [all.train.as_slice(), &all.validation].concat();
    let share = |(&count, held): (&usize, usize)| {
        let fair = (count * case.validation) as f64 / pool.len() as f64;
        assert!((held as f64 - fair).abs() <= 1.0, "{held} held out of {count}, {fair} would be fair");
    };
    case.per_class(&pool).iter().zip(case.per_class(&drawn.validation)).for_each(share);
    case.per_label(&pool).iter().zip(case.per_label(&drawn.validation)).for_each(share);
}

/// Parts are disjoint and complete, also those of tasks with other classes, labels, seeds and validation.
fn parts_are_disjoint(case: &Case, other: &Case) {
    let whole = |case: &Case| {
        let taken = (0..case.labels.len()).filter(|&index| case.taken.contains(&usize::from(case.labels[index])));
        taken.collect::<BTreeSet<usize>>()
    };
    let part = |case: &Case, part| {
        let drawn = Case { part, parts: 3, ..case.clone() }.drawn(Draw::Plain, usize::MAX);
        [drawn.train, drawn.validation].concat().into_iter().collect::<BTreeSet<usize>>()
    };
    let (own, foreign) = ([0, 1, 2].map(|at| part(case, at)), [0, 1, 2].map(|at| part(other, at)));
    assert_eq!(own.iter().flatten().copied().collect::<BTreeSet<_>>(), whole(case));
    assert_eq!(own.iter().map(BTreeSet::len).sum::<usize>(), whole(case).len());
    for (at, this) in own.iter().enumerate() {
        for (other_at, that) in foreign.iter().enumerate() {
            assert!(at == other_at || this.is_disjoint(that), "{at} and {other_at}");
        }
        let shared: BTreeSet<usize> = whole(case).intersection(&whole(other)).copied().collect();
        assert_eq!(this & &shared, &foreign[at] & &shared);
    }
}

fn holds(case: &Case, other: &Case) {
    checked_as_drawn(case);
    let other = Case { labels: case.labels.clone(), class_count: case.class_count, ..other.clone() };
    let taken = other.taken.iter().copied().filter(|&class| class < case.class_count).collect();
    parts_are_disjoint(case, &Case { taken, ..other });
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn spec_counts_match_draws_and_parts_are_disjoint(case in case(), other in case()) {
        holds(&case, &other);
    }
}

proptest! {
    #![proptest_config(cases(20_000))]

    #[test]
    #[ignore = "long: minutes of cases"]
    fn spec_counts_match_draws_for_many(case in case(), other in case()) {
        holds(&case, &other);
    }
}
