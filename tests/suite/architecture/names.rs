//! Type names are unique.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{of_tests, texts};

/// A value as written in a spec, and resolved: `spec::written::Task` becomes `spec::Task`.
const WRITTEN_AND_MEANT: &str = "as written in a spec, and resolved";
/// A value as written in a spec, and the type that implements it: `spec::written::Threads` becomes `native::Threads`.
const WRITTEN_AND_RUNNING: &str = "as written in a spec, and implemented";

/// Names that several types may share, and why.
const SHARED: [(&str, &str); 18] = [
    // Each verb has its own, and none imports another's.
    ("Arguments", "the arguments of a verb"),
    ("Branches", WRITTEN_AND_MEANT),
    ("Checkpoints", WRITTEN_AND_MEANT),
    ("Compute", WRITTEN_AND_MEANT),
    ("Fit", WRITTEN_AND_MEANT),
    ("HalfLife", WRITTEN_AND_MEANT),
    ("Keep", WRITTEN_AND_MEANT),
    ("Labelling", WRITTEN_AND_MEANT),
    ("MemoryFormat", WRITTEN_AND_MEANT),
    ("Normalise", WRITTEN_AND_MEANT),
    ("Optimizer", WRITTEN_AND_RUNNING),
    ("Precision", WRITTEN_AND_MEANT),
    ("Schedule", WRITTEN_AND_MEANT),
    ("Seeds", WRITTEN_AND_MEANT),
    ("Source", WRITTEN_AND_MEANT),
    ("Task", WRITTEN_AND_MEANT),
    ("Threads", WRITTEN_AND_RUNNING),
    ("Transfer", WRITTEN_AND_MEANT),
];

/// The types that a file declares outside of its tests.
fn declared(text: &str) -> Vec<&str> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    code.lines().filter_map(declaration).collect()
}

/// The name of the type that a line declares. An indented `type` belongs to a trait or a function.
fn declaration(line: &str) -> Option<&str> {
    let code = line.trim_start();
    let code = match code.strip_prefix("pub") {
        Some(rest) => rest.strip_prefix('(').map_or(rest, |scope| scope.split_once(')').map_or("", |(_, rest)| rest)),
        None => code,
    };
    let (word, rest) = code.trim_start().split_once(' ')?;
    let declares = ["struct", "enum", "union", "trait"].contains(&word) || (word == "type" && !line.starts_with(' '));
    let name = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
    (declares && name.starts_with(char::is_uppercase)).then_some(name)
}

#[test]
fn type_names_are_unique() {
    let files = texts("src");
    let tests = of_tests(&files);
    assert!(tests.contains(&PathBuf::from("src/train/tests")) && tests.len() > 5, "{tests:?}");
    let is_test = |path: &Path| tests.iter().any(|test| path.with_extension("").starts_with(test));
    let mut types: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, text) in files.iter().filter(|(path, _)| !is_test(path)) {
        for name in declared(text) {
            types.entry(name).or_default().push(path.display().to_string());
        }
    }
    assert!(types.len() > 500, "only {} types were found", types.len());
    let shared: BTreeMap<&str, &str> = SHARED.into_iter().collect();
    let twice = types.iter().filter(|(name, places)| places.len() > 1 && !shared.contains_key(*name));
    let twice: Vec<_> = twice.map(|(name, places)| format!("`{name}`: {}", places.join(", "))).collect();
    assert!(twice.is_empty(), "these types share a name:\n{}", twice.join("\n"));
    for (name, reason) in shared {
        let places = types.get(name).map_or(&[][..], Vec::as_slice);
        assert!(places.len() > 1, "`{name}` is unique now: remove it from the table");
        let written = places.iter().filter(|place| place.starts_with("src/spec/written/")).count();
        let fits = match reason {
            WRITTEN_AND_MEANT => written == 1 && places.len() == 2,
            WRITTEN_AND_RUNNING => written == 1,
            _ => places.iter().all(|place| place.starts_with("src/cli/")),
        };
        assert!(fits, "`{name}` is not {reason}: {}", places.join(", "));
    }
}

#[test]
fn declarations_of_every_kind_are_seen() {
    let text = "pub struct A;\npub(in crate::run) enum B {}\ntrait C {}\ntype D = u8;\n    type Err = E;\nstructure F\n\
                pub(super) struct G<'a>(&'a u8);\n#[cfg(test)]\nmod tests {\n    struct H;\n}\n";
    assert_eq!(declared(text), ["A", "B", "C", "D", "G"]);
}
