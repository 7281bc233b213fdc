//! Runs the Python and R snippets of the pages on a small sweep. Snippets whose packages are not installed are skipped
//! with a message, unless `FREEZEWISE_TEST_PACKAGES` names a folder with them.
#![allow(clippy::print_stderr)] // A skipped test must be seen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::super::program::{Place, json};
use super::{blocks, pages, place_with_configs};

/// The commands at the start of `docs/reading-results.md`, on a smaller sweep.
fn finished_sweep() -> Place {
    let place = place_with_configs();
    let less = [
        "image_size=8",
        "network.width=1",
        "source.train_size=512",
        "target.train_size=256",
        "source.train.epochs=1",
        "target.train.epochs=7",
        "sweep.axes.transfer.frozen_layers=[0,4]",
    ];
    let sets = less.iter().flat_map(|set| ["--set", set]);
    let sweep: Vec<&str> = ["sweep", "configs/sweeps/layers.toml", "--quiet"].into_iter().chain(sets).collect();
    for command in [sweep.as_slice(), &["collect", "runs/layers", "--out", "epochs.csv"]] {
        let answer = place.freezewise(command);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
    }
    place
}

/// Mean test error over seeds by frozen layers, from the summaries.
fn expected(place: &Place) -> Vec<f64> {
    let mut errors: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for entry in std::fs::read_dir(place.path("runs/layers")).expect("runs") {
        let path = entry.expect("an entry").path().join("summary.json");
        if path.is_file() {
            let summary = json(&path);
            let error = summary["last_test_error"].as_f64().expect("an error");
            errors.entry(summary["frozen_layers"].as_u64().expect("k")).or_default().push(error);
        }
    }
    assert_eq!(errors.values().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
    errors.values().map(|errors| errors.iter().sum::<f64>() / errors.len() as f64).collect()
}

/// Panics unless a snippet succeeded and, if it prints the table of means, printed these.
fn check(page: &Path, block: &str, output: &Output, means: &[f64]) {
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}:\n{block}\n{said}{errors}", page.display());
    if block.contains("count") {
        let numbers: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        for mean in means {
            assert!(numbers.iter().any(|number| (number - mean).abs() < 1e-4), "{mean} is not in\n{said}");
        }
    }
}

fn python(place: &Place, packages: Option<&PathBuf>, code: &str) -> Output {
    let mut command = Command::new("python3");
    command.args(["-c", code]).current_dir(place.path("")).env("MPLBACKEND", "Agg");
    command.envs(packages.map(|folder| ("PYTHONPATH", folder))).output().expect("python3 starts")
}

/// The first package of a snippet that is not installed.
fn missing(place: &Place, packages: Option<&PathBuf>, block: &str) -> Option<String> {
    let imports = block.lines().filter_map(|line| line.strip_prefix("import ").or(line.strip_prefix("from ")));
    let mut names = imports.filter_map(|line| line.split([' ', '.']).next());
    names.find(|name| !python(place, packages, &format!("import {name}")).status.success()).map(str::to_owned)
}

#[test]
fn python_snippets_of_the_docs_run() {
    let packages = std::env::var_os("FREEZEWISE_TEST_PACKAGES").map(PathBuf::from);
    let place = finished_sweep();
    let means = expected(&place);
    let mut seen = 0;
    for (page, text) in pages() {
        for block in blocks(&text, "python") {
            seen += 1;
            if let Some(name) = missing(&place, packages.as_ref(), block) {
                assert!(packages.is_none(), "{name} is not in FREEZEWISE_TEST_PACKAGES");
                eprintln!("SKIPPED a snippet of {}: {name} is not installed", page.display());
                continue;
            }
            check(&page, block, &python(&place, packages.as_ref(), block), &means);
            if block.contains("savefig") {
                let figure = std::fs::read(place.path("frozen-layers.png")).expect("a figure");
                assert!(figure.starts_with(b"\x89PNG"));
            }
        }
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn r_snippets_of_the_docs_run() {
    let with_r: Vec<(PathBuf, String)> =
        pages().into_iter().filter(|(_, text)| !blocks(text, "r").is_empty()).collect();
    assert!(!with_r.is_empty());
    if Command::new("Rscript").arg("--version").output().is_err() {
        eprintln!("SKIPPED the R of the pages: Rscript is not installed");
        return;
    }
    let place = finished_sweep();
    let means = expected(&place);
    for (page, text) in with_r {
        for block in blocks(&text, "r") {
            let output = Command::new("Rscript").args(["-e", block]).current_dir(place.path("")).output();
            check(&page, block, &output.expect("Rscript starts"), &means);
        }
    }
}
