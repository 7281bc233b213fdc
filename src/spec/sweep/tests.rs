use super::*;
use crate::spec::survey::NoOne;
use crate::spec::{Notation, Text};

const BASE: &str = "[target]\ndataset = \"synthetic\"\n[source]\ndataset = \"synthetic\"\n";

fn load(sweep: &str) -> Result<Sweep> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("grid.toml");
    std::fs::write(&path, format!("{BASE}{sweep}"))?;
    Sweep::load(&path, &[], &NoOne)
}

fn names(sweep: &str) -> Vec<String> {
    let sweep = load(sweep).expect("a sweep");
    sweep.cells.into_iter().map(|cell| cell.name).collect()
}

fn problem(sweep: &str) -> String {
    load(sweep).expect_err("it is wrong").to_string()
}

#[test]
fn the_last_axis_varies_fastest() {
    let cells = names("[sweep.axes]\ntransfer.frozen_layers = [0, \"all\"]\nseed = { from = 0, to = 1, step = 1 }");
    assert_eq!(
        cells,
        ["frozen_layers=0,seed=0", "frozen_layers=0,seed=1", "frozen_layers=all,seed=0", "frozen_layers=all,seed=1"]
    );
    assert_eq!(names("[sweep.axes]\n\"target.train.learning_rate\" = [1e-3]"), ["learning_rate=0.001"]);
}

#[test]
fn all_values_covers_every_number_of_frozen_layers() {
    let cells = names("[sweep.axes]\nseed = [5]\ntransfer.frozen_layers = \"all-values\"");
    assert_eq!(cells.len(), 10);
    assert_eq!(cells[9], "seed=5,frozen_layers=9");
    let cells = names(
        "[sweep.axes]\ntransfer.frozen_layers = \"all-values\"\ntransfer.granularity = [\"block\", \"sublayer\"]",
    );
    assert_eq!(cells.len(), 10 + 18);
    assert_eq!(cells[27], "frozen_layers=17,granularity=sublayer");
}

#[test]
fn axes_are_zipped_and_cells_included_or_excluded() {
    let axes = "[sweep.axes]\ntarget.train_size = [100, 200]\ntarget.train.epochs = [20, 10]\nseed = [0, 1]\n";
    let zip = "[sweep]\nzip = [[\"target.train_size\", \"target.train.epochs\"]]\n";
    let cells = names(&format!("{zip}{axes}"));
    assert_eq!(cells[1], "train_size=100,epochs=20,seed=1");
    assert_eq!(cells.len(), 4);
    let more = "exclude = [{ target.train_size = 100, seed = [1, 2] }]\n\
                include = [{ target.train_size = 400, \"target.train.epochs\" = 5, seed = [0, 7] }]\n";
    let cells = names(&format!("{zip}{more}{axes}"));
    assert_eq!(cells.len(), 5);
    assert_eq!(cells[4], "train_size=400,epochs=5,seed=7");
}

#[test]
fn ranges_of_fractions_are_not_rounded_to_counts() {
    let range = |key: &str, range: &str| names(&format!("[sweep.axes]\n{key} = {{ {range} }}"));
    let sizes = range("target.train_size", "from = 0.6, to = 1.0, step = 0.2");
    assert_eq!(sizes, ["train_size=0.6", "train_size=0.8", "train_size=1.0"]);
    let half_lives = range("evaluate.averaged_half_life", "from = 0.5, to = 0.9, points = 3");
    assert_eq!(half_lives, ["averaged_half_life=0.5", "averaged_half_life=0.7", "averaged_half_life=0.9"]);
    let counts = range("target.train_size", "from = 100, to = 1000, points = 3, scale = \"log\"");
    assert_eq!(counts, ["train_size=100", "train_size=316", "train_size=1000"]);
    let floats = range("target.train_size", "from = 1e2, to = 1e3, points = 3, scale = \"log\"");
    assert_eq!(floats, counts);
}

#[test]
fn axes_of_list_keys_need_a_list_of_lists() {
    let cells = names("[sweep.axes]\ntarget.classes = [[\"0-4\"], [5, 6]]");
    assert_eq!(cells, ["classes=[\"0-4\"]", "classes=[5, 6]"]);
    assert!(problem("[sweep.axes]\ntarget.classes = [\"0-4\", 5]").contains("each value of the axis"));
}

