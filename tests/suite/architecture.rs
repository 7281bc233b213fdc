//! The house: modules stand in the order of `lib.rs`, and nothing imports a module below it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("src") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The modules in the order of `lib.rs`, the bottom of the house first.
fn order() -> Vec<String> {
    let library = std::fs::read_to_string("src/lib.rs").expect("lib.rs");
    let names = library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(str::to_owned).collect()
}

/// The modules that a file names after `crate::`, alone or in braces, however deep.
fn used(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for part in text.split("crate::").skip(1) {
        match part.strip_prefix('{') {
            Some(list) => names.extend(heads(list)),
            None => names.extend(head(part)),
        }
    }
    names
}

/// The first word of a path.
fn head(path: &str) -> Option<String> {
    let word: String =
        path.trim_start().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    (!word.is_empty()).then_some(word)
}

/// The first words of the paths in a list, up to its closing brace.
fn heads(list: &str) -> Vec<String> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.extend(head(&list[start..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.extend(head(&list[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

#[test]
fn nothing_imports_a_module_below_it() {
    let order = order();
    let place = |name: &str| order.iter().position(|module| module == name);
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    let mut edges = 0;
    let mut wrong = Vec::new();
    for path in files {
        let inside = path.strip_prefix("src").expect("under src");
        let module = inside.iter().next().expect("a name").to_string_lossy().replace(".rs", "");
        let Some(own) = place(&module) else {
            assert!(["main", "lib"].contains(&module.as_str()), "`{module}` is not in lib.rs");
            continue;
        };
        for name in used(&std::fs::read_to_string(&path).expect("a source file")) {
            let Some(other) = place(&name) else { continue };
            edges += usize::from(other != own);
            if other > own {
                wrong.push(format!("{}: `{module}` imports `{name}`, which stands below it", path.display()));
            }
        }
    }
    assert!(edges > 50, "the edges were not found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_order_is_that_of_the_picture() {
    let expected = [
        "environment",
        "error",
        "files",
        "seed",
        "text",
        "analysis",
        "catalogue",
        "blueprint",
        "figure",
        "spec",
        "rundir",
        "data",
        "native",
        "network",
        "train",
        "run",
        "sweep",
        "output",
        "cli",
    ];
    assert_eq!(order(), expected);
}

#[test]
fn imports_in_every_form_are_seen() {
    let found = used("use crate::run::Row;\nuse crate::{cli, data::{a, b::{C}}, output::draw};\ncrate::text::bytes(1)");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["cli", "data", "output", "run", "text"]);
}

#[test]
fn main_is_short_and_only_output_prints() {
    let main = std::fs::read_to_string("src/main.rs").expect("main.rs");
    assert!(main.lines().count() < 30);
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a source file");
        let lines = text.lines().count();
        assert!(lines <= 400, "{} has {lines} lines: make it two", path.display());
        if !path.starts_with("src/output") {
            assert!(!text.contains("println!(") && !text.contains("io::stdout()"), "{} prints", path.display());
        }
    }
}

/// One place reads variables, so that an empty one is an unset one everywhere.
#[test]
fn the_environment_is_read_in_one_place() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    let reads = |text: &str| {
        let named = |name: &str| text.contains(&format!("env::{name}(")) || text.contains(&format!("env::{{{name}"));
        ["var", "var_os", "vars", "vars_os"].into_iter().any(named)
            || text.replace("target_env", "").contains("env = \"")
    };
    files.retain(|path| reads(&std::fs::read_to_string(path).expect("a source file")));
    assert_eq!(files, [Path::new("src/environment.rs")]);
}
