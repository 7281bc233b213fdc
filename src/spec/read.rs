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
        let problem = |error: &toml::de::Error| {
            let key = error.span().and_then(|span| self.text.get(span)).filter(|_| error.message() == "duplicate key");
            let message = key.map_or_else(|| error.message().to_owned(), |key| format!("duplicate key `{key}`"));
            self.problem(error.span(), &message)
        };
        let mut problems: Vec<Problem> = errors.iter().take(MOST_SYNTAX_ERRORS).map(problem).collect();
        if self.text.trim_start().starts_with('{') {
            hint(&mut problems, "it looks like JSON: a JSON spec has the extension `.json`");
        }
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
                let mut problems = vec![self.problem(Some(error.range().start..error.range().end), &message)];
                if !self.text.trim_start().starts_with(['{', '/', '[']) {
                    hint(&mut problems, "it looks like TOML: a TOML spec has the extension `.toml`");
                }
                (empty(), problems)
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

/// Adds a hint to the first problem.
fn hint(problems: &mut [Problem], words: &str) {
    if let Some(first) = problems.first_mut() {
        first.hint = Some(words.to_owned());
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
    let mut node = if let Some(value) = parsed {
        source.toml_value(&value)
    } else {
        let lenient = if string { None } else { bare_list(text).or_else(|| bare_number(text)) };
        Node { place: place.clone(), value: lenient.unwrap_or_else(|| Value::Text(text.to_owned())) }
    };
    stamp(&mut node, &place);
    node
}

/// `.5` and `1.`, which are numbers everywhere but in TOML.
fn bare_number(text: &str) -> Option<Value> {
    let plain = text.contains('.') && text.bytes().all(|byte| byte.is_ascii_digit() || b".+-eE".contains(&byte));
    text.parse().ok().filter(|_| plain).map(Value::Number)
}

/// `[crop, flip]`: a list whose quotes a shell has taken. Without quotes and brackets inside, there is one reading.
fn bare_list(text: &str) -> Option<Value> {
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    let items = inside.split(',').map(str::trim);
    let is_word = |item: &str| !item.is_empty() && !item.contains(['[', ']', '{', '}', '"', '\'', '=', '#']);
    items.clone().all(is_word).then(|| Value::List(items.map(|item| override_value("", item, false)).collect()))
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
