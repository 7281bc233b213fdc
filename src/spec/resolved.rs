//! The resolved spec as TOML: all of it, or the part that trains the source.

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::written::{self, Source, Written};
use super::{Spec, identity};

/// The keys whose default does not depend on others, as TOML. A resolved spec of an older version that lacks one means this.
pub fn fixed_defaults() -> Result<String> {
    let written = Written { source: Some(Source::default()), ..Written::default() };
    toml::to_string(&written).context("cannot write the defaults as TOML")
}

impl Spec {
    /// The spec with every value resolved, as a valid TOML spec. Seeds that the spec does not give follow `seed` and are left
    /// out, so that changing `seed` changes them too.
    pub fn to_toml(&self) -> Result<String> {
        let mut filled = self.filled.clone();
        filled.seeds = written::Seeds { source: filled.seeds.source, ..self.pinned.clone() };
        let text = if self.filled.source.as_ref().is_some_and(|source| source.weights.is_some()) {
            // With `source.weights`, source training exists only in memory: written out, it would be a contradiction.
            let mut table = Table::try_from(&filled)?;
            if let Some(Value::Table(source)) = table.get_mut("source") {
                source.retain(|key, _| key == "weights");
            }
            toml::to_string(&table)
        } else {
            toml::to_string(&filled)
        };
        text.context("cannot write the spec as TOML")
    }

    /// A spec of the same source: the keys that it depends on, with its own task as the target, so that it does not
    /// depend on which target requested it first.
    pub fn source_to_toml(&self) -> Result<String> {
        let mut table = Table::try_from(&self.filled)?;
        retain(&mut table, "", &|key| identity::is_of_source(key, &self.filled));
        if let Some(task) = table.get("source").cloned() {
            table.insert("target".into(), task);
        }
        let hash = self.source_hash().unwrap_or_default();
        table.insert("name".into(), format!("source-{hash}").into());
        let text = toml::to_string(&table).context("cannot write the source's part of the spec as TOML")?;
        Ok(format!("# The spec of source {hash}: `freezewise run` loads it and fine-tunes it on its own task.\n{text}"))
    }
}

/// Keeps the selected keys, by dotted name, and drops empty tables.
fn retain(table: &mut Table, prefix: &str, wanted: &dyn Fn(&str) -> bool) {
    table.retain(|name, value| {
        let key = format!("{prefix}{name}");
        match value {
            Value::Table(inner) => {
                retain(inner, &format!("{key}."), wanted);
                !inner.is_empty()
            }
            _ => wanted(&key),
        }
    });
}
