//! Weights with unusable numbers, and losses that are never finite: errors name the cause.

use freezewise::network::{NamedTensors, write_safetensors};
use tch::{Kind, Tensor};

use super::program::{Place, json, weights};

const SPEC: &str = r#"
image_size = 8
device = "cpu"
[network]
architecture = "resnet18"
width = 2
[source]
weights = "broken.safetensors"
[target]
dataset = "synthetic"
train_size = 40
[target.train]
epochs = 1
learning_rate = 1e-2
batch_size = 20
"#;

/// A place with weights in which one element of tensor `name` is `number`.
fn broken(name: &str, number: f64) -> Place {
    let place = Place::with(SPEC);
    let alone = Place::with(&SPEC.replace("[source]\nweights = \"broken.safetensors\"\n", ""));
    let mut state: NamedTensors = weights(&alone.run(&[]));
    let tensor = state[name].to_kind(Kind::Float).copy();
    let _: Tensor = tensor.view([-1]).narrow(0, 0, 1).fill_(number);
    state.insert(name.into(), tensor);
    write_safetensors(&place.path("broken.safetensors"), &state, "test").expect("weights");
    place
}

#[test]
fn non_finite_weights_are_rejected_by_name() {
    for (name, number, said) in [
        ("conv1.weight", f64::NAN, "numbers are not finite"),
        ("layer1.0.bn1.running_var", -1.0, "numbers are negative, but it is a variance"),
    ] {
        let place = broken(name, number);
        let import = ["weights", "import", "broken.safetensors", "--architecture", "resnet18"];
        let import = place.freezewise(&[&import[..], &["--set", "network.width=2", "--out", "imported"]].concat());
        let run = place.try_run(&[]);
        assert!(!place.path("imported").exists(), "nothing is written");
        for answer in [import, run] {
            assert_eq!(answer.code, 1, "{}", answer.stderr);
            assert!(answer.stderr.contains(&format!("tensor `{name}`: 1 of its ")), "{}", answer.stderr);
            assert!(answer.stderr.contains(said), "{}", answer.stderr);
            assert!(!answer.stderr.contains("learning rate"), "{}", answer.stderr);
        }
    }
}

#[test]
fn a_loss_that_was_never_finite_is_not_blamed_on_the_learning_rate() {
    // Finite, but too large to compute with.
    let place = broken("layer4.1.bn2.weight", 3e38);
    for sets in [&[][..], &["evaluate.every=1000"]] {
        let answer = place.try_run(sets);
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        assert!(answer.stderr.contains("the loss is not finite before the first optimizer step"), "{}", answer.stderr);
        assert!(!answer.stderr.contains("a third of the learning rate"), "{}", answer.stderr);
    }
    let runs = std::fs::read_dir(place.path("runs/spec")).expect("runs");
    for run in runs {
        assert_eq!(json(&run.expect("a run").path().join("run.json"))["status"], "failed");
    }
}
