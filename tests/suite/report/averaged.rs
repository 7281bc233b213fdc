//! Claims about averaged weights, on CSVs with results computed by hand.

use std::fmt::Write;
use std::path::Path;

use freezewise::spec::ReportSpec;

use super::study::{Errors, FakeRun, Study};
use super::{BUMP, held};

const AVERAGED: &str = "weights = \"averaged\"\n";

/// Raw errors have no bump; averaged weights rise by 10 points and fall by 5 in each seed.
#[test]
fn a_bump_of_averaged_weights() {
    let study = Study::new();
    for seed in 0..8 {
        for (layers, averaged, train) in [(2, 0.5, 0.4), (1, 0.6, 0.0), (0, 0.55, 0.0)] {
            let of = |_| Errors { train, test: 0.6, averaged: Some(averaged), validation: None };
            study.run("sweep", &FakeRun::new(layers, seed), of);
        }
    }
    study.state("sweep", BUMP, true);
    let finding = &study.report().findings[0];
    assert!(finding.starts_with("claim not shown"), "{finding}");
    study.state("sweep", &format!("{BUMP}{AVERAGED}"), true);
    let finding = &study.report().findings[0];
    let claimed = "in sweep.json of sweep): with averaged weights, with fewer frozen layers, test error rises";
    let found = "of the range): with averaged weights, 50.0% with all layers frozen, 60.0% at k = 1, 55.0% at \
                 k = 0; rise 10.0, drop 5.0 points";
    assert!(finding.starts_with("claim holds") && finding.contains(claimed) && finding.contains(found), "{finding}");
    // It is no control of itself.
    assert!(!finding.contains("urvives averaged weights"), "{finding}");
}

/// The hash in a record that was made before claims could be about averaged weights.
#[test]
fn a_claim_of_raw_weights_keeps_its_hash() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/studies/frozen-layers/frozen-layers.laptop");
    let hash = ReportSpec::load(&folder.join("sweep.toml")).expect("a spec").hash();
    let record = std::fs::read_to_string(folder.join("sweep.json")).expect("a record");
    assert!(record.contains(&format!("\"{hash}\"")), "{hash}: {record}");
}

/// Raw weights interpolate at the same epoch, averaged ones at 8 and 16: twice as late in each of eight pairs.
#[test]
fn a_delay_of_averaged_weights() {
    let study = Study::new();
    for seed in 0..8 {
        for (size, at) in [(100, 8), (900, 16)] {
            let run = FakeRun::new(0, seed).with("source.train_size", size);
            let folder = study.run("sweep", &run, |_| Errors::default());
            let mut table = "phase,epoch,step,train_error,test_error,train_error_averaged\n".to_owned();
            for epoch in 0..=run.epochs {
                let raw = if epoch < 20 { 0.4 } else { 0.0 };
                let averaged = if epoch < at { 0.4 } else { 0.0 };
                writeln!(table, "target,{epoch},{},{raw},0.5,{averaged}", epoch * 100).expect("a string takes all");
            }
            std::fs::write(folder.join("metrics.csv"), table).expect("a file");
        }
    }
    let claim = "[[report.claims]]\nkind = \"delay\"\nkey = \"source.train_size\"\nreference = 100\ndelayed = 900\n\
                 of = \"first-interpolation\"\n";
    study.state("sweep", claim, true);
    let finding = &study.report().findings[0];
    assert!(finding.contains("): The first interpolation comes after 1.00 times as many epochs"), "{finding}");
    study.state("sweep", &format!("{claim}{AVERAGED}"), true);
    assert_eq!(
        held(&study),
        "With averaged weights, the first interpolation comes after 2.00 times as many epochs with source train size = 900 as with 100, \
         95% interval 2.00 to 2.00; 8 independent pairs; p = 0.004. Learning rate not varied."
    );
}

/// With a half-life of 400 steps and 100 steps an epoch, averaged weights have settled at epoch 12: before, they are no
/// control. With 100 steps they have at epoch 3.
#[test]
fn averaged_weights_must_have_settled() {
    for (half_life, settled) in [(400, false), (100, true)] {
        let study = Study::new();
        for seed in 0..8 {
            let run = FakeRun::new(0, seed).with("evaluate.averaged_half_life", half_life);
            study.run("sweep", &run, |epoch| {
                let test = [(4, 0.5), (12, 0.3), (24, 0.4)].iter().find(|(before, _)| epoch < *before);
                let test = test.map_or(0.3, |(_, error)| *error);
                let train = if epoch < 20 { 0.3 } else { 0.0 };
                Errors { train, test, averaged: Some(test), validation: Some(test) }
            });
        }
        let claim = "[[report.claims]]\nkind = \"epochs\"\nfirst_valley = 8\npeak = 20\nlater_valley = 40\n";
        study.state("sweep", claim, true);
        let finding = &study.report().findings[0];
        assert_eq!(finding.contains("Survives averaged weights and validation selection"), settled, "{finding}");
        let reason = "averaged weights, the control that a claim needs, had not settled at these places";
        assert_eq!(!study.read("report.md").contains(reason), settled);
        // Validation errors are those of the trained weights, so they are no control of averaged ones.
        study.state("sweep", &format!("{claim}{AVERAGED}"), true);
        let finding = &study.report().findings[0];
        assert_eq!(
            finding.contains("with averaged weights, 30.0% at epoch 8, 40.0% at epoch 20"),
            settled,
            "{finding}"
        );
        assert!(!finding.contains("validation selection"), "{finding}");
    }
}

#[test]
fn unknown_weights_are_rejected() {
    let study = Study::new();
    let folder = study.run("sweep", &FakeRun::new(0, 0), |_| Errors::default());
    let spec = folder.with_file_name("sweep.toml");
    let claim = format!("[target]\ndataset = \"synthetic\"\n{BUMP}weights = \"smooth\"\n");
    std::fs::write(&spec, claim).expect("a file");
    let error = ReportSpec::load(&spec).expect_err("an unknown word").to_string();
    assert!(error.contains("unknown variant `smooth`, expected `raw` or `averaged`"), "{error}");
}
