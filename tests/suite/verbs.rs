//! Verbs that do not train.

use super::program::{Place, TINY};

#[test]
fn describe_shows_layers_costs_and_what_trains() {
    let place = Place::with("[network]\nwidth = 16\n[target]\ndataset = \"cifar10\"\ntrain_size = 4000\n");
    let table = place.freezewise(&["describe", "spec.toml"]).stdout;
    let row = |name: &str| {
        let line = table.lines().find(|line| line.split_whitespace().any(|word| word == name)).expect("a row");
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let input = row("(input)");
    assert_eq!(input[..9], ["0", "(input)", "3×32×32", "0", "0", "700,762", "17.519", "564,826", "14.121"]);
    // 14,000 images of 3,072 bytes with labels of 8 bytes, 16 additional bytes per training image, weights with
    // statistics, and Adam's two moments of each weight: 43.1, 0.1, 2.8 and 5.6 MB.
    assert_eq!(input[9..], ["51.6", "MB"]);
    assert_eq!(row("layer4.1")[6..10], ["1,290", "0.032", "1,290", "0.032"]);
    assert_eq!(row("layer3.1")[6], "526,474");
    let json: serde_json::Value =
        serde_json::from_str(&place.freezewise(&["describe", "spec.toml", "--json"]).stdout).expect("JSON");
    assert_eq!(json["layers"].as_array().map(Vec::len), Some(10));
    assert_eq!(json["frozen_layers"][8]["trainable_parameters"], 296_714);
}

#[test]
fn doctor_reports_what_was_found() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("data/cifar-100-binary")).expect("a folder");
    let answer = place.freezewise(&["doctor"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    for part in ["libtorch", "2.11.0 ", "CPU threads", "NVIDIA driver", "not in data", "data/cifar-100-binary"] {
        assert!(answer.stdout.contains(part), "{part}\n{}", answer.stdout);
    }
}

#[test]
fn completions_and_manual_are_generated() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.freezewise(&["completions", shell]).stdout.contains("freezewise"), "{shell}");
    }
    assert!(place.freezewise(&["man"]).stdout.contains(".TH freezewise 1"));
    assert!(place.freezewise(&["man", "run"]).stdout.contains("\\-\\-set"));
    assert_eq!(place.freezewise(&["man", "walk"]).code, 2);
}

#[test]
fn exit_codes_and_output_streams() {
    let place = Place::with(TINY);
    assert_eq!(place.freezewise(&["fly"]).code, 2);
    assert_eq!(place.freezewise(&["check"]).code, 2);
    let version = place.freezewise(&["--version"]);
    assert_eq!((version.code, version.stderr.as_str()), (0, ""));
    assert!(version.stdout.starts_with("freezewise "));
    let run = place.freezewise(&["run", "spec.toml", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&run.stdout).expect("stdout is data alone");
    assert_eq!(summary["epochs"], 3);
    assert!(run.stderr.contains("target epoch 3") && run.stderr.contains("test error"), "{}", run.stderr);
}
