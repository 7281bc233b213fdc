//! Interruptions change no byte of the results, whatever the options of the run.

use super::super::gpu::covering::covering;
use super::super::program::{Place, json};
use super::{SMALL, only_run, product, run_with_fault};

/// Factors of both phases; each option is a list of keys under `source.train` and `target.train`.
const TRAINING: [&[&[&str]]; 3] = [
    &[
        &["optimizer=adam", "beta1=0.8"],
        &["optimizer=adamw"],
        &["optimizer=sgd", "weight_decay=0.01"],
        &["optimizer=sgd", "momentum=0.9"],
        &["optimizer=sgd", "momentum=0.9", "nesterov=true"],
    ],
    &[
        &["schedule=constant"],
        &["schedule=inverse-sqrt", "period=2"],
        &["schedule=cosine", "warmup_steps=2"],
        &["schedule=step", "milestones=[1, 2]"],
    ],
    &[
        &["augment=[]"],
        &["augment=[\"crop\", \"flip\"]", "crop_padding=1", "crop_fill=reflect"],
        &["augment=[]", "label_smoothing=0.1"],
        &["augment=[\"resized-crop\"]"],
        &["augment=[\"jitter\"]"],
        &["augment=[\"cutout\"]", "cutout_size=2"],
    ],
];

/// Factors of the whole run.
const WHOLE: [&[&[&str]]; 7] = [
    &[&["precision=fp32"], &["precision=bf16"]],
    &[&["compute.layout=channels_last"], &["compute.layout=channels_first", "compute.evaluation_batch=7"]],
    &[&["compute.cache=auto"], &["compute.cache=off"]],
    &[&["transfer.frozen_norm=source"], &["transfer.frozen_norm=target"], &["transfer.frozen_norm=batch"]],
    &[&["transfer.unfrozen_init=source"], &["transfer.unfrozen_init=random"]],
    &[&["evaluate.every=1"], &["evaluate.every=2"], &["evaluate.every=1", "evaluate.train_every=2"]],
    &[
        &["network.architecture=preact-resnet18", "network.width=1"],
        &["network.architecture=resnet18", "network.width=1"],
        &["network.architecture=resnet50", "network.width=1"],
        &["network.architecture=densenet121", "network.blocks=[1, 1]", "network.growth=2", "image_size=8"],
        &["network.architecture=vit-cifar", "network.dropout=0.3", VIT[0], VIT[1], VIT[2], VIT[3], VIT[4]],
        &["network.architecture=vit-b16", "network.pooling=mean", VIT[0], VIT[1], VIT[2], VIT[3], VIT[4]],
    ],
];

const VIT: [&str; 5] =
    ["network.width=8", "network.heads=2", "network.depth=2", "network.mlp_width=8", "network.patch=2"];

/// Combinations: an option of each factor of `TRAINING`, then of `WHOLE`. Together they contain every option.
const SOME: [[usize; 10]; 6] = [
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [1, 1, 1, 1, 1, 0, 1, 1, 1, 1],
    [2, 2, 2, 1, 0, 0, 1, 0, 0, 2],
    [3, 3, 3, 0, 1, 1, 2, 1, 1, 3],
    [4, 0, 4, 1, 0, 1, 0, 0, 2, 4],
    [0, 1, 5, 0, 1, 0, 2, 1, 1, 5],
];

/// The number of options of each factor.
fn options() -> Vec<usize> {
    TRAINING.iter().chain(&WHOLE).map(|factor| factor.len()).collect()
}

fn overrides(combination: &[usize]) -> Vec<String> {
    let (training, whole) = combination.split_at(TRAINING.len());
    let training = TRAINING.iter().zip(training).flat_map(|(factor, &option)| factor[option]);
    let both = training.flat_map(|pair| ["source", "target"].map(|phase| format!("{phase}.train.{pair}")));
    let whole = WHOLE.iter().zip(whole).flat_map(|(factor, &option)| factor[option]);
    both.chain(whole.map(|&pair| pair.to_owned())).collect()
}

/// Whether the prefix cache is on, at least for evaluation: it needs constant statistics of frozen norms.
fn keeps_frozen_layers(overrides: &[String]) -> bool {
    let has = |pair: &str| overrides.iter().any(|own| own == pair);
    has("compute.cache=auto") && !has("transfer.frozen_norm=batch")
}

/// A run that fails twice and resumes has the same results as an undisturbed one.
fn interruptions_change_nothing(index: usize, combination: &[usize]) {
    let overrides = overrides(combination);
    let kind: Vec<&str> = overrides.iter().map(String::as_str).collect();
    // At a higher learning rate plain SGD diverges in some combinations.
    let spec = SMALL.replace("width = 1", "").replace("1e-2", "1e-3");
    let (unbroken, broken) = (Place::with(&spec), Place::with(&spec));
    let whole = unbroken.try_run(&kind);
    assert_eq!(whole.code, 0, "{kind:?}: {}", whole.stderr);
    let expected = product(&only_run(&unbroken));
    // The source has three steps: fail once there and once in the target, at the start or in the middle of an epoch.
    for step in [2, 4 + index % 3] {
        let answer = run_with_fault(&broken, &format!("device@{step}"), &kind);
        assert_eq!(answer.code, 1, "{kind:?}: {}", answer.stderr);
    }
    assert!(product(&broken.run(&kind)) == expected, "{kind:?}");
    let directory = only_run(&broken);
    let restarts = json(&directory.join("run.json"))["restarts"].clone();
    assert_eq!(restarts.as_array().map(Vec::len), Some(2), "{kind:?}: {restarts}");
    let from = [&restarts[0], &restarts[1]]
        .map(|restart| [&restart["epoch"], &restart["step"]].map(serde_json::Value::as_u64));
    assert_eq!(from[0], [Some(0), Some(0)], "{kind:?}: {restarts}");
    assert!(from[1] > [Some(0), Some(0)], "{kind:?}: {restarts}");
    let log = std::fs::read_to_string(directory.join("log.txt")).expect("log.txt");
    assert_eq!(log.contains("prefix cache on: "), keeps_frozen_layers(&overrides), "{log}");
}

#[test]
fn interrupted_runs_match_uninterrupted_ones_in_every_kind() {
    for (factor, count) in options().into_iter().enumerate() {
        assert!((0..count).all(|option| SOME.iter().any(|combination| combination[factor] == option)), "{factor}");
    }
    for (index, combination) in SOME.iter().enumerate() {
        interruptions_change_nothing(index, combination);
    }
}

#[test]
#[ignore = "takes minutes: scripts/check --full"]
fn interrupted_runs_match_uninterrupted_ones_in_any_two_kinds() {
    let combinations = covering(&options());
    for (index, combination) in combinations.iter().enumerate() {
        interruptions_change_nothing(index, combination);
    }
    eprintln!("{} combinations, {} interruptions", combinations.len(), 2 * combinations.len());
}
