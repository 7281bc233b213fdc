//! The README's commands run, and its links and tables are true.

use super::program::Place;

/// The commands that start with `freezewise` in the README's blocks of shell.
fn commands() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string("README.md").expect("README.md");
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
    let commands = commands();
    assert!(commands.len() >= 8, "{commands:?}");
    let place = Place::new();
    for entry in std::fs::read_dir("configs").expect("configs") {
        let path = entry.expect("an entry").path();
        place.write(&path.to_string_lossy(), std::fs::read(&path).expect("a file"));
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
fn the_files_it_names_exist() {
    let text = std::fs::read_to_string("README.md").expect("README.md");
    for link in text.split("](").skip(1).filter_map(|part| part.split(')').next()) {
        if !link.starts_with("http") && !link.starts_with('#') {
            assert!(std::path::Path::new(link).exists(), "{link}");
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
