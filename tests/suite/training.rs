//! Training options, compared with values computed independently of the program.

use freezewise::spec::{Fill, Notation, Optimizer, Schedule, Spec, Text, Training};

use super::fuzzed::spec::NoOne;
use super::program::{Place, TINY, metrics};

/// The training of the target, with these keys.
fn training(keys: &str) -> Training {
    let text = format!("[target]\ndataset = 'synthetic'\ntrain_size = 80\n[target.train]\n{keys}");
    let text = Text { file: "spec.toml", name: "spec", text: &text, notation: Notation::Toml };
    Spec::parse(text, &[], &NoOne).unwrap_or_else(|error| panic!("{error:#}")).experiment.target.training
}

/// Every option has a different value, so that confusing two of them fails. Unit tests check what the options do.
#[test]
fn options_reach_the_training() {
    let sgd = training("optimizer = 'sgd'\nmomentum = 0.7\nnesterov = true\nweight_decay = 0.2\nlearning_rate = 0.3");
    assert_eq!(sgd.optimizer, Optimizer::Sgd { momentum: 0.7, nesterov: true, weight_decay: 0.2 });
    assert!(sgd.rate.base.total_cmp(&0.3).is_eq());
    for (name, decoupled) in [("adam", false), ("adamw", true)] {
        let keys = "beta1 = 0.6\nbeta2 = 0.7\nepsilon = 0.1\nweight_decay = 0.2";
        let adam = training(&format!("optimizer = '{name}'\n{keys}"));
        let expected = Optimizer::Adam { beta1: 0.6, beta2: 0.7, epsilon: 0.1, weight_decay: 0.2, decoupled };
        assert_eq!(adam.optimizer, expected);
    }
    let step =
        training("schedule = 'step'\nmilestones = [2, 7]\ndecay = 0.4\nwarmup_steps = 3\nlabel_smoothing = 0.15");
    assert_eq!(step.rate.schedule, Schedule::Step { milestones: vec![2, 7], decay: 0.4 });
    assert_eq!((step.rate.warmup_steps, step.label_smoothing), (3, 0.15));
    let augmented = training(
        "batch_size = 17\naugment = ['crop', 'flip', 'jitter', 'cutout']\ncrop_padding = 3\ncrop_fill = 'reflect'\n\
         jitter_strength = 0.3\ncutout_size = 5",
    );
    let found = augmented.augmentation;
    assert_eq!((augmented.batch_size, found.crop_padding, found.crop_fill), (17, 3, Fill::Reflect));
    assert_eq!((found.flip, found.resized_area, found.jitter, found.cutout), (true, None, 0.3, 5));
    assert_eq!(training("augment = ['resized-crop']\nresized_area = 0.25").augmentation.resized_area, Some(0.25));
}

/// Compares the number and learning rate of each epoch's last step, for three epochs of three steps.
#[test]
fn rates_and_steps_follow_their_formulas() {
    let place = Place::with(TINY);
    let found = |overrides: &[&str]| -> Vec<(u64, f64)> {
        let rows = metrics(&place.run(overrides));
        let row = |row: &std::collections::HashMap<String, String>| {
            (row["step"].parse().expect("a step"), row["learning_rate"].parse().expect("a rate"))
        };
        rows[1..].iter().map(row).collect()
    };
    // 80 examples in batches of 32: steps 2, 5 and 8 of 9 (from 0) are the last of an epoch.
    let same = |found: &[(u64, f64)], rate: &dyn Fn(f64) -> f64| {
        assert_eq!(found.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [3, 6, 9]);
        for (found, index) in found.iter().zip([2.0, 5.0, 8.0]) {
            let expected = 1e-2 * rate(index);
            // Rates are rounded to f32, which GPU kernels use.
            assert!((found.1 / expected - 1.0).abs() < 1e-6, "{} and not {expected} at {index}", found.1);
        }
    };
    let cosine = |index: f64| 0.5 * (1.0 + (std::f64::consts::PI * index / 9.0).cos());
    same(&found(&["target.train.schedule=cosine"]), &cosine);
    let root = |index: f64| 1.0 / (1.0 + (index / 2.0).floor()).sqrt();
    same(&found(&["target.train.schedule=inverse-sqrt", "target.train.period=2"]), &root);
    same(&found(&["target.train.warmup_steps=8"]), &|index| ((index + 1.0) / 8.0).min(1.0));
    let steps: Vec<u64> = found(&["target.train.batch_size=20"]).iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, [4, 8, 12]);
}

/// `seed` sets all seeds, and each seed only affects its own purpose.
#[test]
fn seed_sets_all_seeds_and_each_affects_its_own_purpose() {
    let augmented = "target.train.augment=[\"flip\"]";
    let purposes = ["init", "subset", "noise", "order", "augment", "dropout"].map(|name| format!("seeds.{name}=1"));
    let read = |overrides: &[&str]| {
        let place = Place::with(TINY);
        let run = place.run(&[&[augmented], overrides].concat());
        ["metrics.csv", "corrupted.csv"].map(|name| std::fs::read_to_string(run.join(name)).expect("a table"))
    };
    let all: Vec<&str> = purposes.iter().map(String::as_str).collect();
    assert_eq!(read(&["seed=1"]), read(&all));
    let [_, plain] = read(&[]);
    for purpose in &purposes {
        let [_, corrupted] = read(&[purpose]);
        assert_eq!(corrupted != plain, ["seeds.subset=1", "seeds.noise=1"].contains(&purpose.as_str()), "{purpose}");
    }
}
