//! Weights files: several networks in one, parts that the network here does not have, shards, and numbers that are no
//! floating-point numbers.

use freezewise::network::{NamedTensors, read_safetensors, write_safetensors};
use tch::{Device, Kind, Tensor};

use super::super::program::{Answer, Place};
use super::with_weights;

const VIT: [&str; 6] = [
    "network.width=8",
    "network.depth=2",
    "network.heads=2",
    "network.mlp_width=12",
    "network.patch=4",
    "image_size=8",
];

/// The weights of a small transformer, as a run exports them.
fn transformer() -> (Place, NamedTensors) {
    let spec = "[target]\ndataset = \"synthetic\"\ntrain_size = 16\n[target.train]\nepochs = 1\nbatch_size = 8\n";
    let place = Place::with(&format!("[network]\narchitecture = \"vit-b16\"\n{spec}"));
    let run = place.run(&VIT);
    let weights = read_safetensors(&run.join("weights.safetensors")).expect("weights");
    (place, weights)
}

fn copies(weights: &NamedTensors, rename: impl Fn(&str) -> String) -> NamedTensors {
    weights.iter().map(|(name, tensor)| (rename(name), tensor.shallow_clone())).collect()
}

fn numbers(size: &[i64]) -> Tensor {
    Tensor::ones(size, (Kind::Float, Device::Cpu))
}

/// Imports `w.safetensors` to `imported`.
fn import(place: &Place, architecture: &str, arguments: &[&str]) -> Answer {
    let fixed = ["weights", "import", "w.safetensors", "--out", "imported", "--architecture", architecture];
    place.freezewise(&[&fixed, arguments].concat())
}

fn import_vit(place: &Place, file: &NamedTensors) -> Answer {
    write_safetensors(&place.path("w.safetensors"), file, "test").expect("written");
    let sets: Vec<&str> = VIT[..5].iter().flat_map(|pair| ["--set", pair]).collect();
    import(place, "vit-b16", &sets)
}

/// Without them the network computes something else: a silent wrong number, were they only left out.
#[test]
fn tensors_that_the_network_lacks_are_rejected() {
    let (place, weights) = transformer();
    let whole = import_vit(&place, &weights);
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    assert!(whole.stderr.contains("assumed, since the file does not record it: 2 attention heads"), "{}", whole.stderr);
    let kept = std::fs::read(place.path("imported")).expect("it is written");
    for name in ["blocks.0.ls1.gamma", "blocks.0.attn.q_norm.weight", "norm_pre.weight", "reg_token", "dist_token"] {
        let mut file = copies(&weights, str::to_owned);
        file.insert(name.to_owned(), numbers(&[8]));
        let answer = import_vit(&place, &file);
        assert_eq!(answer.code, 1, "{name}: {}", answer.stderr);
        let told = format!("`{name}` of the weights");
        assert!(answer.stderr.contains(&told) || answer.stderr.contains(&format!("`{name}`")), "{}", answer.stderr);
        assert_eq!(std::fs::read(place.path("imported")).expect("it is written"), kept);
    }
    // A head with more than one map is not the head of the network here.
    let mut file = copies(&weights, str::to_owned);
    file.insert("pre_logits.fc.weight".to_owned(), numbers(&[8, 8]));
    let answer = import_vit(&place, &file);
    assert!(answer.code == 0 && answer.stderr.contains("without a head"), "{}", answer.stderr);
    write_safetensors(&place.path("x"), &[("images".to_owned(), numbers(&[1, 3, 8, 8]))].into(), "test")
        .expect("written");
    let sets: Vec<&str> = VIT[..5].iter().flat_map(|pair| ["--set", pair]).collect();
    let logits = ["weights", "logits", "w.safetensors", "--architecture", "vit-b16", "--images", "x", "--out", "y"];
    let answer = place.freezewise(&[&logits[..], &sets].concat());
    assert!(answer.code == 1 && answer.stderr.contains("has no head for `vit-b16`"), "{}", answer.stderr);
    assert!(answer.stderr.contains("`pre_logits.fc.weight`") && !place.path("y").exists(), "{}", answer.stderr);
}

const PREACT: [&str; 2] = ["--set", "network.width=2"];

