//! Links of pages, with their anchors, lead somewhere; the index of `docs/` has every page.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::{pages, read};

/// Every page with prose: of `docs/`, of the specs and of the results.
fn all_pages() -> Vec<(PathBuf, String)> {
    let mut found = pages();
    let results = std::fs::read_dir("results").expect("results").map(|entry| entry.expect("an entry").path());
    let folders: Vec<PathBuf> = results.filter(|path| path.is_dir()).chain(["configs".into()]).collect();
    let mut paths: Vec<PathBuf> = folders.iter().map(|folder| folder.join("README.md")).collect();
    paths.retain(|path| path.is_file());
    paths.extend(["CHANGELOG.md".into(), "results/NOTEBOOK.md".into()]);
    found.extend(paths.into_iter().map(|path| (path.clone(), read(&path))));
    found
}

/// What is not in a block of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    text.split("```").step_by(2).flat_map(str::lines)
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> HashSet<String> {
    let headings =
        prose(text).filter_map(|line| line.strip_prefix('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |letter: &char| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter);
    headings.map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

fn links(text: &str) -> Vec<String> {
    let lines: Vec<&str> = prose(text).collect();
    let text = lines.join(" ");
    text.split("](").skip(1).filter_map(|part| part.split(')').next()).map(str::to_owned).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut followed = 0;
    for (page, text) in all_pages() {
        for link in links(&text).iter().filter(|link| !link.starts_with("http")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let path = if file.is_empty() { page.clone() } else { page.parent().expect("a folder").join(file) };
            assert!(path.exists(), "{}: {link}", page.display());
            assert!(anchor.is_empty() || anchors(&read(&path)).contains(anchor), "{}: {link}", page.display());
            followed += 1;
        }
    }
    assert!(followed >= 60, "{followed}");
}

#[test]
fn the_index_has_every_page() {
    let linked = links(&read(Path::new("docs/README.md")));
    let linked: HashSet<&str> = linked.iter().map(|link| link.split('#').next().unwrap_or_default()).collect();
    for (page, _) in pages().iter().filter(|(page, _)| page.starts_with("docs")) {
        let name = page.file_name().expect("a name").to_string_lossy();
        assert!(name == "README.md" || linked.contains(name.as_ref()), "{name} is not in docs/README.md");
    }
}

#[test]
fn files_in_backticks_exist() {
    let folders = ["src/", "tests/", "scripts/", "native/", "fuzz/", "configs/", "results/", "docs/"];
    let mut found = 0;
    for (page, text) in all_pages() {
        let quoted = prose(&text).flat_map(|line| line.split('`').skip(1).step_by(2));
        let paths = quoted.filter_map(|quoted| quoted.split([' ', ':']).next());
        let named = paths.filter(|path| folders.iter().any(|folder| path.starts_with(folder)));
        for path in named.filter(|path| !path.contains(['*', '<']) && !path.contains("COMMAND")) {
            assert!(Path::new(path).exists(), "{}: `{path}`", page.display());
            found += 1;
        }
    }
    assert!(found >= 40, "{found}");
}

#[test]
fn anchors_are_those_of_github() {
    let text = "# A `x.csv`, and more\n```sh\n# not a heading\n```\n## One_two-three\n";
    assert_eq!(anchors(text), ["a-xcsv-and-more", "one_two-three"].map(String::from).into());
}
