//! "Is it real?": controls are found by what they change, and effects are compared with each.

use super::study::{Branch, Errors, FakeRun, Study};
use super::{BUMP, bump};

/// The lines of the first finding's checklist in `report.md`.
fn checks(study: &Study) -> Vec<String> {
    let page = study.read("report.md");
    let first = page.split("\n- **").nth(1).expect("a finding");
    first.lines().filter_map(|line| line.strip_prefix("  - ")).map(str::to_owned).collect()
}

/// Whether a line is there, with the command that follows it where the control was not run.
#[track_caller]
fn has(checks: &[String], line: &str) {
    let is = |check: &String| check == line || check.starts_with(&format!("{line}: `freezewise sweep "));
    assert!(checks.iter().any(is), "{line}\n{checks:#?}");
}

/// The bump of 5 points is 5 at a third of the learning rate, 2 (less than half) at three times it, 4 where it falls, and 3 in a
/// longer training.
#[test]
fn other_settings_are_controls() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    let rate = "target.train.learning_rate";
    bump(&study, "sweep-third", 1.0, false, &[(rate, "0.001")]);
    bump(&study, "sweep-triple", 0.4, false, &[(rate, "0.009")]);
    bump(&study, "sweep-falls", 0.8, false, &[("target.train.schedule", "\"cosine\"")]);
    bump(&study, "sweep-longer", 0.6, false, &[("target.train.epochs", "120")]);
    study.state("sweep", BUMP, true);
    study.report();
    let checks = checks(&study);
    has(&checks, "averaged weights: survived (rise 10.00 against 10.00, drop 5.00 against 5.00 points, p = 0.004)");
    has(
        &checks,
        "a third of the learning rate: survived (rise 10.00 against 10.00, drop 5.00 against 5.00 points, p = 0.004)",
    );
    has(
        &checks,
        "three times the learning rate: not survived (2.0 points: less than half the size; rise 4.0, drop 2.0 points, p = 0.004)",
    );
    has(&checks, "a learning rate that falls: survived (rise 8.0, drop 4.0 points, p = 0.004)");
    has(&checks, "longer budget: survived (rise 6.0, drop 3.0 points, p = 0.004)");
    has(&checks, "design, eight seeds or more: met");
    has(&checks, "design, source seeds vary: met");
    // Conditions on the design repeat the headline's number and are not counted.
    has(&checks, "Of 9 controls that could change the number, 4 survived, 1 did not, 4 were not run");
    assert!(study.read("index.html").contains("Is it real? Of 9 controls that could change the number, 4 survived"));
    let findings = study.report().findings;
    let lost = "p = 0.004. Does not survive three times the learning rate (2.0 points: less than half the size). Survives averaged weights, a third of the learning rate, a \
                learning rate that falls and longer budget.";
    assert!(findings[0].ends_with(lost), "{findings:?}");
    has(&checks, "random prefix: not run");
    has(&checks, "anneal branches: not run");
    // Source and target already use the same data set.
    assert!(!checks.iter().any(|check| check.starts_with("same task")), "{checks:#?}");
}

#[test]
fn a_random_prefix_is_a_spec_without_a_source() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    let absent = ["source.dataset", "source.train.epochs", "source.train.learning_rate", "seeds.source"];
    let mut keys = absent.map(|key| (key, "")).to_vec();
    keys.push(("transfer.frozen_norm", "\"target\""));
    bump(&study, "sweep-prefix", 0.2, false, &keys);
    study.state("sweep", BUMP, true);
    study.report();
    has(
        &checks(&study),
        "random prefix: not survived (1.0 points: less than half the size; rise 2.0, drop 1.0 \
         points, p = 0.004)",
    );
    let page = study.read("report.md");
    assert!(page.contains("\nto synthetic, ") && page.contains("Settings differ in source dataset. "), "{page}");
}

/// Repeating the sweep with averaged weights gives the same directory names: its runs, which have more measurements,
/// replace the first ones.
#[test]
fn a_measurement_that_was_added_later_counts() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, false, &[]);
    bump(&study, "sweep-averaged", 1.0, true, &[]);
    study.state("sweep", BUMP, true);
    let written = study.report();
    has(
        &checks(&study),
        "averaged weights: survived (rise 10.00 against 10.00, drop 5.00 against 5.00 points, p = 0.004)",
    );
    assert_eq!((written.runs, written.left_out.len()), (24, 24));
    assert!(written.left_out[0].ends_with("duplicate of another run, which has more measurements"));
}

