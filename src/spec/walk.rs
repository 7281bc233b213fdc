//! Checks the tree against the keys, and reports unknown keys, wrong types and values out of range all at once. Valid
//! values become JSON for `written`; invalid ones are left out, so that the rest can be checked too.

use serde_json::{Map, Value as Json};

use super::keys::{Key, KeyType, Limits};
use super::problem::{Place, Problem};
use super::tree::{Node, TableEntry, Value};
use crate::text;

/// A walk over a spec.
pub(super) struct Walk<'a> {
    keys: &'a [Key],
    problems: Vec<Problem>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(keys: &'a [Key]) -> Self {
        Self { keys, problems: Vec::new() }
    }

    /// Returns the valid part of the tree, and the problems.
    pub(super) fn run(mut self, root: &Node) -> (Json, Vec<Problem>) {
        let json = match &root.value {
            Value::Table(entries) => self.table(entries, self.keys, ""),
            other => {
                self.report(&root.place, "", format!("expected a table, found {}", other.kind()), None);
                Map::new()
            }
        };
        (Json::Object(json), self.problems)
    }

    fn report(&mut self, place: &Place, key: &str, message: String, hint: Option<String>) {
        self.problems.push(Problem { place: place.clone(), key: key.to_owned(), message, hint, of_data: false });
    }

    fn table(&mut self, entries: &[TableEntry], keys: &[Key], prefix: &str) -> Map<String, Json> {
        let mut json = Map::new();
        for entry in entries {
            let dotted = join(prefix, &entry.key);
            match keys.iter().find(|key| key.name == entry.key) {
                Some(key) => {
                    if let Some(value) = self.value(&entry.node, &key.kind, &dotted) {
                        json.insert(key.name.clone(), value);
                    }
                }
                // Editors find the schema by this key; freezewise ignores it.
                None if dotted == "$schema" => {}
                None => self.unknown(entry, keys, prefix, &dotted),
            }
        }
        json
    }

    fn unknown(&mut self, entry: &TableEntry, keys: &[Key], prefix: &str, dotted: &str) {
        let sibling = text::nearest(&entry.key, keys.iter().map(|key| key.name.as_str()));
        let hint = sibling
            .map(|name| join(prefix, name))
            .or_else(|| {
                // The next most common mistake is the right name in the wrong table. Names in this table come first.
                let mut all = Vec::new();
                collect(self.keys, "", &mut all);
                let ending = format!(".{}", entry.key);
                let fits = |name: &&String| **name == entry.key || name.ends_with(&ending);
                let below = all.iter().filter(fits).find(|name| name.starts_with(&format!("{prefix}.")));
                below.or_else(|| all.iter().find(fits)).cloned()
            })
            .map_or_else(
                || "`freezewise schema --markdown` lists every key".to_owned(),
                |name| format!("did you mean `{name}`?"),
            );
        self.report(&entry.place, dotted, format!("`{}` is not a key of the spec", text::escaped(dotted)), Some(hint));
    }

    fn value(&mut self, node: &Node, kind: &KeyType, dotted: &str) -> Option<Json> {
        match (kind, &node.value) {
            (KeyType::Table(keys), Value::Table(entries)) => Some(Json::Object(self.table(entries, keys, dotted))),
            (KeyType::List(items), Value::List(nodes)) => {
                let indexed = nodes.iter().enumerate();
                Some(
                    indexed
                        .filter_map(|(index, item)| self.value(item, items, &format!("{dotted}[{index}]")))
                        .collect(),
                )
            }
            (KeyType::Either(kinds), Value::List(_)) => {
                match kinds.iter().find(|kind| matches!(kind, KeyType::List(_))) {
                    Some(list) => self.value(node, list, dotted),
                    None => self.refuse(node, kind, dotted),
                }
            }
            (KeyType::Either(kinds), _) => {
                // Among alternatives, the one of the typed value's type gives the best error, such as a number out of
                // range.
                let fitting = kinds.iter().filter(|kind| takes_type(kind, &node.value)).chain(kinds);
                let value = fitting.clone().find_map(|kind| scalar(kind, &node.value));
                value.or_else(|| self.refuse(node, kind, dotted))
            }
            _ => scalar(kind, &node.value).or_else(|| self.refuse(node, kind, dotted)),
        }
    }

    fn refuse(&mut self, node: &Node, kind: &KeyType, dotted: &str) -> Option<Json> {
        let quoted = match &node.value {
            Value::Text(text) if node.place.may_be_quoted() => {
                Some(text).filter(|text| text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok())
            }
            _ => None,
        };
        let typed = match &node.value {
            Value::Text(text) if quoted.is_some() => format!("the string `\"{text}\"`"),
            Value::Text(text) => format!("`{text}`"),
            Value::Integer(integer) => format!("`{integer}`"),
            Value::Number(number) => format!("`{number:?}`"),
            Value::Flag(flag) => format!("`{flag}`"),
            other => other.kind().to_owned(),
        };
        let words: Vec<&str> = match kind {
            KeyType::Choice(words) => words.iter().map(String::as_str).collect(),
            KeyType::Flag => vec!["true", "false"],
            KeyType::Either(kinds) => kinds
                .iter()
                .filter_map(|kind| match kind {
                    KeyType::Choice(words) => words.first().map(String::as_str),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        let near = match &node.value {
            Value::Text(text) => text::nearest(text, words),
            _ => None,
        };
        let hint = quoted
            .map(|text| format!("leave out the quotes: `{text}`"))
            .or_else(|| near.map(|word| format!("did you mean `{word}`?")))
            .or_else(|| as_list(kind, &node.value))
            .or_else(|| as_fraction(kind, &node.value));
        self.report(&node.place, dotted, format!("`{dotted}` must be {}, found {typed}", kind.takes()), hint);
        None
    }
}

/// A hint for a percentage given to a key that takes a fraction.
fn as_fraction(kind: &KeyType, value: &Value) -> Option<String> {
    let percent = match value {
        Value::Integer(percent) => *percent as f64,
        Value::Number(percent) => *percent,
        _ => return None,
    };
    let is_fraction = matches!(kind, KeyType::Number(Limits { most: Some(1.0), .. }));
    let fraction = (percent * 1e6).round() / 1e8;
    (percent > 1.0 && is_fraction).then(|| format!("{percent}% is `{fraction}`"))
}

/// A hint for a single value, or several in one string, given to a key that takes a list.
fn as_list(kind: &KeyType, value: &Value) -> Option<String> {
    let KeyType::List(_) = kind else { return None };
    let items: Vec<String> = match value {
        Value::Text(text) => text.split(',').map(|item| format!("\"{}\"", item.trim())).collect(),
        Value::Integer(integer) => vec![integer.to_string()],
        Value::Number(number) => vec![format!("{number:?}")],
        _ => return None,
    };
    Some(format!("write a list: `[{}]`", items.join(", ")))
}

/// Whether a kind accepts values of this type, regardless of the value.
fn takes_type(kind: &KeyType, value: &Value) -> bool {
    match kind {
        KeyType::Integer(_) => matches!(value, Value::Integer(_)),
        KeyType::Number(_) => matches!(value, Value::Integer(_) | Value::Number(_)),
        KeyType::Text | KeyType::Choice(_) => matches!(value, Value::Text(_)),
        KeyType::Flag => matches!(value, Value::Flag(_)),
        KeyType::Table(_) | KeyType::List(_) | KeyType::Either(_) => false,
    }
}

fn scalar(kind: &KeyType, value: &Value) -> Option<Json> {
    match (kind, value) {
        (KeyType::Flag, Value::Flag(flag)) => Some((*flag).into()),
        (KeyType::Integer(limits), Value::Integer(integer)) if limits.hold(*integer as f64) => Some((*integer).into()),
        // `1e3`, and `1000.0` as JSON writers have it.
        (KeyType::Integer(limits), Value::Number(number)) if limits.hold(*number) && is_exact(*number) => {
            Some((*number as i64).into())
        }
        (KeyType::Number(limits), Value::Integer(integer)) if limits.hold(*integer as f64) => {
            Some((*integer as f64).into())
        }
        (KeyType::Number(limits), Value::Number(number)) if limits.hold(*number) => Some((*number).into()),
        (KeyType::Text, Value::Text(text)) => Some(text.clone().into()),
        (KeyType::Choice(words), Value::Text(text)) if words.contains(text) => Some(text.clone().into()),
        _ => None,
    }
}

/// Whether a number is an integer that a double holds exactly.
fn is_exact(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() <= (1u64 << 53) as f64
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

fn collect(keys: &[Key], prefix: &str, all: &mut Vec<String>) {
    for key in keys {
        let dotted = join(prefix, &key.name);
        if let KeyType::Table(keys) = &key.kind {
            collect(keys, &dotted, all);
        }
        all.push(dotted);
    }
}
