//! Every key on one page, in Markdown: `configs/README.md`.

use std::fmt::Write;

use super::keys::{Key, KeyType, all};

/// The page.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Specs\n\n\
         A spec is a TOML or JSON file. These are its keys, as `freezewise schema --markdown` prints them; every key\n\
         has a default but `target.dataset`. `--set key=value` on the command line goes before the file: the right\n\
         side is TOML, else a string. `freezewise check SPEC` reports all problems of a spec at once.\n",
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
    let _ = write!(page, "\n## `[{dotted}]`\n\n{}\n", table.meaning);
    let (tables, leaves): (Vec<Key>, Vec<Key>) =
        keys.iter().cloned().partition(|key| matches!(key.kind, KeyType::Table(_)));
    rows(page, &leaves);
    for inner in &tables {
        if dotted == "target" && inner.name == "train" {
            let _ =
                write!(page, "\n## `[target.train]`\n\n{} The keys are those of `[source.train]`.\n", inner.meaning);
        } else {
            section(page, inner, &format!("{dotted}.{}", inner.name));
        }
    }
}

fn rows(page: &mut String, keys: &[Key]) {
    page.push_str("\n| key | takes | default | unit | meaning |\n| --- | --- | --- | --- | --- |\n");
    for key in keys {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} |",
            key.name,
            key.kind.takes(),
            key.default.as_deref().unwrap_or("none"),
            key.unit.as_deref().unwrap_or(""),
            key.meaning,
        );
    }
}