#[test]
fn one_of_several_networks_is_chosen_by_its_prefix() {
    let (place, weights) = with_weights(|name| Some(name.to_owned()));
    let mut file = copies(&weights, |name| format!("module.encoder_q.{name}"));
    file.extend(weights.iter().map(|(name, tensor)| (format!("module.encoder_k.{name}"), tensor.zeros_like())));
    write_safetensors(&place.path("w.safetensors"), &file, "test").expect("written");
    let both = import(&place, "preact-resnet18", &PREACT);
    assert_eq!(both.code, 1, "{}", both.stderr);
    let told = "the file has several networks of this architecture: under `encoder_k.` and under `encoder_q.`\n  choose \
                one: `--prefix encoder_q.` of `freezewise weights import` or `freezewise weights logits`";
    assert!(both.stderr.contains(told), "{}", both.stderr);
    assert_eq!(place.try_run(&[]).code, 1);
    let chosen = import(&place, "preact-resnet18", &["--set", "network.width=2", "--prefix", "encoder_q"]);
    assert_eq!(chosen.code, 0, "{}", chosen.stderr);
    assert_eq!(read_safetensors(&place.path("imported")).expect("weights"), weights);
    let absent = import(&place, "preact-resnet18", &["--set", "network.width=2", "--prefix", "teacher."]);
    assert!(absent.code == 1 && absent.stderr.contains("no network of this architecture under `teacher.`"));
}

#[test]
fn shards_are_imported_by_their_index() {
    let (place, weights) = with_weights(|name| Some(name.to_owned()));
    let mut map = serde_json::Map::new();
    for (number, from) in [(1, 0), (2, 1)] {
        let name = format!("model-{number}.safetensors");
        let half = weights.iter().skip(from).step_by(2);
        let shard: NamedTensors = half.map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect();
        write_safetensors(&place.path(&name), &shard, "test").expect("written");
        map.extend(shard.into_keys().map(|tensor| (tensor, name.clone().into())));
    }
    let index = |map: &serde_json::Map<String, serde_json::Value>| {
        place.write(
            "model.safetensors.index.json",
            serde_json::json!({ "metadata": {}, "weight_map": map }).to_string(),
        );
        let import = ["weights", "import", "model.safetensors.index.json", "--out", "imported"];
        place.freezewise(&[&import[..], &["--architecture", "preact-resnet18"], &PREACT].concat())
    };
    let answer = index(&map);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert_eq!(read_safetensors(&place.path("imported")).expect("weights"), weights);
    let mut wrong = map.clone();
    wrong.insert("fc.bias".into(), "../model-1.safetensors".into());
    assert!(index(&wrong).stderr.contains("`../model-1.safetensors` is not the name of a file beside it"));
    let other = if map["fc.bias"] == "model-1.safetensors" { "model-2.safetensors" } else { "model-1.safetensors" };
    wrong.insert("fc.bias".into(), other.into());
    assert!(index(&wrong).stderr.contains("has no tensor `fc.bias`"));
    // As PyTorch writes them.
    wrong.insert("fc.bias".into(), "pytorch_model-1.bin".into());
    let answer = index(&wrong);
    assert!(answer.stderr.contains("its shards are not safetensors files, such as `pytorch_model-1.bin`"));
    assert!(answer.stderr.contains("pth_to_safetensors.py` makes one safetensors file"), "{}", answer.stderr);
    std::fs::remove_file(place.path("model-2.safetensors")).expect("removed");
    assert!(index(&map).stderr.contains("`model-2.safetensors`"));
    // The name of a run counts the bytes of one file: a spec takes the imported one.
    let spec = place.try_run(&["source.weights=model.safetensors.index.json"]);
    assert!(spec.code == 1 && spec.stderr.contains("`freezewise weights import` makes one file"), "{}", spec.stderr);
}

#[test]
fn a_folder_is_an_error_with_a_hint() {
    let place = Place::new();
    std::fs::create_dir(place.path("w.safetensors")).expect("made");
    let answer = import(&place, "resnet18", &[]);
    assert!(answer.code == 1 && answer.stderr.contains("found a folder\n  give the file in it"), "{}", answer.stderr);
    place.write("w.safetensors/.metadata", "");
    let answer = import(&place, "resnet18", &[]);
    assert!(answer.stderr.contains("dcp_to_torch w.safetensors FILE` writes a PyTorch file"), "{}", answer.stderr);
}

