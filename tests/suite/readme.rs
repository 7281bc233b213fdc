//! The README's commands run, and its links and tables are true.

use std::path::PathBuf;

use super::program::Place;

/// The README and the pages of `docs/`, by name.
fn pages() -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir("docs").expect("docs").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = entries.collect();
    paths.sort();
    paths.insert(0, "README.md".into());
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(&path).expect("a page"))).collect()
}

/// The commands that start with `freezewise` in a page's blocks of shell.
fn commands(text: &str) -> Vec<Vec<String>> {
    let blocks = text.split("```sh\n").skip(1).filter_map(|part| part.split("```").next());
    let lines = blocks.flat_map(str::lines).map(|line| line.split(" #").next().unwrap_or_default().trim());
    let mine =
        lines.filter_map(|line| line.strip_prefix("target/release/freezewise ").or(line.strip_prefix("freezewise ")));
    mine.map(|line| line.replace(['\'', '"'], "").split_whitespace().map(str::to_owned).collect()).collect()
}

/// Whatever a run of the README trains, it trains on little here.
const LITTLE: [&str; 18] = [
    "--set",
    "network.width=1",
    "--set",
    "image_size=8",
    "--set",
    "source.dataset=synthetic",
    "--set",
    "target.dataset=synthetic",
    "--set",
    "source.train_size=64",
    "--set",
    "target.train_size=64",
    "--set",
    "source.train.epochs=1",
    "--set",
    "target.train.epochs=1",
    "--set",
    "device=cpu",
];

#[test]
fn every_command_runs() {
    let commands: Vec<Vec<String>> = pages().iter().flat_map(|(_, text)| commands(text)).collect();
    assert!(commands.len() >= 20, "{commands:?}");
    let place = Place::new();
    for folder in ["configs", "configs/sweeps"].map(|folder| std::fs::read_dir(folder).expect("a folder")) {
        for path in folder.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()) {
            place.write(&path.to_string_lossy(), std::fs::read(&path).expect("a file"));
        }
    }
    for command in commands {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        match arguments[0] {
            "run" => arguments.extend(LITTLE),
            // Needs PyTorch's own file; `weights --help` says whether the verb is there.
            "weights" => arguments = vec!["weights", arguments[1], "--help"],
            _ => {}
        }
        let answer = place.freezewise(&arguments);
        assert_eq!(answer.code, 0, "freezewise {}\n{}", command.join(" "), answer.stderr);
    }
}

#[test]
fn the_files_that_pages_name_exist() {
    for (page, text) in pages() {
        for link in text.split("](").skip(1).filter_map(|part| part.split(')').next()) {
            if !link.starts_with("http") && !link.starts_with('#') {
                let path = page.parent().expect("a folder").join(link);
                assert!(path.exists(), "{}: {link}", page.display());
            }
        }
    }
}

#[test]
fn every_column_of_the_metrics_is_explained() {
    let text = std::fs::read_to_string("README.md").expect("README.md");
    let place = Place::with(super::program::TINY);
    let directory = place.run(&[]);
    for file in ["metrics.csv", "timing.csv"] {
        let table = std::fs::read_to_string(directory.join(file)).expect("a file");
        for column in table.lines().next().expect("a header").split(',') {
            assert!(text.contains(&format!("`{column}`")), "{file}: {column}");
        }
    }
}

#[test]
fn every_column_of_the_probes_is_explained() {
    let text = std::fs::read_to_string("docs/probes.md").expect("docs/probes.md");
    for column in freezewise::rundir::PROBE_COLUMNS {
        assert!(text.contains(&format!("`{}`", column.name)), "{}", column.name);
    }
}