/// A claim that controls repeat, because they use the same spec, is tested once: p stays 1 / 256.
#[test]
fn a_claim_is_counted_once() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    bump(&study, "sweep-third", 1.0, true, &[("target.train.learning_rate", "0.001")]);
    study.state("sweep", BUMP, true);
    study.state("sweep-third", BUMP, true);
    let findings = study.report().findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings[0].contains("p = 0.004. Survives averaged weights and a third of the learning rate"),
        "{findings:?}"
    );
    assert!(study.read("report.md").contains("sweep-third also state it; it is tested and counted once"));
}

const PEAK: [(u64, f64); 3] = [(5, 0.40), (20, 0.50), (40, 0.43)];

/// Eight seeds of one cell with a bump over epochs: 0.4 at epoch 5, 0.5 at 20, 0.43 at 40.
fn over_epochs(study: &Study, branches: bool, validation: bool) {
    for seed in 0..8 {
        let mut run = FakeRun::new(0, seed);
        if branches {
            run.branches =
                PEAK.iter().map(|&(epoch, error)| Branch { epoch, annealed: 0.4, refitted: error }).collect();
        }
        study.run("sweep", &run, |epoch| {
            let near = PEAK.iter().min_by_key(|(at, _)| at.abs_diff(epoch)).expect("three places");
            let test = near.1 + near.0.abs_diff(epoch) as f64 * 0.0001 * if near.0 == 20 { -1.0 } else { 1.0 };
            Errors { train: 0.0, test, averaged: Some(test), validation: validation.then_some(test / 2.0) }
        });
    }
}

const EPOCHS: &str = "[[report.claims]]\nkind = \"epochs\"\nfirst_valley = 5\npeak = 20\nlater_valley = 40\n";

/// The bump is 7 points; annealing removes it, a refitted head keeps it, and validation error, which is halved, has
/// half.
#[test]
fn a_bump_over_epochs_has_controls_of_its_own() {
    let study = Study::new();
    over_epochs(&study, true, true);
    study.state("sweep", EPOCHS, true);
    study.report();
    let checks = checks(&study);
    has(&checks, "averaged weights: survived (rise 10.00 against 10.00, drop 7.00 against 7.00 points, p = 0.004)");
    has(
        &checks,
        "anneal branches: not survived (0.0 points: not significant and less than half the size; \
         rise 0.0, drop 0.0 points, p = 1.000)",
    );
    has(&checks, "refitted head: survived (rise 10.00 against 10.00, drop 7.00 against 7.00 points, p = 0.004)");
    has(&checks, "validation selection: survived (rise 5.0, drop 3.5 points, p = 0.004)");
    has(&checks, "a third of the learning rate: not run");
}

/// At a third of the learning rate the bump comes three times as late, so it may be anywhere. In the longer training
/// the error does not fall again.
#[test]
fn a_learning_rate_shifts_a_bump_and_a_budget_removes_it() {
    let study = Study::new();
    over_epochs(&study, false, false);
    for seed in 0..8 {
        let late = FakeRun::new(0, seed).with("target.train.learning_rate", "0.001");
        study.run("sweep-third", &late, |epoch| Errors {
            train: 0.0,
            test: if (28..=32).contains(&epoch) { 0.5 } else { 0.42 },
            ..Errors::default()
        });
        let longer = FakeRun { epochs: 120, ..FakeRun::new(0, seed) };
        study.run("sweep-longer", &longer, |epoch| Errors {
            train: 0.0,
            test: if epoch < 12 { 0.4 } else { 0.5 },
            ..Errors::default()
        });
    }
    study.state("sweep", EPOCHS, true);
    study.report();
    let checks = checks(&study);
    has(&checks, "a third of the learning rate: survived (8.0 points, p = 0.004)");
    has(
        &checks,
        "longer budget: not survived (0.0 points: not significant and less than half the size; \
         rise 10.00 against 10.00, drop 0.0 points, p = 1.000)",
    );
}

