//! A spec as typed: a tree of values with their places, the same for TOML and JSON.

use super::problem::Place;

/// A value, and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// A value of any type.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Table(Vec<TableEntry>),
    /// A value that no key accepts, by a description.
    Foreign(&'static str),
}

/// A key of a table, and its value.
#[derive(Clone, Debug)]
pub(super) struct TableEntry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) node: Node,
}

impl Value {
    /// The type of the value, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Flag(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Foreign(name) => name,
        }
    }
}

impl Node {
    /// The place of a dotted key, or of the nearest enclosing table that was written.
    pub(super) fn place_of(&self, key: &str) -> &Place {
        let mut node = self;
        let mut place = &self.place;
        for name in key.split('.') {
            let Value::Table(entries) = &node.value else { break };
            let Some(entry) = entries.iter().find(|entry| entry.key == name) else { break };
            (node, place) = (&entry.node, &entry.place);
        }
        place
    }

    /// Whether a dotted key was written.
    pub(super) fn has(&self, key: &str) -> bool {
        let mut node = self;
        key.split('.').all(|name| {
            let Value::Table(entries) = &node.value else { return false };
            let found = entries.iter().find(|entry| entry.key == name);
            if let Some(entry) = found {
                node = &entry.node;
            }
            found.is_some()
        })
    }

    /// Sets the value at a path of keys, creating tables on the way. Fails if a value on the path is not a table, with the
    /// number of keys after it.
    pub(super) fn set(&mut self, path: &[String], value: Node) -> Result<(), usize> {
        let Some((first, rest)) = path.split_first() else {
            *self = value;
            return Ok(());
        };
        let Value::Table(entries) = &mut self.value else { return Err(path.len()) };
        // An axis of a sweep may be written as one quoted key.
        let dotted = path.join(".");
        if let Some(entry) = entries.iter_mut().find(|entry| entry.key == dotted) {
            (entry.place, entry.node) = (value.place.clone(), value);
            return Ok(());
        }
        let index = entries.iter().position(|entry| entry.key == *first).unwrap_or_else(|| {
            let place = value.place.clone();
            let node = Node { place: place.clone(), value: Value::Table(Vec::new()) };
            entries.push(TableEntry { key: first.clone(), place, node });
            entries.len() - 1
        });
        entries[index].node.set(rest, value)
    }
}
