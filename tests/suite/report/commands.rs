//! The commands in a report work with the specs that it writes.

use super::bump;
use super::study::{Errors, FakeRun, Study};
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
    let controls = ["averaged", "branches", "longer", "random-prefix", "rate-third", "rate-triple", "validation"];
    let expected: Vec<String> = controls.iter().map(|control| format!("sweep-{control}.toml")).collect();
    assert_eq!(names, [&expected[..], &["sweep.toml".to_owned()]].concat());
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
    let (own, more) = (axes("sweep.toml"), axes("sweep-seeds.toml"));
    assert_eq!((own["seed"].to_string(), more["seed"].to_string()), ("[0, 1, 2, 4, 7]".into(), "[3, 5, 6]".into()));
    assert_eq!(more["seeds"]["source"].to_string(), "[3, 5, 6]");
    assert_eq!(own["transfer"], more["transfer"]);
}