/// Delays are compared by their logarithms: a factor of 2.00 survives with 1.50 (ln 1.5 is more than half of ln 2), but
/// not with 1.33.
#[test]
fn a_delay_has_controls() {
    let study = Study::new();
    let interpolates = |at: u64| {
        move |epoch: u64| Errors {
            train: if epoch < at { 0.4 } else { 0.0 },
            test: 0.5,
            averaged: Some(0.5),
            validation: None,
        }
    };
    let rate = "target.train.learning_rate";
    for seed in 0..8 {
        let run = |size: u64| FakeRun::new(0, seed).with("source.train_size", size);
        for (size, at) in [(100, 8), (900, 16)] {
            study.run("sweep", &run(size), interpolates(at));
        }
        for (size, third, triple) in [(100, 12, 6), (900, 18, 8)] {
            study.run("sweep-third", &run(size).with(rate, "0.001"), interpolates(third));
            study.run("sweep-triple", &run(size).with(rate, "0.009"), interpolates(triple));
        }
    }
    let claim = "[[report.claims]]\nkind = \"delay\"\nkey = \"source.train_size\"\nreference = 100\ndelayed = 900\n";
    study.state("sweep", claim, true);
    study.report();
    let checks = checks(&study);
    has(&checks, "a third of the learning rate: survived (1.50 times as many epochs, p = 0.004)");
    has(
        &checks,
        "three times the learning rate: not survived (1.33 times as many epochs: less than half the size; p = 0.004)",
    );
    // Train error of averaged weights was not measured, and source size has no meaning with a random prefix.
    has(&checks, "averaged weights: not run");
    assert!(!checks.iter().any(|check| check.starts_with("random prefix") || check.starts_with("validation")));
}

/// Equal final errors stay equal at a third of the learning rate, and differ by three points at three times it.
#[test]
fn an_equivalence_has_controls() {
    let study = Study::new();
    let rate = "target.train.learning_rate";
    for seed in 0..8 {
        for (dataset, triple) in [("\"synthetic\"", 0.43), ("\"mnist\"", 0.40)] {
            let run = FakeRun::new(0, seed).with("source.dataset", dataset);
            let ends = |test: f64| move |_| Errors { train: 0.0, test, averaged: Some(test), validation: None };
            study.run("sweep", &run, ends(0.4));
            study.run("sweep-third", &run.clone().with(rate, "0.001"), ends(0.5));
            study.run("sweep-triple", &run.with(rate, "0.009"), ends(triple));
        }
    }
    let claim = "[[report.claims]]\nkind = \"equivalence\"\nkey = \"source.dataset\"\nvalues = [\"synthetic\", \"mnist\"]\n\
                 margin = 0.01\n";
    study.state("sweep", claim, true);
    study.report();
    let checks = checks(&study);
    has(&checks, "averaged weights: survived (a difference of 0.0 points, p = 0.004)");
    has(&checks, "a third of the learning rate: survived (a difference of 0.0 points, p = 0.004)");
    has(
        &checks,
        "three times the learning rate: not survived (a difference of 3.0 points: not significant; p = 1.000)",
    );
}

/// Averaged weights with a different half-life from most runs are not used.
#[test]
fn controls_measured_differently_are_not_averaged() {
    let study = Study::new();
    for seed in 0..3 {
        let run = FakeRun::new(0, seed).with("evaluate.averaged_half_life", if seed == 2 { 500 } else { 50 });
        let averaged = if seed == 2 { 0.9 } else { 0.3 };
        study.run("sweep", &run, |_| Errors { train: 0.0, test: 0.4, averaged: Some(averaged), validation: None });
    }
    let written = study.report();
    assert_eq!(written.runs, 3);
    assert!(
        written.left_out[0].contains(
            "its averaged weights are not used: `evaluate.averaged_half_life` is `500`, but `50` in most runs"
        )
    );
    let runs = study.read("data/runs.csv");
    assert!(!runs.contains("0.9") && runs.contains("0.3"), "{runs}");
}

/// With the epoch chosen on validation data the peak is 2 points below the later valley.
#[test]
fn a_control_with_a_valley_instead_of_a_peak_is_described() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    for seed in 0..8 {
        for (layers, selected) in [(2, 0.44), (1, 0.42), (0, 0.40)] {
            let run = study.path("sweep").join(FakeRun::new(layers, seed).name());
            let summary = format!(
                "{{\"frozen_layers\": {layers}, \"train_examples\": 400, \"validation_selected_test_error\": {selected}}}"
            );
            std::fs::write(run.join("summary.json"), summary).expect("a file");
        }
    }
    study.state("sweep", BUMP, true);
    let finding = study.report().findings[0].clone();
    let words = "p = 0.004. Does not survive validation selection (k = 1 is 2.0 points below the higher end). Survives averaged weights. \
                 Learning rate not varied.";
    assert!(finding.ends_with(words), "{finding}");
}