#[test]
fn invalid_sweeps_are_rejected_with_their_position() {
    let cases = [
        ("", "has no `[sweep]` table"),
        ("[sweep]\n", "the sweep has no axes"),
        (
            "[sweep.axes]\nseeed = [1]",
            "grid.toml:6:1: the axis `seeed` is not a key of the spec that takes a value\n    did you mean `seed`?",
        ),
        ("[sweep.axes]\ntransfer = [1]", "not a key of the spec that takes a value"),
        ("[sweep.axes]\nname = [\"a\"]", "`name` cannot be an axis"),
        ("[sweep.axes]\nseed = []", "has no values"),
        ("[sweep.axes]\nseed = 3", "must be a list of values or a range, found an integer"),
        ("[sweep.axes]\nseed = \"all-values\"", "`all-values` works only for"),
        ("[sweep.axes]\nseed = [1, \"two\"]", "grid.toml:6:12"),
        ("[sweep.axes]\nseed = [1, 1]", "lists `1` twice"),
        ("[sweep]\nzip = [[\"seed\"]]\n[sweep.axes]\nseed = [1, 1]", "lists `1` twice"),
        ("[sweep.axes]\ntarget.label_noise = [0.2, 2]", "from 0 to 1"),
        ("[sweep.axes]\nseed = [1]\n\"seed\" = [1]", "duplicate key"),
        ("[sweep.axes]\ntransfer.frozen_layers = [1]\n\"transfer.frozen_layers\" = [2]", "duplicate axis"),
        ("[sweep]\nzip = [[\"seed\", \"epochs\"]]\n[sweep.axes]\nseed = [1]", "`epochs` is not an axis"),
        (
            "[sweep]\nzip = [[\"seed\", \"image_size\"]]\n[sweep.axes]\nseed = [1]\nimage_size = [8, 16]",
            "`seed` has 1, `image_size` has 2",
        ),
        ("[sweep]\nexclude = [{ seed = 3 }]\n[sweep.axes]\nseed = [1]", "no cell matches"),
        ("[sweep]\nexclude = [{ sed = 3 }]\n[sweep.axes]\nseed = [1]", "`sed` is not an axis"),
        (
            "[sweep]\ninclude = [{ seed = 3 }]\n[sweep.axes]\nseed = [1]\nimage_size = [8]",
            "has no value for the axis `image_size`",
        ),
        ("[sweep]\naxis = 1\n[sweep.axes]\nseed = [1]", "did you mean `sweep.axes`?"),
    ];
    for (text, expected) in cases {
        let found = problem(text);
        assert!(found.contains(expected), "{text}\n{found}");
    }
}

#[test]
fn cells_are_counted_before_they_are_built() {
    let range = |key: &str| format!("{key} = {{ from = 1, to = 5000, step = 1 }}\n");
    let axes = ["seed", "seeds.source", "target.train.steps"].map(range).concat();
    assert!(problem(&format!("[sweep.axes]\n{axes}")).contains("125,000,000,000 cells"));
}

#[test]
fn a_cell_is_the_spec_with_its_values() -> Result<()> {
    let text = format!("{BASE}[sweep.axes]\ntransfer.frozen_layers = [2]\ntarget.train_size = [\"50 per class\"]\n");
    let sweep = load("[sweep.axes]\ntransfer.frozen_layers = [2]\ntarget.train_size = [\"50 per class\"]\n")?;
    let cell = &sweep.cells[0];
    let written = Text { file: "grid.toml", name: "grid", text: &text, notation: Notation::Toml };
    let single = Spec::parse(written, &cell.overrides(), &NoOne)?;
    assert_eq!(sweep.spec(cell, &NoOne)?.run_folder(), single.run_folder());
    let error = Spec::parse(written, &cell.overrides()[..1], &NoOne).expect_err("an axis is open");
    assert_eq!(error.to_string(), "the spec is a sweep over `target.train_size`");
    Ok(())
}
