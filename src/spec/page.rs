//! All keys on one Markdown page: `configs/README.md`.

use std::fmt::Write;

use super::keys::{Key, KeyType, all};

/// The page.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Specs\n\n\
         A spec is a TOML or JSON file. These are its keys; `freezewise schema --markdown` generates this page. Every key\n\
         except `target.dataset` has a default. `--set key=value` on the command line overrides the file; the value is\n\
         parsed as TOML, else taken as a string. `freezewise check SPEC` reports all problems of a spec at once.\n",
    );
    let (tables, top): (Vec<Key>, Vec<Key>) =
        all().iter().cloned().partition(|key| matches!(key.kind, KeyType::Table(_)));
    rows(&mut page, &top);
    for table in &tables {
        section(&mut page, table, &table.name);
    }
    page
}

fn section(page: &mut String, table: &Key, dotted: &str) {
    let KeyType::Table(keys) = &table.kind else { return };
    // Writing to a string cannot fail.
    let _ = write!(page, "\n## `[{dotted}]`\n\n{}\n", table.description);
    let (tables, leaves): (Vec<Key>, Vec<Key>) =
        keys.iter().cloned().partition(|key| matches!(key.kind, KeyType::Table(_)));
    rows(page, &leaves);
    for inner in &tables {
        if dotted == "target" && inner.name == "train" {
            let _ = write!(page, "\n## `[target.train]`\n\n{} Same keys as `[source.train]`.\n", inner.description);
        } else {
            section(page, inner, &format!("{dotted}.{}", inner.name));
        }
    }
}

fn rows(page: &mut String, keys: &[Key]) {
    page.push_str("\n| key | type | default | unit | description |\n| --- | --- | --- | --- | --- |\n");
    for key in keys {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} |",
            key.name,
            key.kind.takes(),
            key.default.as_deref().unwrap_or("none"),
            key.unit.as_deref().unwrap_or(""),
            key.description,
        );
    }
}
