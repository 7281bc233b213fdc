//! The documentation is correct: commands, specs and snippets run, links resolve, tables match the program.

mod languages;
mod links;
mod tables;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::program::Place;

/// The README and the pages of `docs/`, by name.
fn pages() -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir("docs").expect("docs").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|name| name == "md")).collect();
    paths.sort();
    paths.insert(0, "README.md".into());
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The code blocks of a page in one language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let mut parts = text.split(fence.as_str());
    parts.next();
    parts.map(|part| part.split("```").next().unwrap_or_default()).collect()
}

/// The commands in the shell blocks of a page that start with `freezewise`.
fn commands(text: &str) -> Vec<&str> {
    let lines = blocks(text, "sh").into_iter().flat_map(str::lines);
    lines
        .map(|line| line.split(" #").next().unwrap_or_default().trim())
        .filter(|line| line.starts_with("freezewise "))
        .collect()
}

/// A folder with copies of the specs in `configs/`.
fn place_with_configs() -> Place {
    let place = Place::new();
    for folder in ["configs", "configs/sweeps"].map(|folder| std::fs::read_dir(folder).expect("a folder")) {
        for path in folder.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()) {
            place.write(&path.to_string_lossy(), std::fs::read(&path).expect("a file"));
        }
    }
    place
}

/// Runs a line in a shell with the program on its `PATH`.
fn shell(place: &Place, line: &str) -> Output {
    let program = assert_cmd::cargo::cargo_bin!("freezewise");
    let folder = program.parent().expect("a folder").to_path_buf();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(place.path("")).env("OMP_NUM_THREADS", "1").env_remove("FREEZEWISE_DATA");
    command.env("PATH", std::env::join_paths(folders).expect("a path")).output().expect("sh starts")
}

/// Overrides that make the runs of pages small.
const LITTLE: [&str; 9] = [
    "network.width=1",
    "image_size=8",
    "source.dataset=synthetic",
    "target.dataset=synthetic",
    "source.train_size=64",
    "target.train_size=64",
    "source.train.epochs=1",
    "target.train.epochs=1",
    "device=cpu",
];

/// Commands that need a server, published data or a PyTorch file: only their `--help` is tested.
const NEEDY: [&str; 3] = ["freezewise data fetch", "freezewise data verify", "freezewise weights import"];

#[test]
fn every_command_runs() {
    let pages = pages();
    let commands: Vec<&str> = pages.iter().flat_map(|(_, text)| commands(text)).collect();
    assert!(commands.len() >= 40, "{commands:?}");
    let place = place_with_configs();
    for command in commands {
        let line = match command.split(' ').nth(1) {
            Some("run") => LITTLE.iter().fold(command.to_owned(), |line, set| format!("{line} --set {set}")),
            _ => match NEEDY.iter().find(|verb| command.starts_with(**verb)) {
                Some(verb) => format!("{verb} --help"),
                None => command.to_owned(),
            },
        };
        let output = shell(&place, &line);
        assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn every_spec_is_valid() {
    let place = Place::new();
    place.write("imported.safetensors", std::fs::read("tests/fixtures/resnet18.safetensors").expect("weights"));
    let mut checked = 0;
    for (page, text) in pages() {
        for spec in blocks(&text, "toml") {
            let target = if spec.contains("[target]\n") { "" } else { "\n[target]\ndataset = \"synthetic\"\n" };
            place.write("spec.toml", format!("{spec}{target}"));
            let answer = place.freezewise(&["check", "spec.toml"]);
            assert_eq!(answer.code, 0, "{}:\n{spec}\n{}", page.display(), answer.stderr);
            checked += 1;
        }
    }
    assert!(checked >= 6, "{checked}");
}

#[test]
fn the_front_page_is_short() {
    let lines = read(Path::new("README.md")).lines().count();
    assert!(lines <= 160, "README.md has {lines} lines");
}
