//! `freezewise report`: findings agree with the CSVs, unusable runs are listed, and the page works in a browser.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use freezewise::report::{WrittenReport, write};
use freezewise::spec::ReportSpec;
use serde_json::json;

/// A name that breaks a page that does not escape it.
const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'\n\u{202e}|*`";

/// Errors in every epoch of a run; `averaged` is the test error of averaged weights.
struct Errors {
    test: f64,
    averaged: Option<f64>,
    train: f64,
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("sweep")).expect("a folder");
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("sweep")
    }

    /// Writes a run of 40 epochs with these errors, of a network of two layers.
    fn run(&self, layers: usize, seed: usize, dataset: &str, errors: &Errors) -> PathBuf {
        let run = self.path().join(format!("k{layers}-n400-s{seed}-{layers:05x}{seed:05x}"));
        std::fs::create_dir_all(&run).expect("a folder");
        let file = |name: &str, text: String| std::fs::write(run.join(name), text).expect("a file");
        let dataset = toml::Value::String(dataset.to_owned());
        file(
            "spec.toml",
            format!(
                "seed = {seed}\nseeds.source = {seed}\n[source]\ndataset = \"a\"\n[target]\ndataset = {dataset}\n\
                 train_size = 400\ntrain.epochs = 40\ntrain.learning_rate = 0.003\n[transfer]\nfrozen_layers = {layers}\n"
            ),
        );
        let record = json!({
            "status": "finished", "epochs": 40, "steps": 400, "device": "cpu", "source_hash": format!("{seed:010}"),
            "transfer": {
                "copied": ["stem", "block"], "new": ["head"], "frozen": [], "frozen_norm": "source",
                "trainable_parameters": 9
            }
        });
        file("run.json", record.to_string());
        file("summary.json", json!({ "frozen_layers": layers, "train_examples": 400 }).to_string());
        let mut table = "phase,epoch,step,train_error,test_error,test_error_averaged\n".to_owned();
        for epoch in 0..=40 {
            let averaged = errors.averaged.map(|error| error.to_string()).unwrap_or_default();
            let (step, train, test) = (epoch * 10, errors.train, errors.test);
            writeln!(table, "target,{epoch},{step},{train},{test},{averaged}").expect("a string takes all");
        }
        file("metrics.csv", table);
        run
    }

    /// Writes runs of eight seeds, with a rise of 10 points and a drop of 3.6 to 6.4, also with averaged weights.
    fn bump(&self, averaged: bool) {
        for seed in 0..8 {
            let drop = 0.05 + (seed as f64 - 3.5) * 0.004;
            for (layers, test, train) in [(2, 0.5, 0.3), (1, 0.6, 0.2), (0, 0.6 - drop, 0.0)] {
                let averaged = averaged.then_some(test - 0.01);
                self.run(layers, seed, "b", &Errors { test, averaged, train });
            }
        }
    }

    /// Writes the claim of a bump, stated before the first cell or after it.
    fn state(&self, beforehand: bool) {
        let spec = self.path().join("sweep.toml");
        let text = "[target]\ndataset = \"b\"\n[sweep.axes]\nseed = [0]\n[[report.claims]]\nkind = \"frozen-layers\"\n\
                    first_valley = \"all\"\npeak = 1\nlater_valley = 0\n";
        std::fs::write(&spec, text).expect("a file");
        let hash = if beforehand { ReportSpec::load(&spec).expect("a spec").hash() } else { "0".to_owned() };
        let sheet = json!({
            "format": 1, "numerics": 4, "axes": ["seed"], "claims": { "hash": hash, "seeds": 8 },
            "cells": { "k0-n400-s9-0000000009": { "index": 0, "name": "frozen_layers=0,seed=9", "values": [] } }
        });
        std::fs::write(self.path().join("sweep.json"), sheet.to_string()).expect("a file");
    }

    fn report(&self) -> WrittenReport {
        write(&[&self.path()], &self.path().join("report")).expect("a report")
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join("report").join(name)).expect(name)
    }
}

