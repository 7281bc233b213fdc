//! Every kind of claim, on CSVs with results computed by hand.

use super::study::{Errors, FakeRun, Study};
use super::{BUMP, bump, held};

/// Computed by hand: the rise is 10 points in each seed. Over eight seeds drops have mean 5, variance 0.4² · 6,
/// standard error 0.98 / √8 = 0.346, and half width 0.984, with t = 2.841 for seven degrees of freedom at 97.5%. All
/// signs agree, so p is 1 / 256.
#[test]
fn a_bump_over_frozen_layers() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    study.state("sweep", BUMP, true);
    let written = study.report();
    let (claimed, sentence) = written.findings[0].split_once(" Holds: ").expect("a claim that holds");
    assert!(
        claimed.starts_with("claim holds: Claim of kind frozen-layers, stated before the first run (hash ")
            && claimed.ends_with(
                " in sweep.json of sweep): with fewer frozen layers, test error rises from all layers frozen to k = 1 and \
                 falls again to k = 0, each by at least 1.0 points."
            ),
        "{claimed}"
    );
    assert_eq!(
        sentence,
        "Double descent over frozen layers by its regimes (no first descent was measured: test error rises from the left end of \
         the range): 50.0% with all layers frozen, 60.0% at k = 1, 55.0% at k = 0; rise \
         10.0, drop 5.0 points; bump (the smaller of the two) 5.0, 95% interval 4.0 to 6.0; 8 seeds; p = 0.004. Survives \
         averaged weights. Learning rate not varied."
    );
    for page in [study.read("index.html"), study.read("report.md")] {
        assert!(page.contains("Claim of kind frozen") && page.contains("bump (the smaller of the two) 5.0"), "{page}");
    }
    assert!(study.read("index.html").contains("(smallest possible p = 0.004): enough for 12 one-sided claims"));
}

#[test]
fn late_claims_are_exploratory_and_claims_without_controls_not_shown() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, false, &[]);
    study.state("sweep", BUMP, true);
    let finding = &study.report().findings[0];
    assert!(finding.starts_with("claim not shown: Claim of kind frozen-layers, stated before"), "{finding}");
    assert!(
        finding.contains(
            " Does not hold (averaged weights, the control that a claim needs, were not measured): Test error over frozen layers: \
             50.0% with all layers frozen"
        ),
        "{finding}"
    );
    study.state("sweep", BUMP, false);
    let finding = &study.report().findings[0];
    let stated = "exploratory: Claim of kind frozen-layers, stated or changed after the first run of sweep started: ";
    assert!(finding.starts_with(stated), "{finding}");
}

/// Test error over 40 epochs: three levels at epochs 5, 20 and 40, with straight lines between them.
fn over_epochs(levels: [f64; 3]) -> impl Fn(u64) -> Errors {
    move |epoch| {
        let between = |from: f64, to: f64, share: f64| from + (to - from) * share;
        let test = match epoch {
            0..=5 => between(0.9, levels[0], epoch as f64 / 5.0),
            6..=20 => between(levels[0], levels[1], (epoch - 5) as f64 / 15.0),
            _ => between(levels[1], levels[2], (epoch - 20) as f64 / 20.0),
        };
        let train = if epoch < 20 { 0.3 } else { 0.0 };
        Errors { train, test, averaged: Some(test - 0.01), validation: None }
    }
}

