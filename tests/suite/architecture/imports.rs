//! Layering: no module imports one that is below it in `lib.rs`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{of_tests, sources, texts};

/// The modules in the order of `lib.rs`, the lowest layer first.
fn order() -> Vec<String> {
    let library = std::fs::read_to_string("src/lib.rs").expect("lib.rs");
    let modules =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ").or(line.strip_prefix("pub(crate) mod ")));
    let names = modules.filter_map(|name| name.strip_suffix(';'));
    names.map(str::to_owned).collect()
}

/// The modules that a file names after `crate::`, also in nested braces.
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

/// The first segment of a path.
fn head(path: &str) -> Option<String> {
    let word: String =
        path.trim_start().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    (!word.is_empty()).then_some(word)
}

/// The first segments of the paths in a list, up to its closing brace.
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
                wrong.push(format!("{}: `{module}` imports `{name}`, which is below it in lib.rs", path.display()));
            }
        }
    }
    assert!(edges > 50, "the edges were not found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn module_order_matches_the_diagram() {
    let expected = [
        "environment",
        "error",
        "fault",
        "files",
        "metrics",
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
        "report",
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
        if !path.starts_with("src/output") {
            assert!(!text.contains("println!(") && !text.contains("io::stdout()"), "{} prints", path.display());
        }
    }
}

/// The source file of a path: `run::phase::log::RunLog` is in `run/phase/log.rs`.
fn file_of(path: &str) -> Option<PathBuf> {
    let (mut folder, mut found) = (PathBuf::from("src"), None);
    for part in path.split("::") {
        let next = folder.join(part);
        found = [next.with_extension("rs"), next.join("mod.rs")].into_iter().find(|file| file.is_file()).or(found);
        if !next.is_dir() {
            break;
        }
        folder = next;
    }
    found
}

/// All paths in the `use` lines of a file, with lists expanded, relative to the crate's root.
fn imports(text: &str, module: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut found = Vec::new();
    for start in code.match_indices("use ").map(|(at, _)| at + 4) {
        let Some(end) = code[start..].find(';') else { continue };
        expand("", &code[start..start + end].replace(['\n', ' '], ""), &mut found);
    }
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    let grand = parent.rsplit_once("::").map_or("", |(parent, _)| parent);
    let absolute = |path: String| {
        let path = path.replace("super::super::", &format!("crate::{grand}::"));
        path.replace("super::", &format!("crate::{parent}::")).replace("self::", &format!("crate::{module}::"))
    };
    found.into_iter().map(absolute).filter_map(|path| path.strip_prefix("crate::").map(str::to_owned)).collect()
}

fn expand(prefix: &str, path: &str, found: &mut Vec<String>) {
    let Some((head, list)) = path.split_once('{') else {
        found.push(format!("{prefix}{path}"));
        return;
    };
    let (list, mut depth, mut start) = (list.strip_suffix('}').unwrap_or(list), 0, 0);
    for (at, letter) in list.char_indices().chain([(list.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 && at > start => {
                expand(&format!("{prefix}{head}"), &list[start..at], found);
                start = at + 1;
            }
            ',' if depth == 0 => start = at + 1,
            _ => {}
        }
    }
}

/// Imports between files are acyclic, except that a `mod.rs` may name the files of its folder.
#[test]
fn imports_between_files_are_acyclic() {
    let files = texts("src");
    let tests = of_tests(&files);
    let is_test = |path: &Path| tests.iter().any(|test| path.with_extension("").starts_with(test));
    let files = files.iter().filter(|(path, _)| !is_test(path));
    let graph: std::collections::BTreeMap<PathBuf, BTreeSet<PathBuf>> = files
        .map(|(path, text)| {
            let inside = path.strip_prefix("src").expect("under src").with_extension("");
            let module = inside.to_string_lossy().replace('/', "::").replace("::mod", "");
            let own_folder = path.file_name().is_some_and(|name| name == "mod.rs").then(|| path.parent()).flatten();
            let names_a_part = |file: &PathBuf| own_folder.is_some_and(|folder| file.starts_with(folder));
            let used = imports(text, &module).iter().filter_map(|import| file_of(import)).collect::<BTreeSet<_>>();
            (path.clone(), used.into_iter().filter(|file| file != path && !names_a_part(file)).collect())
        })
        .collect();
    assert!(graph.values().map(BTreeSet::len).sum::<usize>() > 1000, "the edges were not found");
    let mut done = BTreeSet::new();
    let mut left: BTreeSet<&PathBuf> = graph.keys().collect();
    loop {
        let free: Vec<&PathBuf> = left
            .iter()
            .copied()
            .filter(|file| graph[*file].iter().all(|used| !graph.contains_key(used) || done.contains(used)))
            .collect();
        if free.is_empty() {
            break;
        }
        for file in free {
            left.remove(file);
            done.insert(file.clone());
        }
    }
    let circle: Vec<String> = left
        .iter()
        .map(|file| {
            let used: Vec<_> =
                graph[*file].iter().filter(|used| left.contains(used)).map(|used| used.display().to_string()).collect();
            format!("{} -> {}", file.display(), used.join(", "))
        })
        .collect();
    assert!(circle.is_empty(), "these files are in a cycle of imports, or depend on one:\n{}", circle.join("\n"));
}

#[test]
fn nested_imports_are_parsed() {
    let text =
        "use crate::{a::{B, c::D}, e};\nuse super::f::G;\nuse std::fs;\n#[cfg(test)]\nmod tests { use super::x; }";
    assert_eq!(imports(text, "run::phase::log"), ["a::B", "a::c::D", "e", "run::phase::f::G"]);
}

/// A larger folder needs subfolders.
#[test]
fn run_and_train_have_few_files() {
    for folder in ["src/run", "src/train"] {
        let flat = std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok);
        let flat = flat.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs")).count();
        assert!(flat <= 14, "{flat} files in {folder}: move some to subfolders");
    }
}

/// Environment variables are read in one place, so that empty variables count as unset everywhere.
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
