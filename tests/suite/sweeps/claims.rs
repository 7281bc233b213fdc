//! Obstacles to the claims of a planned grid are printed before it runs.

use super::super::program::Place;
use super::super::reliability::SMALL;

/// Eight seeds with a source each, and three numbers of frozen layers.
const AXES: &str = "[sweep]\nzip = [[\"seed\", \"seeds.source\"]]\n[sweep.axes]\n\
                    transfer.frozen_layers = [\"all\", 2, 0]\nseed = [0, 1, 2, 3, 4, 5, 6, 7]\nseeds.source = [0, 1, 2, 3, 4, 5, 6, 7]\n";

/// The notes of a dry run with a claim and overrides.
fn notes(claim: &str, set: &[&str]) -> Vec<String> {
    let place = Place::with(&format!("{SMALL}[[report.claims]]\n{claim}{AXES}"));
    let set: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
    let answer = place.freezewise(&[&["sweep", "spec.toml", "--dry-run"], set.as_slice()].concat());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let note = "note: with this sweep alone, a claim cannot hold: ";
    answer.stderr.lines().filter_map(|line| line.strip_prefix(note)).map(str::to_owned).collect()
}

const LAYERS: &str = "kind = \"frozen-layers\"\nfirst_valley = \"all\"\npeak = 2\nlater_valley = 0\n";
const EPOCHS: &str =
    "kind = \"epochs\"\nfirst_valley = 1\npeak = 2\nlater_valley = 3\nsetting = { transfer.frozen_layers = 0 }\n";
const SIZES: &str = "kind = \"delay\"\nkey = \"source.train_size\"\nreference = 24\ndelayed = 48\nsetting = { transfer.frozen_layers = 0 }\n";
const AVERAGED: &str = "evaluate.averaged_half_life=1";
const TWO_SIZES: &str = "sweep.axes.source.train_size=[24, 48]";

#[test]
fn a_sufficient_grid_has_no_notes() {
    assert_eq!(notes(LAYERS, &[AVERAGED]), [""; 0]);
    assert_eq!(notes(EPOCHS, &[AVERAGED]), [""; 0]);
    assert_eq!(notes(SIZES, &[TWO_SIZES]), [""; 0]);
}

#[test]
fn missing_cells_of_claims_are_named() {
    let few = ["sweep.axes.seed=[0, 1]", "sweep.axes.seeds.source=[0, 1]", AVERAGED];
    assert_eq!(notes(LAYERS, &few), ["the grid has 2 seeds, and a claim needs 8"]);
    let of = |claim: &str, set: &[&str], reason: &str| assert_eq!(notes(claim, set), [format!("claim 1: {reason}")]);
    let control = "it cannot hold without averaged weights as a control: set `evaluate.averaged_half_life`";
    of(LAYERS, &[], control);
    of(&LAYERS.replace("peak = 2", "peak = 1"), &[AVERAGED], "no cell has k = 1");
    of(&EPOCHS.replace("frozen_layers = 0", "frozen_layers = 1"), &[], "no cell has `transfer.frozen_layers` = `1`");
    of(&EPOCHS.replace("= 3\n", "= 5\n"), &[AVERAGED], "epoch 5 is beyond the budget of 3 epochs");
    let sparse = ["evaluate.every=3", AVERAGED];
    of(EPOCHS, &sparse, "epoch 1 is not evaluated; the nearest that are: 0 and 3");
    of(SIZES, &[], "`source.train_size` is not an axis of the grid");
    of(SIZES, &["sweep.axes.source.train_size=[24, 30]"], "no cell has `source.train_size` = `48`");
    of(
        &format!("{SIZES}weights = \"averaged\"\n"),
        &[TWO_SIZES],
        "averaged weights are not measured: set `evaluate.averaged_half_life`",
    );
    let one = [TWO_SIZES, "sweep.axes.seeds.source=[0, 0, 0, 0, 0, 0, 0, 0]"];
    of(SIZES, &one, "all cells with 24 share one source: vary `seeds.source`");
}

/// Three steps an epoch: at epoch 1 three half-lives of one step have passed, of two steps they have not.
#[test]
fn late_settling_averaged_weights_are_named() {
    let reason = "claim 1: averaged weights have not settled at epoch 1, after 3 steps: `evaluate.averaged_half_life` is 2 \
                  steps, and should be at most 1";
    assert_eq!(notes(EPOCHS, &["evaluate.averaged_half_life=2"]), [reason]);
    // Nine steps in all. At the end only claims that need averaged weights, as subject or control, ask for them.
    let long = "evaluate.averaged_half_life=4";
    let at_the_end =
        reason.replace("epoch 1, after 3", "epoch 3, after 9").replace("is 2", "is 4").replace("most 1", "most 3");
    assert_eq!(notes(LAYERS, &[long]), [at_the_end.as_str()]);
    assert_eq!(notes(SIZES, &[TWO_SIZES, long]), [""; 0]);
    assert_eq!(notes(&format!("{SIZES}weights = \"averaged\"\n"), &[TWO_SIZES, long]), [at_the_end]);
}
