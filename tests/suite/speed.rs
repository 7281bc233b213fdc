//! Precision, layout, the prefix cache and `freezewise bench`.

use super::program::{Place, TINY, json, weights};

#[test]
fn the_prefix_cache_is_reported_and_can_be_turned_off() {
    let place = Place::with(TINY);
    let answer = place.freezewise(&["run", "spec.toml"]);
    assert!(answer.stderr.contains("prefix cache on: "), "{}", answer.stderr);
    let refused = place.freezewise(&["run", "spec.toml", "--set", "compute.cache=off", "--out", "refused"]);
    assert!(!refused.stderr.contains("kept"), "{}", refused.stderr);
    let directory = |answer: &super::program::Answer| place.path(answer.stdout.trim());
    let (kept, plain) = (directory(&answer), directory(&refused));
    // The key does not change the run. Batches of 32 and 16 use different kernels, so numbers agree up to rounding.
    assert_eq!(kept.file_name(), plain.file_name());
    assert_eq!(json(&plain.join("run.json"))["compute"]["cache"], "off");
    for (name, tensor) in weights(&kept) {
        let difference = (&tensor - &weights(&plain)[&name]).abs().max().double_value(&[]);
        assert!(difference < 1e-3, "`{name}`: {difference}");
    }
}

#[test]
fn a_cell_keeps_to_its_part_of_the_memory() {
    let answer = Place::with(TINY).freezewise(&["run", "spec.toml", "--memory", "1000"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stderr.contains("limit is half of the free 1.0 kB"), "{}", answer.stderr);
}

#[test]
fn batch_statistics_in_frozen_layers_turn_the_prefix_cache_off() {
    let place = Place::with(TINY);
    let answer = place.freezewise(&["run", "spec.toml", "--set", "transfer.frozen_norm=batch"]);
    assert!(answer.stderr.contains("prefix cache off: frozen batch norms"), "{}", answer.stderr);
}

#[test]
fn auto_is_bf16_where_the_cpu_has_it_and_the_record_says_so() {
    let place = Place::with(TINY);
    let record = json(&place.run(&["device=cpu", "network.width=16"]).join("run.json"));
    let flags = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let has = |flag: &str| flags.split_whitespace().any(|word| word == flag);
    let expected = if has("avx512_bf16") || has("amx_bf16") { "bf16" } else { "fp32" };
    assert_eq!(record["compute"]["precision"], expected);
    let other = json(&place.run(&["device=cpu", "network.width=16", "precision=fp32"]).join("run.json"));
    assert_eq!(other["compute"]["precision"], "fp32");
    assert_ne!(record["hash"], other["hash"], "a different precision is a different run");
}

/// In libtorch 2.11 the bf16 gradient of narrow 1×1 convolutions corrupts memory on several threads.
#[test]
fn narrow_networks_do_not_train_in_bf16_on_several_threads() {
    let place = Place::with(TINY);
    let record = json(&place.run(&["device=cpu"]).join("run.json"));
    assert_eq!(record["compute"]["precision"], "fp32");
    let run = |threads| {
        let sets = ["device=cpu", "precision=bf16", threads].into_iter().flat_map(|set| ["--set", set]);
        place.freezewise(&["run", "spec.toml", "--quiet"].into_iter().chain(sets).collect::<Vec<_>>())
    };
    let refused = run("threads=2");
    assert!(refused.code == 2 && refused.stderr.contains("1×1 convolutions of fewer than 16"), "{}", refused.stderr);
    assert_eq!(run("threads=1").code, 0);
}

/// Narrow transformers are slower in bf16 on CPUs without matrix units.
#[test]
fn auto_precision_depends_on_the_family() {
    const NARROW: &str = "image_size = 8\n[network]\narchitecture = \"vit-cifar\"\nwidth = 16\ndepth = 1\nheads = 2\nmlp_width = 16\n\
         [target]\ndataset = \"synthetic\"\ntrain_size = 16\n[target.train]\nepochs = 1\nbatch_size = 8\n";
    let place = Place::with(NARROW);
    let record = json(&place.run(&["device=cpu"]).join("run.json"));
    let flags = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let expected = if flags.split_whitespace().any(|word| word == "amx_bf16") { "bf16" } else { "fp32" };
    assert_eq!(record["compute"]["precision"], expected);
    let described = place.freezewise(&["describe", "spec.toml"]).stdout;
    assert!(described.ends_with(&format!("precision on this CPU: {expected}\n")), "{described}");
}

#[test]
fn gpu_precisions_are_rejected_on_a_cpu_with_alternatives() {
    let place = Place::with(TINY);
    for precision in ["tf32", "fp16"] {
        let set = format!("precision={precision}");
        let answer = place.freezewise(&["check", "spec.toml", "--set", &set, "--set", "device=cpu"]);
        assert_eq!(answer.code, 2);
        let message = format!("`precision = \"{precision}\"` needs CUDA, but `device` is `cpu`");
        assert!(answer.stderr.contains(&message), "{}", answer.stderr);
        assert!(answer.stderr.contains("use `fp32`, `bf16`"), "{}", answer.stderr);
        // The device `auto` is resolved when the run starts; an empty list of devices hides any GPU.
        let run = place.freezewise_with(&[("CUDA_VISIBLE_DEVICES", "")], &["run", "spec.toml", "--set", &set]);
        assert_eq!(run.code, 1);
        assert!(run.stderr.contains("but this run uses the CPU"), "{}", run.stderr);
    }
}

/// The source depends on the precision too: its weights differ.
#[test]
fn sources_depend_on_the_precision() {
    let place = Place::with(TINY);
    let source = |set: &str| json(&place.run(&[set]).join("run.json"))["source_hash"].clone();
    assert_ne!(source("precision=fp32"), source("precision=bf16"));
    assert_eq!(source("compute.layout=channels_last"), source("compute.layout=channels_first"));
}

#[test]
fn every_precision_and_layout_is_reproducible() {
    let place = Place::with(TINY);
    for precision in ["fp32", "bf16"] {
        for layout in ["channels_first", "channels_last"] {
            let sets = [format!("precision={precision}"), format!("compute.layout={layout}")];
            let metrics = |out: &str| {
                let mut arguments = vec!["run", "spec.toml", "--quiet", "--out", out];
                arguments.extend(sets.iter().flat_map(|set| ["--set", set]));
                let answer = place.freezewise(&arguments);
                assert_eq!(answer.code, 0, "{}", answer.stderr);
                place.read(&format!("{}/metrics.csv", answer.stdout.trim()))
            };
            let outs = ["a", "b"].map(|out| format!("{precision}-{layout}-{out}"));
            assert_eq!(metrics(&outs[0]), metrics(&outs[1]), "{precision}, {layout}");
        }
    }
}

fn bench(place: &Place, sets: &[&str]) -> serde_json::Value {
    let mut arguments = vec!["bench", "spec.toml", "--json", "--steps", "2", "--rounds", "2"];
    arguments.extend(sets.iter().flat_map(|set| ["--set", set]));
    let answer = place.freezewise(&arguments);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    serde_json::from_str(&answer.stdout).expect("JSON")
}

#[test]
fn bench_counts_the_work_of_a_step() {
    let place = Place::with(TINY);
    let described: serde_json::Value =
        serde_json::from_str(&place.freezewise(&["describe", "spec.toml", "--json"]).stdout).expect("JSON");
    let costs: Vec<f64> = described["layers"]
        .as_array()
        .expect("layers")
        .iter()
        .map(|layer| layer["multiply_adds"].as_f64().expect("a number"))
        .collect();
    let full = bench(&place, &["transfer.frozen_layers=0"]);
    // The forward pass and two gradients; only the input of the stem needs no gradient.
    let whole = 32.0 * (3.0 * costs.iter().sum::<f64>() - costs[0]);
    assert_eq!(full["multiply_adds_per_step"].as_f64(), Some(whole));
    assert!(full["cache_fill_seconds"].is_null());
    let kept = bench(&place, &["transfer.frozen_layers=7"]);
    let rest = 32.0 * 3.0 * costs[7..].iter().sum::<f64>();
    assert_eq!(kept["multiply_adds_per_step"].as_f64(), Some(rest));
    assert!(kept["cache_fill_seconds"].as_f64() > Some(0.0));
    let uncached = bench(&place, &["transfer.frozen_layers=7", "compute.cache=off"]);
    let forward = 32.0 * costs[..7].iter().sum::<f64>();
    assert_eq!(uncached["multiply_adds_per_step"].as_f64(), Some(rest + forward));
    let augmented = bench(&place, &["transfer.frozen_layers=7", "target.train.augment=[\"flip\"]"]);
    assert_eq!(augmented["multiply_adds_per_step"], uncached["multiply_adds_per_step"], "they do not use the cache");
    let operators = |report: &serde_json::Value| report["operators_per_step"].as_f64().expect("a number");
    assert!(operators(&kept) < operators(&uncached) && operators(&uncached) < operators(&full));
    assert!(!place.path("runs").exists(), "bench writes no run");
}

#[test]
fn bench_shows_a_table() {
    let place = Place::with(TINY);
    let answer = place.freezewise(&["bench", "spec.toml", "--steps", "1", "--rounds", "1"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    for row in ["training step", "evaluation", "prefix cache fill", "outside libtorch", "peak memory"] {
        assert!(answer.stdout.lines().any(|line| line.starts_with(row)), "{row}\n{}", answer.stdout);
    }
}
