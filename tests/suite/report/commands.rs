//! The commands in a report work with the specs that it writes.

use super::study::{Errors, FakeRun, Study};
use super::{BUMP, bump};
use crate::program::Place;

#[test]
fn every_spec_beside_a_report_can_be_swept() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, false, &[]);
    study.report();
    let page = study.read("index.html");
    let specs = study.path("report/specs");
    let mut names: Vec<String> = std::fs::read_dir(&specs)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let controls =
        ["averaged", "branches", "longer", "random-prefix", "rate-falls", "rate-third", "rate-triple", "validation"];
    let expected: Vec<String> = controls.iter().map(|control| format!("sweep-layers-{control}.toml")).collect();
    let mut expected = [&expected[..], &["sweep.toml".to_owned()]].concat();
    expected.sort();
    assert_eq!(names, expected);
    let place = Place::new();
    for name in names {
        let spec = specs.join(&name);
        let spec = spec.to_str().expect("a name");
        assert!(page.contains(&format!("freezewise sweep {spec} --out")), "{name} has no command");
        let answer = place.freezewise(&["sweep", spec, "--list", "--json"]);
        assert_eq!(answer.code, 0, "{name}: {}", answer.stderr);
        assert_eq!(answer.stdout.matches("\"index\"").count(), 24, "{name}: {}", answer.stdout);
    }
}

/// Three new seeds are added to five, each with its own source, as for the five.
#[test]
fn missing_seeds_are_added() {
    let study = Study::new();
    for seed in [0, 1, 2, 4, 7] {
        for (layers, test) in [(2, 0.5), (1, 0.6), (0, 0.4)] {
            let test = test + seed as f64 / 1000.0;
            study.run("sweep", &FakeRun::new(layers, seed), |_| Errors { test, ..Errors::default() });
        }
    }
    study.report();
    let axes = |name: &str| {
        let spec: toml::Table = toml::from_str(&study.read(&format!("specs/{name}"))).expect("TOML");
        spec["sweep"]["axes"].clone()
    };
    let (own, more) = (axes("sweep.toml"), axes("sweep-layers-seeds.toml"));
    assert_eq!((own["seed"].to_string(), more["seed"].to_string()), ("[0, 1, 2, 4, 7]".into(), "[3, 5, 6]".into()));
    assert_eq!(more["seeds"]["source"].to_string(), "[3, 5, 6]");
    assert_eq!(own["transfer"], more["transfer"]);
}

/// Cells that were evaluated on other schedules get a spec each, so that a repetition has the same epochs; both state the
/// claims, so that the finding comes out as it was.
#[test]
fn a_repetition_keeps_schedules_and_claims() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    for entry in std::fs::read_dir(study.path("sweep")).expect("a folder") {
        let run = entry.expect("an entry").path();
        let name = run.file_name().expect("a name").to_string_lossy().into_owned();
        let every = if name.starts_with("k2") { "5" } else { "\"log\"" };
        let spec = std::fs::read_to_string(run.join("spec.toml")).expect("a spec");
        std::fs::write(run.join("spec.toml"), format!("evaluate.every = {every}\n{spec}")).expect("a file");
    }
    study.state("sweep", BUMP, true);
    study.report();
    let spec = |name: &str| -> toml::Table { toml::from_str(&study.read(&format!("specs/{name}"))).expect("TOML") };
    let (five, log) = (spec("sweep-every-5.toml"), spec("sweep-every-log.toml"));
    assert_eq!((five["evaluate"]["every"].as_integer(), log["evaluate"]["every"].as_str()), (Some(5), Some("log")));
    assert_eq!(log["sweep"]["axes"]["transfer"]["frozen_layers"].to_string(), "[0, 1]");
    for spec in [&five, &log] {
        assert_eq!(spec["report"]["claims"][0]["peak"].as_integer(), Some(1), "{spec}");
    }
    let page = study.read("report.md");
    let said = "Evaluation schedules differ (evaluate.every): 5 at k = all; log at k = 1 and k = 0.";
    assert!(page.replace('\\', "").contains(said), "{page}");
    // Controls say to which finding they belong.
    assert!(study.path("report/specs/sweep-claim-1-rate-third.toml").is_file());
}
