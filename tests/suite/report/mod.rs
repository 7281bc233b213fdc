//! `freezewise report`: findings agree with the CSVs, unusable runs are listed, and the page works in a browser.

mod averaged;
mod claims;
mod commands;
mod controls;
mod delays;
mod own_runs;
mod page;
mod reading;
mod study;

use study::{Errors, FakeRun, Study};

/// A claim of a bump over frozen layers.
const BUMP: &str = "[[report.claims]]\nkind = \"frozen-layers\"\nfirst_valley = \"all\"\npeak = 1\nlater_valley = 0\n";

/// Writes runs of eight seeds, with a rise of 10 points and a drop of 3.6 to 6.4, multiplied by a factor, also in
/// averaged weights.
fn bump(study: &Study, sweep: &str, factor: f64, averaged: bool, keys: &[(&'static str, &str)]) {
    let epochs = keys.iter().find(|(key, _)| *key == "target.train.epochs");
    let epochs = epochs.map(|(_, value)| value.parse().expect("a number"));
    for seed in 0..8 {
        let drop = factor * (0.05 + (seed as f64 - 3.5) * 0.004);
        for (layers, test, train) in [(2, 0.6 - 0.1 * factor, 0.3), (1, 0.6, 0.2), (0, 0.6 - drop, 0.0)] {
            let mut run = FakeRun::new(layers, seed);
            run.epochs = epochs.unwrap_or(run.epochs);
            run.keys.extend(keys.iter().map(|(key, value)| (*key, (*value).to_owned())));
            let averaged = averaged.then_some(test - 0.01);
            study.run(sweep, &run, |_| Errors { train, test, averaged, validation: None });
        }
    }
}

/// What the first finding says of a claim that holds.
#[track_caller]
fn held(study: &Study) -> String {
    let finding = study.report().findings[0].clone();
    assert!(finding.starts_with("claim holds: Claim of kind "), "{finding}");
    finding.split_once(" Holds: ").expect("a claim that holds").1.to_owned()
}
