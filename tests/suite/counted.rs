//! Operators of a training step, compared with fixtures and with PyTorch.

use serde_json::{Map, Value};

use super::arrays::{npy, npz};
use super::gpu::{Gpu, variables};
use super::program::Place;

const SPEC: &str = r#"
[network]
[target]
dataset = "npz"
path = "own.npz"
train_size = 64
[target.train]
optimizer = "sgd"
learning_rate = 0.05
batch_size = 32
epochs = 1
[compute]
layout = "channels_last"
"#;

const CROP_AND_FLIP: &str = "target.train.augment=[\"crop\", \"flip\"]";

/// A small network of each family: operators do not depend on the width.
const FAMILIES: [(&str, &[&str]); 3] = [
    ("preact-resnet18", &["network.width=8"]),
    ("densenet121", &["network.growth=2"]),
    ("vit-cifar", &["network.width=64", "network.mlp_width=512", "network.heads=8", "network.dropout=0"]),
];

/// A place with a task of ten classes: 128 training images of 32 × 32 and ten test images.
fn place() -> Place {
    let place = Place::with(SPEC);
    let images = |count: usize| {
        let pixels: Vec<u8> = (0..count * 3072).map(|at| (at * 37 % 251) as u8).collect();
        npy("|u1", &format!("({count}, 32, 32, 3)"), &pixels)
    };
    let labels = |count: usize| {
        let labels: Vec<u8> = (0..count).map(|image| (image % 10) as u8).collect();
        npy("|u1", &format!("({count},)"), &labels)
    };
    let arrays = [
        ("train_images.npy", images(128)),
        ("train_labels.npy", labels(128)),
        ("test_images.npy", images(10)),
        ("test_labels.npy", labels(10)),
    ];
    npz(&place.path("data/own.npz"), &arrays);
    place
}

