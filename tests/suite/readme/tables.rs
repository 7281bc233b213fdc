//! Tables of columns, fields, exit codes and layers match the program, and so do the columns of simulated runs.

use std::collections::HashSet;
use std::path::Path;

use freezewise::error::Exit;
use freezewise::rundir::{BRANCH_COLUMNS, COLUMNS, Column, PROBE_COLUMNS, TIMING_COLUMNS};

use super::super::program::{Place, TINY, json};
use super::read;

/// The cells of the first table below a heading, without its header.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let text = read(Path::new(page));
    let (_, below) = text.split_once(&format!("{heading}\n")).unwrap_or_else(|| panic!("{page}: {heading}"));
    let lines = below.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    lines.skip(2).map(cells).collect()
}

/// The names in backticks of a table's first column.
fn names(page: &str, heading: &str) -> Vec<String> {
    let rows = table(page, heading);
    rows.iter().flat_map(|row| row[0].split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn tables_of_columns_match_the_declared_columns() {
    let tables: [(&str, &str, &[Column]); 4] = [
        ("docs/outputs.md", "## `metrics.csv`", COLUMNS),
        ("docs/outputs.md", "## `timing.csv`", TIMING_COLUMNS),
        ("docs/controls.md", "### `branches.csv`", BRANCH_COLUMNS),
        ("docs/probes.md", "## `probes.csv`", PROBE_COLUMNS),
    ];
    for (page, heading, columns) in tables {
        let cells = |column: &Column| [format!("`{}`", column.name), column.unit.to_owned(), column.meaning.to_owned()];
        let declared: Vec<_> = columns.iter().map(|column| cells(column).to_vec()).collect();
        assert_eq!(table(page, heading), declared, "{page}, {heading}");
    }
}

/// The names of the dictionary that `row` of the script returns.
#[test]
fn simulated_runs_have_the_declared_columns() {
    let script = read(Path::new("scripts/benching/report_runs.py"));
    let (_, row) = script.split_once("\ndef row(").expect("the function");
    let (_, row) = row.split_once("return {").expect("the dictionary");
    let names = row.split_once('}').expect("its end").0.split('"').skip(1).step_by(2);
    let names: Vec<&str> = names.filter(|name| *name != "target").collect();
    assert_eq!(names, COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>());
}

#[test]
fn files_and_fields_of_a_run_are_explained() {
    let place = Place::with(TINY);
    let directory = place.run(&["target.validation_size=8", "evaluate.averaged_half_life=4"]);
    let files: HashSet<String> = names("docs/outputs.md", "## Directories").into_iter().collect();
    for entry in std::fs::read_dir(&directory).expect("a folder").map(|entry| entry.expect("an entry")) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let hidden = name.starts_with('.');
        assert!(hidden || files.contains(&name) || files.contains(&format!("{name}/")), "{name}");
    }
    let summary = json(&directory.join("summary.json"));
    let fields: Vec<&String> = summary.as_object().expect("an object").keys().collect();
    let explained = names("docs/outputs.md", "## `summary.json`");
    assert_eq!(fields, explained.iter().collect::<Vec<_>>());
}

#[test]
fn the_columns_of_collect_are_explained() {
    let place = Place::with(TINY);
    place.run(&[]);
    let table = place.freezewise(&["collect"]).stdout;
    let own: Vec<&str> =
        table.lines().next().expect("a header").split(',').take_while(|name| *name != "phase").collect();
    let explained = names("docs/reading-results.md", "## The table");
    for column in own {
        assert!(explained.iter().any(|name| name == column), "{column}");
    }
}

/// The exit code. A new `Exit` has to be added here and to the table.
fn code(exit: Exit) -> u8 {
    match exit {
        Exit::Complete | Exit::Failed | Exit::Usage | Exit::CellsFailed | Exit::Stopped => exit as u8,
    }
}

#[test]
fn exit_codes_match_the_declared_ones() {
    let declared = [Exit::Complete, Exit::Failed, Exit::Usage, Exit::CellsFailed, Exit::Stopped].map(code);
    // The exit code after a second Ctrl-C, as a shell reports it.
    let expected: Vec<String> = declared.into_iter().chain([130]).map(|code| code.to_string()).collect();
    let written: Vec<String> =
        table("docs/outputs.md", "## Exit codes").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(written, expected);
}

#[test]
fn networks_have_as_many_layers_as_the_table_says() {
    for row in table("docs/networks-and-freezing.md", "## Networks") {
        let architecture = row[0].trim_matches('`');
        for (granularity, layers) in [("block", &row[1]), ("sublayer", &row[2])] {
            let place = Place::with(&format!(
                "[network]\narchitecture = \"{architecture}\"\n[target]\ndataset = \"cifar10\"\n\
                 [transfer]\ngranularity = \"{granularity}\"\n"
            ));
            let answer = place.freezewise(&["describe", "spec.toml", "--json"]);
            assert_eq!(answer.code, 0, "{}", answer.stderr);
            let described: serde_json::Value = serde_json::from_str(&answer.stdout).expect("JSON");
            // The last layer is the head.
            let count = described["layers"].as_array().expect("layers").len() - 1;
            assert_eq!(count.to_string(), *layers, "{architecture}, {granularity}");
        }
    }
}
