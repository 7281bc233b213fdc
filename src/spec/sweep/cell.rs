//! A cell: a point of the grid, with the name and arguments that its axis values give.

use crate::spec::read::override_value;
use crate::spec::tree::{Node, Value};

/// A point of the grid.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Name made of its values: `frozen_layers=3,seed=0`.
    pub name: String,
    pub(super) values: Vec<(String, Node)>,
}

impl Cell {
    pub(super) fn new(values: Vec<(String, Node)>, shown: &[String]) -> Self {
        let parts: Vec<String> =
            values.iter().zip(shown).map(|((_, node), name)| format!("{name}={}", plain(&node.value))).collect();
        // A line break in a value would break tables and logs.
        let shown = |letter: char| {
            if letter.is_control() { letter.escape_default().to_string() } else { letter.to_string() }
        };
        Self { name: parts.join(",").chars().map(shown).collect(), values }
    }

    /// The `--set` arguments that turn the sweep's spec into this cell.
    pub fn overrides(&self) -> Vec<String> {
        self.values.iter().map(|(key, node)| format!("{key}={}", argument(&node.value))).collect()
    }

    /// Its value on an axis, as text; empty if it has none.
    pub fn value(&self, key: &str) -> String {
        self.values.iter().find(|(own, _)| own == key).map(|(_, node)| plain(&node.value)).unwrap_or_default()
    }
}

/// The shortest suffixes of dotted keys that tell them apart.
pub(super) fn short_names(keys: &[&str]) -> Vec<String> {
    let ending = |key: &str, parts: usize| {
        let names: Vec<&str> = key.split('.').collect();
        names[names.len().saturating_sub(parts)..].join(".")
    };
    let shortest = |key: &&str| {
        let lengths = 1..=key.split('.').count();
        let own = lengths.map(|parts| ending(key, parts));
        let mut own = own.enumerate();
        let unique = |(index, name): &(usize, String)| {
            keys.iter().filter(|other| ending(other, index + 1) == *name).count() == 1
        };
        own.find(unique).map_or_else(|| (*key).to_owned(), |(_, name)| name)
    };
    keys.iter().map(shortest).collect()
}

/// A value in TOML syntax.
pub(super) fn toml(value: &Value) -> String {
    match value {
        Value::Flag(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => format!("{number:?}"),
        Value::Text(text) => toml::Value::String(text.clone()).to_string(),
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| toml(&item.value)).collect::<Vec<_>>().join(", "))
        }
        Value::Table(entries) => {
            let fields = entries.iter().map(|entry| format!("{} = {}", entry.key, toml(&entry.node.value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Foreign(name) => (*name).to_owned(),
    }
}

/// A value for names and tables: like TOML, but strings without quotes.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => toml(other),
    }
}

/// A value for `--set`: a string goes without quotes if it is parsed back to the same string.
fn argument(value: &Value) -> String {
    match value {
        Value::Text(text) if matches!(override_value("", text, false).value, Value::Text(read) if read == *text) => {
            text.clone()
        }
        other => toml(other),
    }
}

/// Whether two values are equal in a spec: `1` and `1.0` are.
pub(super) fn is_same(one: &Node, other: &Node) -> bool {
    let number = |node: &Node| match node.value {
        Value::Integer(number) => Some(number as f64),
        Value::Number(number) => Some(number),
        _ => None,
    };
    match (number(one), number(other)) {
        (Some(one), Some(other)) => one.total_cmp(&other).is_eq(),
        _ => toml(&one.value) == toml(&other.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_short_as_possible() {
        let keys = ["transfer.frozen_layers", "seed", "source.train.epochs", "target.train.epochs"];
        let expected = ["frozen_layers", "seed", "source.train.epochs", "target.train.epochs"];
        assert_eq!(short_names(&keys), expected);
    }

    #[test]
    fn arguments_parse_back_to_their_values() {
        for value in [
            Value::Text("cifar10".into()),
            Value::Text("1".into()),
            Value::Text("50 per class".into()),
            Value::Text("a\"b".into()),
            Value::Integer(-3),
            Value::Number(1e-10),
            Value::Number(3.0),
            Value::Flag(true),
        ] {
            let read = override_value("", &argument(&value), false);
            assert_eq!(toml(&read.value), toml(&value));
        }
    }
}
