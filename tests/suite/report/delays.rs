//! Claims that one setting gets somewhere later than another, on CSVs with results computed by hand.

use super::held;
use super::study::{Errors, FakeRun, Study};

/// Interpolates from an epoch on.
fn interpolates(at: u64) -> impl Fn(u64) -> Errors {
    move |epoch| Errors { train: if epoch < at { 0.4 } else { 0.0 }, test: 0.5, averaged: None, validation: None }
}

const DELAY: &str =
    "[[report.claims]]\nkind = \"delay\"\nkey = \"source.train_size\"\nreference = 100\ndelayed = 900\n";

/// From 8 to 16 epochs in four seeds, and to 32 in four: log ratios are ln 2 and 2 ln 2, their mean is 1.5 ln 2, so the
/// ratio is 2.83. Deviation 0.37, standard error 0.131, half width 2.365 · 0.131 = 0.31: a factor of 1.363.
#[test]
fn a_delay_of_interpolation() {
    let study = Study::new();
    for seed in 0..8 {
        study.run("sweep", &FakeRun::new(0, seed).with("source.train_size", 100), interpolates(8));
        let delayed = if seed < 4 { 16 } else { 32 };
        study.run("sweep", &FakeRun::new(0, seed).with("source.train_size", 900), interpolates(delayed));
    }
    study.state("sweep", DELAY, true);
    assert_eq!(
        held(&study),
        "Interpolation comes after 2.83 times as many epochs with source train size = 900 as with 100, 95% interval 2.08 to \
         3.86; 8 independent pairs; p = 0.004. Learning rate not varied."
    );
}

/// A run that never interpolates counts as one epoch after its budget of 40: the ratio is at least 41 / 10.
#[test]
fn a_delay_beyond_the_budget_is_a_bound() {
    let study = Study::new();
    for seed in 0..8 {
        study.run("sweep", &FakeRun::new(0, seed).with("source.train_size", 100), interpolates(10));
        study.run("sweep", &FakeRun::new(0, seed).with("source.train_size", 900), interpolates(99));
    }
    study.state("sweep", DELAY, true);
    let finding = &study.report().findings[0];
    let expected = "comes after at least 4.10 times as many epochs with source train size = 900 as with 100; 8 independent pairs; 8 runs \
                    with 900 did not reach it within the budget; p = 0.004";
    assert!(finding.contains(expected), "{finding}");
}

/// Eight seeds with four sources are four pairs: p is at least 1 / 16, too large for a claim.
#[test]
fn seeds_that_share_a_source_count_once() {
    let study = Study::new();
    for seed in 0..8 {
        for (size, at) in [(100, 8), (900, 16)] {
            let run = FakeRun { source: seed / 2, ..FakeRun::new(0, seed).with("source.train_size", size) };
            study.run("sweep", &run, interpolates(at));
        }
    }
    study.state("sweep", DELAY, true);
    let finding = &study.report().findings[0];
    assert!(finding.starts_with("claim not shown") && finding.contains("4 independent pairs; p = 0.062"), "{finding}");
    assert!(study.read("report.md").contains("seeds that share a source count as one: 4 clusters"));
}

#[test]
fn one_source_gives_no_evidence_about_sources() {
    let study = Study::new();
    for seed in 0..8 {
        for size in [100, 900] {
            let run = FakeRun { source: 0, ..FakeRun::new(0, seed).with("source.train_size", size) };
            study.run("sweep", &run, interpolates(8));
        }
    }
    study.state("sweep", DELAY, true);
    let finding = &study.report().findings[0];
    assert!(finding.contains("It could not be tested: all runs share one source"), "{finding}");
}

/// The peak is at epoch 20 in the reference and at 30 in the other setting: 1.50 times as late. A bump of half a point
/// is below the stated minimum of one, so its peak counts as not reached.
#[test]
fn a_delay_of_the_peak() {
    let study = Study::new();
    let peaks = |at: u64, height: f64| {
        move |epoch: u64| Errors {
            train: 0.0,
            test: if epoch == at { 0.3 + height } else { 0.3 },
            averaged: None,
            validation: None,
        }
    };
    for seed in 0..8 {
        study.run("sweep", &FakeRun::new(0, seed).with("source.train_size", 100), peaks(20, 0.05));
        study.run("sweep", &FakeRun::new(0, seed).with("source.train_size", 900), peaks(30, 0.05));
        study.run("sweep", &FakeRun::new(0, seed).with("source.train_size", 500), peaks(30, 0.005));
    }
    study.state("sweep", &format!("{DELAY}of = \"peak\"\n"), true);
    let finding = &study.report().findings[0];
    let expected = "Holds: The peak of test error comes after 1.50 times as many epochs with source train size = 900 as with 100, 95% \
                    interval 1.50 to 1.50";
    assert!(finding.contains(expected), "{finding}");
    study.state("sweep", &format!("{}of = \"peak\"\n", DELAY.replace("900", "500")), true);
    let finding = &study.report().findings[0];
    assert!(finding.contains("comes after at least 2.05 times as many epochs"), "{finding}");
}