#[test]
fn mismatched_weights_say_what_to_do() {
    let (place, weights) = with_weights(|name| Some(name.to_owned()));
    // Another architecture that it does fit.
    let other = import(&place, "resnet18", &PREACT);
    assert!(other.code == 1 && other.stderr.contains("the file fits `preact-resnet18`"), "{}", other.stderr);
    // Over the file itself.
    let over = ["weights", "import", "w.safetensors", "--out", "./w.safetensors", "--architecture", "preact-resnet18"];
    let before = std::fs::read(place.path("w.safetensors")).expect("weights");
    let answer = place.freezewise(&[&over[..], &PREACT].concat());
    assert!(answer.code == 2 && answer.stderr.contains("would overwrite a file of the input"), "{}", answer.stderr);
    assert_eq!(std::fs::read(place.path("w.safetensors")).expect("weights"), before);
    // Quantised.
    let mut file = copies(&weights, str::to_owned);
    file.insert("conv1.weight".into(), weights["conv1.weight"].to_kind(Kind::Int8));
    write_safetensors(&place.path("w.safetensors"), &file, "test").expect("written");
    let answer = import(&place, "preact-resnet18", &PREACT);
    let told = "`conv1.weight` is not of 16 to 64 bit floating-point numbers: convert quantised and float8 weights";
    assert!(answer.code == 1 && answer.stderr.contains(told), "{}", answer.stderr);
    // Images of another kind.
    for (shape, hint) in [(&[2, 4, 3, 3][..], "images have 1 channel"), (&[2, 1024, 1, 1], "a hybrid network")] {
        let mut file = copies(&weights, str::to_owned);
        file.insert("conv1.weight".into(), numbers(shape));
        write_safetensors(&place.path("w.safetensors"), &file, "test").expect("written");
        let answer = import(&place, "preact-resnet18", &PREACT);
        let told = format!(
            "`w.safetensors` does not fit `preact-resnet18`: `conv1.weight` takes {} channels, expected 1 or 3",
            shape[1]
        );
        assert!(answer.code == 1 && answer.stderr.contains(&told), "{}", answer.stderr);
        assert!(answer.stderr.contains(hint), "{}", answer.stderr);
    }
    // Two copies, one of them wrapped.
    let mut file = copies(&weights, str::to_owned);
    file.extend(copies(&weights, |name| format!("module.{name}")));
    write_safetensors(&place.path("w.safetensors"), &file, "test").expect("written");
    let answer = import(&place, "preact-resnet18", &PREACT);
    assert!(answer.code == 1 && answer.stderr.contains("two copies of one tensor"), "{}", answer.stderr);
}

#[test]
fn no_output_overwrites_its_inputs() {
    let place = Place::with(super::super::program::TINY);
    let run = place.run(&[]);
    std::fs::copy(run.join("weights.safetensors"), place.path("w.safetensors")).expect("a copy");
    write_safetensors(&place.path("x.safetensors"), &[("images".to_owned(), numbers(&[1, 3, 8, 8]))].into(), "test")
        .expect("written");
    let refused = |arguments: &[&str], out: &std::path::Path| {
        let before = std::fs::read(out).expect("a file");
        let answer = place.freezewise(&[arguments, &["--out", out.to_str().expect("text")]].concat());
        let told = answer.stderr.contains("would overwrite a file of the input");
        assert!(answer.code == 2 && told, "{arguments:?}: {}", answer.stderr);
        assert!(std::fs::read(out).expect("a file") == before, "{arguments:?}");
    };
    let network = ["--architecture", "preact-resnet18", "--images", "x.safetensors"];
    let logits = [&["weights", "logits", "w.safetensors"], &network[..], &PREACT].concat();
    for out in ["w.safetensors", "x.safetensors"] {
        refused(&logits, &place.path(out));
    }
    let directory = run.to_str().expect("text");
    refused(&["weights", "export", directory], &run.join("weights.safetensors"));
    refused(&["weights", "export", directory, "--network", "source"], &run.join("weights.safetensors"));
    refused(&["weights", "export", "w.safetensors"], &place.path("w.safetensors"));
    let out = ["--out", "exported"];
    assert_eq!(place.freezewise(&[&["weights", "export", directory], &out[..]].concat()).code, 0);
    let answer = place.freezewise(&[&["weights", "export", "w.safetensors", "--network", "source"], &out[..]].concat());
    assert!(answer.code == 2 && answer.stderr.contains("which has no source"), "{}", answer.stderr);
}