/// Computed by hand: the rise is 10 points in each seed. Over eight seeds drops have mean 5, variance 0.4² · 6,
/// standard error 0.98 / √8 = 0.346, and half width 0.984, with t = 2.841 for seven degrees of freedom at 97.5%. All
/// signs agree, so p is 1 / 256.
#[test]
fn a_stated_bump_is_told_in_numbers_that_are_true() {
    let folder = Folder::new();
    folder.bump(true);
    folder.state(true);
    let written = folder.report();
    assert_eq!(
        written.findings[0],
        "claim holds: Double descent over frozen layers: 50.0% with all layers frozen, 60.0% at k = 1, 55.0% at k = 0; rise 10.0, \
         drop 5.0 points, 95% interval of the bump 4.0 to 6.0; 8 seeds; p = 0.004; survives averaged weights; learning rate \
         not varied."
    );
    let page = folder.read("index.html");
    assert!(page.contains("--set target.train.learning_rate=0.001"), "the command of a control is missing");
    assert!(page.contains("a cell of the sweep that has not started"));
    assert!(page.contains("they can carry 12 one-sided claims"));
}

#[test]
fn what_was_stated_later_is_exploratory_and_what_no_control_shows_is_no_claim() {
    let folder = Folder::new();
    folder.bump(false);
    folder.state(true);
    assert!(folder.report().findings[0].starts_with("claim not shown: Not shown: double descent over frozen layers"));
    assert!(folder.read("report.md").contains("no control was run"));
    folder.state(false);
    assert!(folder.report().findings[0].starts_with("exploratory: "));
}

#[test]
fn what_cannot_be_averaged_is_left_out_with_its_reason() {
    let folder = Folder::new();
    let errors = || Errors { test: 0.5, averaged: None, train: 0.1 };
    let runs: Vec<PathBuf> = (0..6).map(|seed| folder.run(0, seed, "b", &errors())).collect();
    let change = |run: &Path, file: &str, from: &str, to: &str| {
        let path = run.join(file);
        let text = std::fs::read_to_string(&path).expect("a file");
        assert!(text.contains(from), "{text}");
        std::fs::write(path, text.replace(from, to)).expect("a file");
    };
    change(&runs[1], "run.json", "finished", "running");
    change(&runs[2], "metrics.csv", "target,7,70,0.1,0.5", "target,7,70,0.1,NaN");
    change(&runs[3], "metrics.csv", "target,40,400,0.1,0.5,\n", "");
    change(&runs[4], "metrics.csv", "phase,epoch", "time,value");
    change(&runs[5], "metrics.csv", "target,7,70,0.1,0.5,\n", "");
    let written = folder.report();
    let reasons = [
        "still running",
        "`test_error` at epoch 7 is not in [0, 1]",
        "ends at epoch 39, but the budget is 40",
        "has no column `epoch`",
        "evaluated at 40 epochs, other runs of its cell at 41",
    ];
    assert_eq!((written.runs, written.left_out.len()), (1, 5), "{:?}", written.left_out);
    for (reason, shown) in reasons.iter().zip(&written.left_out) {
        assert!(shown.contains(reason), "{shown}");
    }
    let empty = tempfile::tempdir().expect("a folder");
    let error = write(&[empty.path()], &empty.path().join("report")).expect_err("no runs");
    assert!(error.to_string().starts_with("there are no runs in"), "{error}");
}

#[test]
fn other_settings_are_never_averaged() {
    let folder = Folder::new();
    for seed in 0..2 {
        folder.run(0, seed, "b", &Errors { test: 0.2, averaged: None, train: 0.0 });
        let other = folder.run(0, seed + 2, "c", &Errors { test: 0.4, averaged: None, train: 0.0 });
        assert!(other.is_dir());
    }
    folder.report();
    let page = folder.read("report.md");
    assert!(page.contains("| target dataset = b | 0 | 2 | 20.0% ± 0.0"), "{page}");
    assert!(page.contains("| target dataset = c | 0 | 2 | 40.0% ± 0.0"), "{page}");
}