/// The report of `bench --count` for a family.
fn counted(family: usize, sets: &[&str]) -> Value {
    let (name, sizes) = FAMILIES[family];
    let network = format!("network.architecture={name}");
    let place = place();
    let mut arguments = vec!["bench", "spec.toml", "--count", "--json"];
    let sets = [&network as &str].into_iter().chain(sizes.iter().copied()).chain(sets.iter().copied());
    arguments.extend(sets.flat_map(|set| ["--set", set]));
    let answer = place.freezewise_with(&variables("devices=1"), &arguments);
    assert_eq!(answer.code, 0, "{arguments:?}: {}", answer.stderr);
    serde_json::from_str(&answer.stdout).expect("JSON")
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// Lines of `part operator count`.
fn listed(report: &Value) -> String {
    let parts = report["step"]["parts"].as_object().expect("parts");
    let order = ["gather", "augment", "forward", "backward", "optimizer", "metrics"];
    assert!(parts.keys().all(|part| order.contains(&part.as_str())), "{:?}", parts.keys());
    let lines = order.iter().filter_map(|part| Some((part, parts.get(*part)?["operators"].as_object()?)));
    lines.flat_map(|(part, list)| list.iter().map(move |(name, times)| format!("{part} {name} {times}\n"))).collect()
}

/// Operators are added to the hot path only on purpose: rewrite the lists with
/// `FREEZEWISE_WRITE_OPERATORS=1 cargo test --release operators_of_a_step`, and say why. There is one list for the CPU,
/// and one for a GPU, where the step is captured and selects its batch on the device.
#[test]
fn the_operators_of_a_step_match_the_fixture() {
    let captured = (Gpu::here() == Gpu::StandIn).then_some(("device=cuda", "-captured"));
    let cases = [("device=cpu", "")].into_iter().chain(captured);
    for ((device, ending), (family, (name, _))) in
        cases.flat_map(|case| FAMILIES.iter().enumerate().map(move |family| (case, family)))
    {
        let report = counted(family, &[device, "precision=fp32", "transfer.frozen_layers=0", CROP_AND_FLIP]);
        let path = format!("tests/fixtures/operators/{name}{ending}.txt");
        if std::env::var_os("FREEZEWISE_WRITE_OPERATORS").is_some() {
            std::fs::write(&path, listed(&report)).expect("a fixture");
        }
        let decided = std::fs::read_to_string(&path).expect("a fixture");
        assert_eq!(listed(&report), decided, "{name}");
    }
}

/// For steps captured for a GPU, which select batches on the device and so launch more than on the CPU.
#[test]
fn few_operators_run_outside_forward_and_backward() {
    let device = if Gpu::here() == Gpu::StandIn { "device=cuda" } else { "device=cpu" };
    for family in 0..FAMILIES.len() {
        for precision in ["precision=fp32", "precision=bf16"] {
            let sets = [device, CROP_AND_FLIP, precision, "transfer.frozen_layers=0", "target.train.optimizer=adam"];
            let report = counted(family, &sets);
            let outside = number(&report["step"]["launches_outside"]);
            assert!((1..=25).contains(&outside), "{outside} operators, {sets:?}");
            assert_eq!(report["step"]["parts"].get("other"), None, "every operator belongs to a part");
        }
    }
}

/// `scripts/reference/counts.py` counts operators of a PyTorch loop with images on the device and a fused optimizer.
/// Cached frozen layers do not run at all. The short test covers the most and the fewest frozen layers, but no
/// DenseNet in bf16; the long test covers all rows.
#[test]
fn a_step_launches_no_more_than_in_pytorch() {
    compare_with_pytorch(|row, most| {
        let augmented = row["augment"] != serde_json::json!([]);
        let slow = row["architecture"] == "densenet121" && row["precision"] == "bf16";
        row["frozen"] == if augmented { most } else { 0 } && !slow
    });
}

#[test]
#[ignore = "takes a minute: scripts/check --full"]
fn a_step_launches_no_more_than_in_pytorch_in_every_row() {
    compare_with_pytorch(|_, _| true);
}

/// Compares the rows of PyTorch's counts for which `wanted(row, largest k of its network)` holds.
fn compare_with_pytorch(wanted: impl Fn(&Value, i64) -> bool) {
    let twin = std::fs::read_to_string("tests/fixtures/twin-counts.json").expect("a fixture");
    let twin: Value = serde_json::from_str(&twin).expect("JSON");
    let rows = twin["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 3 * 3 * 2 * 2, "three families, three k, two precisions, augmented or not");
    let most = |row: &Value| {
        let same = rows.iter().filter(|other| other["architecture"] == row["architecture"]);
        same.map(|other| number(&other["frozen"])).max().expect("a row")
    };
    for row in rows {
        let family = FAMILIES.iter().position(|(name, _)| row["architecture"] == *name).expect("a family");
        if !wanted(row, most(row)) {
            continue;
        }
        let is_plain = row["augment"] == serde_json::json!([]);
        let frozen = format!("transfer.frozen_layers={}", row["frozen"]);
        let precision = format!("precision={}", row["precision"].as_str().expect("a name"));
        let launches = |cache: &str| {
            let augment = if is_plain { "target.train.augment=[]" } else { CROP_AND_FLIP };
            let report = counted(family, &["device=cpu", &frozen, &precision, augment, cache]);
            (number(&report["step"]["launches"]), report)
        };
        let (own, report) = launches("compute.cache=off");
        let twins = number(&row["launches"]);
        assert!(own <= twins, "{own} operators, {twins} in PyTorch: {row}\n{}", listed(&report));
        if row["frozen"] != 0 && is_plain {
            let (kept, report) = launches("compute.cache=auto");
            assert_eq!(report["kept"][0], true);
            assert!(kept < own, "{kept} operators with cached layers, {own} without: {row}");
        }
        if row["width"] == width(family) {
            let flops = |of: &Value| ["forward", "backward"].map(|part| of[part].as_f64().expect("a number"));
            let parts = &report["step"]["parts"];
            let own = ["forward", "backward"].map(|part| parts[part]["flops"].as_f64().expect("a number"));
            for (own, twins) in own.into_iter().zip(flops(&row["flops"])) {
                assert!((own / twins - 1.0).abs() < 0.01, "{own} operations and {twins} by PyTorch's formulas: {row}");
            }
        }
    }
}

/// The `network.width` of a family, or 0.
fn width(family: usize) -> i64 {
    let sets: Map<String, Value> = FAMILIES[family]
        .1
        .iter()
        .filter_map(|set| set.split_once('='))
        .filter_map(|(key, value)| Some((key.to_owned(), value.parse::<i64>().ok()?.into())))
        .collect();
    sets.get("network.width").map_or(0, number)
}

/// Waits and uploads happen once per epoch, not in every step.
#[test]
fn waits_and_uploads_happen_once_per_epoch() {
    let few = counted(0, &["device=cpu", "precision=fp32"]);
    let more = counted(0, &["device=cpu", "precision=fp32", "target.train_size=128"]);
    let launches = |report: &Value, of: &str| number(&report[of]["launches"]);
    let evaluation = |report: &Value| {
        let operators = report["epoch"]["parts"]["evaluation"]["operators"].as_object().expect("operators");
        operators.values().map(number).sum::<i64>()
    };
    assert_eq!(few["whole_steps"], 2);
    assert_eq!(more["whole_steps"], 4);
    let steps = launches(&more, "epoch") - evaluation(&more) - launches(&few, "epoch") + evaluation(&few);
    assert_eq!(steps, 2 * launches(&few, "step"));
    assert_eq!(launches(&few, "step"), launches(&more, "step"));
    for bound in few["bound_not_measured"].as_array().expect("bounds") {
        let moved = few["step"]["moved_bytes"].as_f64().expect("bytes");
        let bandwidth = moved / bound["step_memory_seconds"].as_f64().expect("seconds");
        assert!((3e12..5e12).contains(&bandwidth), "{bound}");
    }
    if Gpu::here() == Gpu::StandIn {
        let report = counted(0, &["device=cuda", "precision=fp32"]);
        for amount in ["waits", "uploads"] {
            let asked = |of: &str| -> i64 {
                let parts = report[of]["parts"].as_object().expect("parts");
                parts.values().map(|part| number(&part[amount])).sum()
            };
            assert_eq!(asked("step"), 0, "{amount} of a step");
            assert!(asked("epoch") > 0, "{amount} of an epoch");
        }
    }
}

#[test]
fn bench_count_reports_estimates_and_no_timings() {
    let place = place();
    let sets = ["--set", "device=cpu", "--set", "network.width=2"];
    let answer = place.freezewise(&[&["bench", "spec.toml", "--count"][..], &sets].concat());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let titles = [
        "a training step on 32 images on cpu",
        "an epoch, including",
        "operators of a step",
        "lower bound, not measured",
    ];
    let places: Vec<_> = titles.iter().map(|title| answer.stdout.find(title)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{}", answer.stdout);
    for word in ["H100", "H200", "convolution_backward", "_fused_sgd_"] {
        assert!(answer.stdout.contains(word), "`{word}` in {}", answer.stdout);
    }
    assert!(answer.stdout.lines().all(|line| !line.contains("img/s")), "nothing is timed");
    let both = place.freezewise(&["bench", "spec.toml", "--count", "--steps", "3"]);
    assert_eq!(both.code, 2, "`--steps` conflicts with `--count`");
}
