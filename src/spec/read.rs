//! Parses bytes to a tree: TOML with `toml`'s error-recovering parser, JSON with `jsonc-parser` restricted to plain
//! JSON.

use std::ops::Range;

use jsonc_parser::{ParseOptions, ast, common::Ranged};
use toml::{Spanned, de::DeTable, de::DeValue};

use super::problem::{Place, Problem};
use super::tree::{Node, TableEntry, Value};

const MOST_SYNTAX_ERRORS: usize = 10;

/// The text of a spec, and the file name for its problems.
pub(super) struct SpecText<'a> {
    name: &'a str,
    text: &'a str,
    line_starts: Vec<usize>,
}

impl<'a> SpecText<'a> {
    pub(super) fn new(name: &'a str, text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Self { name, text, line_starts }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.line_starts.partition_point(|&start| start <= offset);
        Place::File { file: self.name.to_owned(), line, column: offset - self.line_starts[line - 1] + 1 }
    }

    fn problem(&self, span: Option<Range<usize>>, message: &str) -> Problem {
        let place = self.place(span.map_or(0, |span| span.start));
        Problem { place, key: String::new(), message: message.to_owned(), hint: None, of_data: false }
    }

    /// Parses TOML; returns all problems and whatever could be parsed.
    pub(super) fn toml(&self) -> (Node, Vec<Problem>) {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        // One mistake can derail the rest of a file, so report only the first few errors.
        let problems =
            errors.iter().take(MOST_SYNTAX_ERRORS).map(|error| self.problem(error.span(), error.message())).collect();
        let node = Node { place: self.place(0), value: self.toml_table(table.get_ref()) };
        (node, problems)
    }

    fn toml_table(&self, table: &DeTable<'_>) -> Value {
        let mut entries: Vec<(usize, TableEntry)> = table
            .iter()
            .map(|(key, value)| {
                let start = key.span().start;
                let entry = TableEntry {
                    key: key.get_ref().to_string(),
                    place: self.place(start),
                    node: self.toml_value(value),
                };
                (start, entry)
            })
            .collect();
        entries.sort_by_key(|(start, _)| *start);
        Value::Table(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    fn toml_value(&self, value: &Spanned<DeValue<'_>>) -> Node {
        let place = self.place(value.span().start);
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map_or(Value::Foreign("an integer beyond 64 bits"), Value::Integer),
            DeValue::Float(float) => {
                float.as_str().parse().map_or(Value::Foreign("a number that cannot be read"), Value::Number)
            }
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Datetime(_) => Value::Foreign("a date"),
            DeValue::Array(items) => Value::List(items.iter().map(|item| self.toml_value(item)).collect()),
            DeValue::Table(table) => self.toml_table(table),
        };
        Node { place, value }
    }

    /// Parses JSON up to the first syntax error.
    pub(super) fn json(&self) -> (Node, Vec<Problem>) {
        let empty = || Node { place: self.place(0), value: Value::Table(Vec::new()) };
        let parsed = jsonc_parser::parse_to_ast(self.text, &jsonc_parser::CollectOptions::default(), &plain_json());
        match parsed {
            Ok(result) => match result.value {
                Some(value) => {
                    let mut problems = Vec::new();
                    let node = self.json_value(&value, &mut problems);
                    (node, problems)
                }
                None => (empty(), vec![self.problem(None, "the file is empty")]),
            },
            Err(error) => {
                let message = error.kind().to_string();
                let mut letters = message.chars();
                let message =
                    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect());
                (empty(), vec![self.problem(Some(error.range().start..error.range().end), &message)])
            }
        }
    }

    fn json_value(&self, value: &ast::Value<'_>, problems: &mut Vec<Problem>) -> Node {
        let place = self.place(value.start());
        let value = match value {
            ast::Value::StringLit(text) => Value::Text(text.value.to_string()),
            ast::Value::NumberLit(number) => match (number.value.parse(), number.value.parse::<f64>()) {
                (Ok(integer), _) => Value::Integer(integer),
                (_, Ok(number)) if number.is_finite() => Value::Number(number),
                _ => Value::Foreign("a number that cannot be read"),
            },
            ast::Value::BooleanLit(flag) => Value::Flag(flag.value),
            ast::Value::NullKeyword(_) => Value::Foreign("null"),
            ast::Value::Array(list) => {
                Value::List(list.elements.iter().map(|item| self.json_value(item, problems)).collect())
            }
            ast::Value::Object(object) => {
                let mut entries: Vec<TableEntry> = Vec::with_capacity(object.properties.len());
                for property in &object.properties {
                    let (key, place) = (property.name.as_str().to_owned(), self.place(property.start()));
                    if entries.iter().any(|entry| entry.key == key) {
                        let message = format!("duplicate key `{key}`");
                        problems.push(Problem { place, key, message, hint: None, of_data: false });
                    } else {
                        let node = self.json_value(&property.value, problems);
                        entries.push(TableEntry { key, place, node });
                    }
                }
                Value::Table(entries)
            }
        };
        Node { place, value }
    }
}

/// Other programs read specs in JSON too, so no extensions are accepted.
fn plain_json() -> ParseOptions {
    ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// Parses the value of `--set key=value`: as TOML, else as a plain string, so that no shell quoting is needed. For a
/// key that takes a `string`, the text is taken literally, even if it looks like a number or a date, such as a commit
/// `12e4567`.
pub(super) fn override_value(argument: &str, text: &str, string: bool) -> Node {
    let place = Place::Override(argument.to_owned());
    let source = SpecText::new("--set", text);
    let parsed = DeValue::parse(text).ok();
    let parsed = parsed.filter(|value| !string || matches!(value.get_ref(), DeValue::String(_)));
    let mut node = parsed.map_or_else(
        || Node { place: place.clone(), value: Value::Text(text.to_owned()) },
        |value| source.toml_value(&value),
    );
    stamp(&mut node, &place);
    node
}

fn stamp(node: &mut Node, place: &Place) {
    node.place = place.clone();
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| stamp(item, place)),
        Value::Table(entries) => {
            for entry in entries {
                entry.place = place.clone();
                stamp(&mut entry.node, place);
            }
        }
        _ => {}
    }
}