#[test]
fn the_same_directory_gives_the_same_bytes() {
    let folder = Folder::new();
    folder.bump(true);
    folder.state(true);
    let files = || {
        folder.report();
        let mut found = Vec::new();
        for part in ["", "figures", "data"] {
            let entries = std::fs::read_dir(folder.path().join("report").join(part)).expect("a folder");
            let paths = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
            found.extend(paths.map(|path| (path.clone(), std::fs::read(path).expect("a file"))));
        }
        found.sort();
        found
    };
    let first = files();
    assert!(first.len() > 10 && first == files());
}

#[test]
fn a_hostile_name_is_text_everywhere_and_links_resolve() {
    let folder = Folder::new();
    for seed in 0..2 {
        folder.run(0, seed, HOSTILE, &Errors { test: 0.2, averaged: None, train: 0.0 });
        folder.run(0, seed + 2, "b", &Errors { test: 0.4, averaged: None, train: 0.0 });
    }
    folder.report();
    let page = folder.read("index.html");
    assert!(
        !page.contains("<img") && !page.contains('\u{202e}') && page.contains("&lt;img src=x onerror=alert(1)&gt;")
    );
    assert!(!folder.read("report.md").contains("<img"));
    for link in page.split("href=\"").skip(1).filter_map(|part| part.split('"').next()) {
        assert!(folder.path().join("report").join(link).is_file(), "{link}");
    }
    // No URLs except the SVG namespace; `http-equiv` of the security policy is the one match.
    assert_eq!(page.replace("http://www.w3.org/2000/svg", "").matches("http").count(), 1);
}

/// The command of Chromium, if installed.
fn browser() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}

/// Added to a copy of the page: moves the pointer, presses keys, and replaces the body by what it observed.
const PROBE: &str = "<script>window.addEventListener('load', () => {
  const chart = [...document.querySelectorAll('.chart')].find((chart) => chart.offsetWidth > 0);
  const tip = chart.querySelector('.tip'), svg = chart.querySelector('svg'), seen = [];
  const data = JSON.parse(chart.querySelector('script').textContent), scale = svg.getBoundingClientRect().width / data.width;
  const box = svg.getBoundingClientRect(), place = data.panels[0].series[0].places[0];
  seen.push(box.width > 100 && box.height > 50 ? 'visible' : 'invisible');
  chart.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + place[0] * scale, clientY: box.top + place[1] * scale }));
  seen.push(tip.hidden ? 'no hover' : 'hover ' + tip.textContent);
  chart.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
  seen.push(tip.hidden ? 'hides' : 'stays');
  chart.dispatchEvent(new KeyboardEvent('keydown', { key: 'End' }));
  seen.push(tip.hidden ? 'no key' : 'key');
  seen.push('requests ' + performance.getEntriesByType('resource').length, 'errors ' + window.problems);
  document.body.textContent = seen.join('; ');
});</script>";

#[test]
fn the_page_works_in_a_browser() {
    let Some(browser) = browser() else {
        let note = b"SKIPPED: Chromium is not installed\n";
        std::io::Write::write_all(&mut std::io::stderr(), note).expect("stderr");
        return;
    };
    let folder = Folder::new();
    folder.bump(true);
    folder.report();
    let listen = "<script>window.problems = 0; window.addEventListener('error', () => { window.problems += 1; });\n\
                  window.addEventListener('securitypolicyviolation', () => { window.problems += 1; });</script>";
    let page = folder.read("index.html").replace("<main>", &format!("{listen}<main>"));
    let copy = folder.path().join("report/probe.html");
    std::fs::write(&copy, page.replace("</body>", &format!("{PROBE}</body>"))).expect("a file");
    let profile = folder.path().join("profile");
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1280,900", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", copy.display()))
        .output()
        .expect("it starts");
    let seen = String::from_utf8_lossy(&output.stdout).into_owned();
    let body = seen.split("<body>").nth(1).unwrap_or(&seen);
    for part in ["visible; hover", "frozen layers k", "; hides; key; requests 0; errors 0"] {
        assert!(body.contains(part), "{part}\n{body}");
    }
}
