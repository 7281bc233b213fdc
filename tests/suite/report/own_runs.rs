//! A claim is tested on the runs of the sweep that states it, not on those of other folders.

use super::study::{Errors, FakeRun, Study};
use super::{BUMP, bump, held};

/// The three numbers of frozen layers of one more seed, with a bump of a given height.
fn add_seed(study: &Study, sweep: &str, seed: usize, height: f64) {
    for (layers, test, train) in [(2, 0.6 - height, 0.3), (1, 0.6, 0.2), (0, 0.6 - height, 0.0)] {
        let errors = Errors { train, test, averaged: Some(test), validation: None };
        study.run(sweep, &FakeRun::new(layers, seed), |_| errors);
    }
}

/// The pilot that chose the places has the same setting and other seeds.
#[test]
fn seeds_of_another_sweep_do_not_count() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    study.state("sweep", BUMP, true);
    let alone = held(&study);
    for seed in 8..12 {
        add_seed(&study, "pilot", seed, 0.3);
    }
    assert_eq!(held(&study), alone);
}

#[test]
fn a_sweep_that_gained_seeds_is_exploratory() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    add_seed(&study, "sweep", 8, 0.1);
    study.state("sweep", BUMP, true);
    assert!(study.report().findings[0].starts_with("exploratory: "));
    let page = study.read("report.md");
    assert!(page.contains("the sweep has 9 seeds, and had 8 when the claim was stated"), "{page}");
}

#[test]
fn a_sweep_that_is_not_finished_is_exploratory() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    study.state("sweep", BUMP, true);
    for (layers, ended) in [(1, 23), (0, 22), (2, 21)] {
        std::fs::remove_dir_all(study.path("sweep").join(FakeRun::new(layers, 7).name())).expect("a run");
        assert!(study.report().findings[0].starts_with("exploratory: "), "also if seven seeds could carry the claim");
        assert!(study.read("report.md").contains(&format!("{ended} of 24 cells are finished")));
    }
}

/// A longer training has the same directory names: the budget is no part of them.
#[test]
fn a_longer_budget_is_a_control_and_not_a_duplicate() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    study.state("sweep", BUMP, true);
    let alone = held(&study);
    for seed in 0..8 {
        for (layers, test) in [(2, 0.3), (1, 0.3), (0, 0.3)] {
            let run = FakeRun { epochs: 120, ..FakeRun::new(layers, seed) };
            study.run("sweep-longer", &run, |_| Errors { train: 0.0, test, averaged: Some(test), validation: None });
        }
    }
    let longer = held(&study);
    assert!(study.report().left_out.is_empty());
    let numbers = |finding: &str| finding.split("; 8 seeds").next().map(str::to_owned);
    assert_eq!(numbers(&longer).map(|text| text.replace(" (target epochs = 40)", "")), numbers(&alone));
    assert!(longer.contains("Does not survive longer budget"), "{longer}");
}

/// The same claim about another target: both are tested, and Holm's correction doubles the smaller p-value.
#[test]
fn an_equal_claim_of_another_study_is_another_claim() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    bump(&study, "sweep-wide", 1.0, true, &[("network.width", "8")]);
    study.state("sweep", BUMP, true);
    study.state("sweep-wide", BUMP, true);
    let findings = study.report().findings;
    assert!(findings.iter().all(|finding| finding.starts_with("claim holds: ")), "{findings:?}");
    assert_eq!(findings.iter().filter(|finding| finding.contains("8 seeds; p = 0.008")).count(), 2, "{findings:?}");
}

/// Averaged weights whose half-life is half of the budget have not settled at its end, so there is no control.
#[test]
fn averaged_weights_that_have_not_settled_are_not_a_control() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[("evaluate.averaged_half_life", "2000")]);
    for layers in 0..3 {
        for seed in 0..8 {
            let run = FakeRun::new(layers, seed).with("evaluate.averaged_half_life", "2000");
            let summary = format!(
                "{{\"frozen_layers\": {layers}, \"train_examples\": 400, \"last_test_error_averaged\": 0.{layers}}}"
            );
            std::fs::write(study.path("sweep").join(run.name()).join("summary.json"), summary).expect("a file");
        }
    }
    study.state("sweep", BUMP, true);
    let finding = &study.report().findings[0];
    assert!(
        finding.contains(" Does not hold (averaged weights, the control that a claim needs, had not settled"),
        "{finding}"
    );
}

/// A sweep in progress: one seed has a number of frozen layers that the others lack.
#[test]
fn a_cell_with_few_seeds_does_not_hide_others() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    study.run("sweep", &FakeRun::new(3, 0), |_| Errors { train: 0.4, test: 0.7, averaged: None, validation: None });
    let finding = &study.report().findings[0];
    assert!(
        finding.contains("A bump over frozen layers, at places that were not stated") && finding.contains("8 seeds"),
        "{finding}"
    );
    assert!(study.read("report.md").contains("left out: only 1 seed"));
    let data = study.read("data/frozen-layers.csv");
    assert!(data.lines().any(|line| line.starts_with("1,last_test_error,8,")), "{data}");
}

/// Two seeds for each source: four independent values, with which an exact test cannot go below 1 / 16.
#[test]
fn seeds_that_share_a_source_are_not_independent() {
    let study = Study::new();
    for seed in 0..8 {
        for (layers, test) in [(2, 0.5), (1, 0.6), (0, 0.55)] {
            let run = FakeRun { source: seed / 2, ..FakeRun::new(layers, seed) };
            study.run("sweep", &run, |_| Errors {
                train: 0.0,
                test: test + 0.001 * seed as f64,
                averaged: None,
                validation: None,
            });
        }
    }
    let finding = &study.report().findings[0];
    assert!(finding.starts_with("exploratory: Too few seeds to tell") && finding.ends_with("4 sources."), "{finding}");
    assert!(study.read("index.html").contains("at least 4 independent seeds"));
}

/// Folders are read in the order of their names, and a shell sorts names by its locale.
#[test]
fn a_control_may_be_read_before_its_study() {
    let study = Study::new();
    bump(&study, "a-third", 1.0, true, &[("target.train.learning_rate", "0.001")]);
    bump(&study, "b-falls", 1.0, true, &[("target.train.schedule", "\"cosine\"")]);
    bump(&study, "sweep", 1.0, true, &[]);
    study.state("sweep", BUMP, true);
    let findings = study.report().findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    let survived = "Survives averaged weights, a third of the learning rate and a learning rate that falls.";
    assert!(findings[0].ends_with(survived), "{findings:?}");
}