/// With n = 400 the rise is 2 and the drop 1 point in each seed; with 1,600 they are 10 and 7, plus 0.2 per seed. So on
/// average the rise is 8.7 larger, the drop 6.7 and the bump 7.7 − 1 = 6.7. Steps of 0.2 over eight seeds have
/// deviation 0.49, standard error 0.173 and half width 2.841 · 0.173 = 0.49: from 6.7 − 0.49 to 8.7 + 0.49.
#[test]
fn a_larger_bump_over_epochs() {
    let study = Study::new();
    for seed in 0..8 {
        let more = seed as f64 * 0.002;
        study.run("sweep", &FakeRun::new(0, seed), over_epochs([0.40, 0.42, 0.41]));
        let larger = FakeRun::new(0, seed).with("target.train_size", 1600);
        study.run("sweep", &larger, over_epochs([0.30, 0.40 + more, 0.33]));
    }
    let claim = "[[report.claims]]\nkind = \"larger-bump\"\nkey = \"target.train_size\"\nreference = 400\nlarger = 1600\n\
                 first_valley = 5\npeak = [20, 20]\nlater_valley = 40\n";
    study.state("sweep", claim, true);
    assert_eq!(
        held(&study),
        "The bump (the smaller of rise and drop) over epochs is 6.7 points larger with target train size = 1600 than with 400: rise 10.7 \
         against 2.0, drop 7.7 against 1.0 points, 95% interval of the difference 6.2 to 9.2; 8 independent pairs; p = 0.004. \
         Survives averaged weights. Learning rate not varied."
    );
    // With the settings exchanged every sign contradicts the claim, although its second setting has a bump.
    study.state("sweep", &claim.replace("reference = 400\nlarger = 1600", "reference = 1600\nlarger = 400"), true);
    let finding = &study.report().findings[0];
    assert!(
        finding.contains("): The bump (the smaller of rise and drop) over epochs is 6.7 points smaller"),
        "{finding}"
    );
    assert!(finding.contains("p = 1.000"), "{finding}");
}

/// Seven seeds rise by 10 and fall by 7 points. The last one falls by 15, at an epoch at which it is in a spike.
#[test]
fn a_spike_at_a_point_of_a_bump_is_named() {
    let study = Study::new();
    for seed in 0..8 {
        let calm = over_epochs([0.30, 0.40, 0.33]);
        study.run("sweep", &FakeRun::new(0, seed), |epoch| match (seed, epoch) {
            (7, 40) => Errors { train: 0.2, test: 0.25, ..calm(40) },
            _ => calm(epoch),
        });
    }
    let claim = "[[report.claims]]\nkind = \"epochs\"\nfirst_valley = 5\npeak = 20\nlater_valley = 40\n";
    study.state("sweep", claim, true);
    let finding = &study.report().findings[0];
    assert!(finding.contains("rise 10.0, drop 8.0 points"), "{finding}");
    let note = "1 seed is in a spike of the optimizer at a place of the bump (epoch 40; train error up to 20.0%); without it the \
                rise is 10.0 and the drop 7.0 points";
    assert!(study.read("report.md").contains(note), "{}", study.read("report.md"));
}

/// Two curves that only fall have no bumps: the difference alone would be significant.
#[test]
fn a_smaller_fall_is_not_a_larger_bump() {
    let study = Study::new();
    for seed in 0..8 {
        study.run("sweep", &FakeRun::new(0, seed), over_epochs([0.40, 0.30, 0.35]));
        let larger = FakeRun::new(0, seed).with("target.train_size", 1600);
        study.run("sweep", &larger, over_epochs([0.40, 0.38, 0.36]));
    }
    let claim = "[[report.claims]]\nkind = \"larger-bump\"\nkey = \"target.train_size\"\nreference = 400\nlarger = 1600\n\
                 first_valley = 5\npeak = 20\nlater_valley = 40\n";
    study.state("sweep", claim, true);
    let finding = &study.report().findings[0];
    assert!(finding.starts_with("claim not shown: ") && finding.contains("p = 1.000"), "{finding}");
    assert!(study.read("report.md").contains("the rise of -2.0 points is below the stated minimum of 1.0"));
}

/// Writes runs with the final test errors of two sources at k = 1 and at k = 0, plus one point per seed.
fn two_sources(study: &Study, errors: [[f64; 2]; 2]) {
    for seed in 0..8 {
        for (layers, pair) in [1, 0].into_iter().zip(errors) {
            for (dataset, error) in ["\"synthetic\"", "\"mnist\""].into_iter().zip(pair) {
                let test = error + seed as f64 / 100.0;
                let run = FakeRun::new(layers, seed).with("source.dataset", dataset);
                study.run("sweep", &run, |_| Errors { train: 0.0, test, averaged: Some(test), validation: None });
            }
        }
    }
}

