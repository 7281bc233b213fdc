//! Specs and arguments as people type them: numbers as other languages write them, lists whose quotes a shell has taken,
//! files of the other notation.

use super::super::program::{Answer, Place, TINY};

fn hash(place: &Place, set: &str) -> String {
    let answer = place.freezewise(&["check", "--hash", "spec.toml", "--set", set]);
    assert_eq!(answer.code, 0, "{set}: {}", answer.stderr);
    answer.stdout
}

fn check(place: &Place, set: &str) -> Answer {
    place.freezewise(&["check", "spec.toml", "--set", set])
}

#[test]
fn numbers_are_read_in_every_notation() {
    let place = Place::with(TINY);
    for (odd, plain) in [
        ("target.train.epochs=1e1", "target.train.epochs=10"),
        ("target.train.epochs=10.0", "target.train.epochs=10"),
        ("target.train_size=6e1", "target.train_size=60"),
        ("target.train_size=6_0", "target.train_size=60"),
        ("target.train_size=.5", "target.train_size=0.5"),
        ("target.train_size=1.", "target.train_size=1.0"),
        ("target.train.learning_rate=.001", "target.train.learning_rate=0.001"),
        ("target.train.learning_rate=1.e-3", "target.train.learning_rate=0.001"),
        ("target.train.augment=[crop, flip]", "target.train.augment=[\"crop\", \"flip\"]"),
        ("target.train.augment=[crop,'flip']", "target.train.augment=[\"crop\", \"flip\"]"),
    ] {
        if odd.contains('\'') {
            // With some quotes left there is more than one reading.
            assert_eq!(check(&place, odd).code, 2);
        } else {
            assert_eq!(hash(&place, odd), hash(&place, plain), "{odd}");
        }
    }
    // A string stays as it was typed.
    let named = place.freezewise(&["check", "--hash", "--json", "spec.toml", "--set", "name=1.5"]);
    assert!(named.stdout.contains("\"name\": \"1.5\""), "{}", named.stdout);
}

#[test]
fn unreadable_values_say_how_to_write_them() {
    let place = Place::with(TINY);
    for (set, expected) in [
        ("target.train.epochs=1.5", "must be an integer from 1 to 1000000000, found `1.5`"),
        ("target.train.epochs=\"2\"", "leave out the quotes: `2`"),
        ("target.train.epochs=007", "found `007`"),
        ("target.train.augment=crop", "write a list: `[\"crop\"]`"),
        ("target.train.augment=crop,flip", "write a list: `[\"crop\", \"flip\"]`"),
        ("compute.deterministic=True", "did you mean `true`?"),
        ("'target'.train_size=5", "`'target'` is not a key of the spec"),
        ("target.train.learning_rate=0,001", "found `0,001`"),
    ] {
        let answer = check(&place, set);
        assert!(answer.code == 2 && answer.stderr.contains(expected), "{set}: {}", answer.stderr);
    }
    let unquoted = check(&place, "target.train.epochs=007");
    assert!(!unquoted.stderr.contains("quotes"), "{}", unquoted.stderr);
}

#[test]
fn a_file_of_the_other_notation_is_recognised() {
    let place = Place::with(TINY);
    let json = r#"{"image_size": 8.0, "target": {"dataset": "synthetic", "train_size": 1e2}}"#;
    for (name, text, expected) in [
        ("a.json", TINY, "it looks like TOML: a TOML spec has the extension `.toml`"),
        ("a.toml", json, "it looks like JSON: a JSON spec has the extension `.json`"),
        ("b.toml", "seed = 1\nseed = 2\n", "b.toml:2:1: duplicate key `seed`"),
        ("c.toml", "[target]\ndataset = \"synthetic\"\n[target]\n", "c.toml:3:2: duplicate key `target`"),
    ] {
        place.write(name, text);
        let answer = place.freezewise(&["check", name]);
        assert!(answer.code == 2 && answer.stderr.contains(expected), "{name}: {}", answer.stderr);
    }
    for (name, text) in [("A.TOML", TINY), ("A.Json", json)] {
        place.write(name, text);
        let answer = place.freezewise(&["check", name]);
        assert_eq!(answer.code, 0, "{name}: {}", answer.stderr);
    }
}

#[test]
fn a_file_instead_of_a_folder_is_named() {
    let place = Place::with(TINY);
    place.write("file", "");
    place.write("out/spec", "");
    std::os::unix::fs::symlink("nowhere", place.path("link")).expect("linked");
    for (out, folder, other) in [
        ("file", "file", "file"),
        ("file/a/b", "file/a/b", "file"),
        ("out", "out/spec", "out/spec"),
        ("link", "link", "link"),
    ] {
        let answer = place.freezewise(&["run", "spec.toml", "--quiet", "--out", out]);
        let told = format!("cannot create the folder `{folder}`: `{other}` is not a folder");
        assert!(answer.code == 1 && answer.stderr.contains(&told), "{out}: {}", answer.stderr);
    }
}
