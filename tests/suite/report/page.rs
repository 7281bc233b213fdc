//! The page is reproducible, escapes names, and works in a browser.

use std::process::Command;

use super::study::{Errors, FakeRun, Study};
use super::{BUMP, bump};

/// A name that breaks a page that does not escape it.
const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'\n\u{202e}|*`";

#[test]
fn the_same_directory_gives_the_same_bytes() {
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    study.state("sweep", BUMP, true);
    let files = || {
        study.report();
        let mut found = Vec::new();
        for part in ["", "figures", "data", "specs"] {
            let entries = std::fs::read_dir(study.path("report").join(part)).expect("a folder");
            let paths = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
            found.extend(paths.map(|path| (path.clone(), std::fs::read(path).expect("a file"))));
        }
        found.sort();
        found
    };
    let first = files();
    assert!(first.len() > 15 && first == files());
}

#[test]
fn hostile_names_are_escaped_everywhere_and_links_resolve() {
    let study = Study::new();
    let hostile = toml::Value::String(HOSTILE.to_owned());
    for seed in 0..2 {
        for layers in [2, 1, 0] {
            let ends = |test: f64| move |_| Errors { test, ..Errors::default() };
            study.run(HOSTILE, &FakeRun::new(layers, seed).with("target.dataset", &hostile), ends(0.2));
            study.run("b", &FakeRun::new(layers, seed), ends(0.4));
        }
    }
    let left_out = study.run(HOSTILE, &FakeRun::new(0, 9), |_| Errors::default());
    std::fs::remove_file(left_out.join("metrics.csv")).expect("a file");
    let claim = format!(
        "[[report.claims]]\nkind = \"equivalence\"\nkey = \"target.dataset\"\nvalues = [{hostile}, \"b\"]\nmargin = 0.1\n"
    );
    study.state(HOSTILE, &claim, true);
    let written = study.report();
    let page = study.read("index.html");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    let mut texts = vec![page.clone(), study.read("report.md")];
    for figure in std::fs::read_dir(study.path("report/figures")).expect("a folder") {
        let path = figure.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "svg") {
            texts.push(std::fs::read_to_string(path).expect("a file"));
        }
    }
    assert!(texts.len() > 5);
    assert!(texts.iter().all(|text| !text.contains("<img") && !text.contains('\u{202e}')));
    let said = written.findings.iter().chain(&written.left_out);
    assert!(said.into_iter().all(|line| !line.contains(['\n', '\u{202e}'])));
    for link in page.split("href=\"").skip(1).filter_map(|part| part.split('"').next()) {
        assert!(study.path("report").join(link).is_file(), "{link}");
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
    let study = Study::new();
    bump(&study, "sweep", 1.0, true, &[]);
    study.report();
    let listen = "<script>window.problems = 0; window.addEventListener('error', () => { window.problems += 1; });\n\
                  window.addEventListener('securitypolicyviolation', () => { window.problems += 1; });</script>";
    let page = study.read("index.html").replace("<main>", &format!("{listen}<main>"));
    let copy = study.path("report/probe.html");
    std::fs::write(&copy, page.replace("</body>", &format!("{PROBE}</body>"))).expect("a file");
    let profile = study.path("profile");
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
