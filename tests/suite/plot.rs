//! Plots of runs in a terminal and as files.

use super::program::{Place, TINY};

#[test]
fn a_run_is_drawn_with_its_controls() {
    let place = Place::with(TINY);
    let run = place.run(&["evaluate.averaged_half_life=2", "branches.at=[2]"]);
    let run = run.to_str().expect("a name");
    let drawn = place.freezewise_with(&[("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8")], &["plot", run]);
    assert_eq!(drawn.code, 0, "{}", drawn.stderr);
    for part in ["error against epoch", "test error", "train error", "averaged weights", "annealed", "⠤"] {
        assert!(drawn.stdout.contains(part), "{part}: {}", drawn.stdout);
    }
    assert!(!drawn.stdout.contains('\u{1b}'), "no colours off a terminal");
    let ascii = place.freezewise_with(&[("LC_ALL", "C")], &["plot", run, "--steps"]);
    assert!(ascii.stdout.contains("step") && ascii.stdout.is_ascii(), "{}", ascii.stdout);
    let against = place.freezewise(&["plot", run, "--train-error"]);
    assert!(against.stdout.contains("train error") && against.stdout.contains("test error"), "{}", against.stdout);
    for (file, start) in [("a.svg", "<"), ("a.pdf", "%PDF"), ("a.png", "\u{89}PNG")] {
        let answer = place.freezewise(&["plot", run, "--out", file]);
        assert_eq!((answer.code, answer.stdout.trim()), (0, file), "{}", answer.stderr);
        let bytes = std::fs::read(place.path(file)).expect("a file");
        let expected: Vec<u8> = start.chars().map(|letter| letter as u8).collect();
        assert!(bytes.starts_with(&expected), "{file}");
    }
}

#[test]
fn several_runs_are_labelled_by_name() {
    let place = Place::with(TINY);
    let runs = ["transfer.frozen_layers=1", "transfer.frozen_layers=2"].map(|set| place.run(&[set]));
    let [one, other] = runs.each_ref().map(|run| run.to_str().expect("a name"));
    let answer = place.freezewise(&["plot", one, other]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stdout.contains("k1-n80") && answer.stdout.contains("k2-n80"), "{}", answer.stdout);
}

#[test]
fn invalid_plot_arguments_are_errors() {
    let place = Place::with(TINY);
    let run = place.run(&[]);
    let run = run.to_str().expect("a name");
    for (arguments, part) in [
        (vec!["plot", "nowhere"], "there is no `metrics.csv` in `nowhere`"),
        (vec!["plot", run, "--out", "a.jpg"], "expected a file that ends in `.svg`, `.pdf` or `.png`, found `a.jpg`"),
        (vec!["plot", run, "--follow"], "needs a terminal on stdout"),
    ] {
        let answer = place.freezewise(&arguments);
        assert!(answer.code == 2 && answer.stderr.contains(part), "{arguments:?}: {}", answer.stderr);
    }
}