/// The first source is better by 4 points at k = 1, the second by 2 at k = 0. Seeds add 0 to 7 points, on average 3.5.
#[test]
fn an_order_that_reverses() {
    let study = Study::new();
    two_sources(&study, [[0.30, 0.34], [0.42, 0.40]]);
    let claim = "[[report.claims]]\nkind = \"order\"\nkey = \"source.dataset\"\nvalues = [\"synthetic\", \"mnist\"]\nat = [1, 0]\n";
    study.state("sweep", claim, true);
    assert_eq!(
        held(&study),
        "Source dataset = synthetic against mnist: 33.5% and 37.5% at k = 1, 45.5% and 43.5% at k = 0; the \
         first is better by 4.0 points at k = 1, the second by 2.0 at k = 0; 8 independent pairs; p = 0.004. Survives averaged \
         weights. Learning rate not varied."
    );
    study.state("sweep", &claim.replace("at = [1, 0]", "at = [0, 1]"), true);
    assert!(study.report().findings[0].starts_with("claim not shown"));
}

/// Differences of 0.2 points with alternating signs: mean 0, deviation 0.214, standard error 0.0756, half width
/// 1.895 · 0.0756 = 0.14. With a margin of one point all signs agree on both sides: p is 1 / 256. With a tenth of that,
/// four values are 0.3 and four −0.1: 36 of 256 choices of signs reach their sum of 0.8.
#[test]
fn sources_that_are_on_par() {
    let study = Study::new();
    for seed in 0..8 {
        let half = if seed % 2 == 0 { 0.001 } else { -0.001 };
        for (dataset, test) in [("\"synthetic\"", 0.4 + half), ("\"mnist\"", 0.4 - half)] {
            let run = FakeRun::new(0, seed).with("source.dataset", dataset);
            study.run("sweep", &run, |_| Errors { train: 0.0, test, averaged: Some(0.4), validation: None });
        }
    }
    let claim = "[[report.claims]]\nkind = \"equivalence\"\nkey = \"source.dataset\"\nvalues = [\"synthetic\", \"mnist\"]\nmargin = 0.01\n";
    study.state("sweep", claim, true);
    assert_eq!(
        held(&study),
        "Source dataset = synthetic and mnist differ by 0.0 points, 90% interval -0.1 to 0.1, margin 1.0; 8 \
         independent pairs; p = 0.004. Survives averaged weights. Learning rate not varied."
    );
    study.state("sweep", &claim.replace("0.01", "0.001"), true);
    let finding = &study.report().findings[0];
    assert!(finding.starts_with("claim not shown") && finding.contains("p = 0.141"), "{finding}");
}

/// Holm's correction of p = 1/256, 1/256 and 1: the smallest is multiplied by three, and the next is not below that.
#[test]
fn claims_are_corrected_together() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    let other = BUMP.replace("peak = 1", "peak = 1\nleast_size = 0.02");
    let missing = BUMP.replace("later_valley = 0\n", "later_valley = 0\nsetting = { target.train_size = 9 }\n");
    study.state("sweep", &format!("{BUMP}{other}{missing}"), true);
    let findings = study.report().findings;
    assert!(findings[0].contains("p = 0.012") && findings[1].contains("p = 0.012"), "{findings:?}");
    assert!(
        findings[2]
            .contains("(only where target train size = 9). It could not be tested: no finished run has its setting"),
        "{findings:?}"
    );
}

/// Test error falls to the first valley before it rises: the first descent was measured.
#[test]
fn a_first_descent_is_measured_or_reported_missing() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    for seed in 0..8 {
        let errors = Errors { train: 0.4, test: 0.7, averaged: Some(0.69), validation: None };
        study.run("sweep", &FakeRun::new(3, seed), |_| errors);
    }
    study.state("sweep", &BUMP.replace("\"all\"", "2"), true);
    let sentence = held(&study);
    assert!(
        sentence.starts_with("Double descent over frozen layers: 50.0% with all layers frozen, 60.0%"),
        "{sentence}"
    );
}
