//! Parses the `[sweep]` table: axes, zipped groups, exclusions and additions.

use super::range;
use super::{FROZEN_LAYERS, Slurm, kind_of, problems_of};
use crate::spec::keys::{self, Key, KeyType};
use crate::spec::problem::{Place, Problem, Problems};
use crate::spec::tree::{Node, TableEntry, Value};
use crate::text;

/// The parsed table.
#[derive(Debug, Default)]
pub(super) struct SweepTable {
    pub(super) axes: Vec<Axis>,
    /// Groups of axes that vary together, by index.
    pub(super) zip: Vec<Vec<usize>>,
    pub(super) exclude: Vec<Pattern>,
    pub(super) include: Vec<Pattern>,
    pub(super) slurm: Slurm,
}

/// A key and its values.
#[derive(Debug)]
pub(super) struct Axis {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) values: Values,
}

/// The values of an axis.
#[derive(Debug)]
pub(super) enum Values {
    List(Vec<Node>),
    /// Every possible number of frozen layers of the cell's network.
    All,
}

/// A pattern that selects cells by the values of some axes.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) place: Place,
    /// Axes by index, each with the matching values.
    pub(super) values: Vec<(usize, Vec<Node>)>,
}

impl SweepTable {
    /// Parses the table; reports all problems at once.
    pub(super) fn read(node: &Node, keys: &[Key]) -> Result<Self, Problems> {
        let mut reader = AxesReader { keys, table: Self::default(), problems: Vec::new() };
        reader.read(node);
        if reader.problems.is_empty() { Ok(reader.table) } else { Err(Problems(reader.problems)) }
    }

    pub(super) fn index(&self, key: &str) -> Option<usize> {
        self.axes.iter().position(|axis| axis.key == key)
    }
}

pub(super) struct AxesReader<'a> {
    pub(super) keys: &'a [Key],
    pub(super) table: SweepTable,
    pub(super) problems: Vec<Problem>,
}

impl AxesReader<'_> {
    pub(super) fn report(&mut self, place: &Place, key: &str, message: String, hint: &str) {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        self.problems.push(Problem { place: place.clone(), key: key.to_owned(), message, hint, of_data: false });
    }

    fn read(&mut self, node: &Node) {
        let Value::Table(entries) = &node.value else {
            self.report(&node.place, "sweep", format!("`sweep` must be a table, found {}", node.value.kind()), "");
            return;
        };
        // Axes come first because the other keys refer to them.
        for entry in entries.iter().filter(|entry| entry.key == "axes") {
            match &entry.node.value {
                Value::Table(axes) => self.axes(axes, ""),
                other => self.report(
                    &entry.place,
                    "sweep.axes",
                    format!("`sweep.axes` must be a table, found {}", other.kind()),
                    "",
                ),
            }
        }
        if self.table.axes.is_empty() && self.problems.is_empty() {
            self.report(
                &node.place,
                "sweep.axes",
                "the sweep has no axes".to_owned(),
                "add lines such as `seed = [0, 1, 2]` to `[sweep.axes]`",
            );
        }
        for entry in entries {
            match entry.key.as_str() {
                "axes" => {}
                "zip" => self.zip(entry),
                "exclude" => self.table.exclude = self.patterns(entry, "exclude"),
                "include" => self.table.include = self.patterns(entry, "include"),
                "slurm" => self.slurm(entry),
                other => {
                    let names = ["axes", "zip", "exclude", "include", "slurm"];
                    let hint = text::nearest(other, names).map_or_else(
                        || format!("expected {}", text::alternatives(&names)),
                        |name| format!("did you mean `sweep.{name}`?"),
                    );
                    self.report(&entry.place, "sweep", format!("`sweep.{other}` is not a key of a sweep"), &hint);
                }
            }
        }
        self.check_repeats();
    }

    /// Axes may be written as dotted keys, quoted or not, or as nested tables.
    fn axes(&mut self, entries: &[TableEntry], prefix: &str) {
        for entry in entries {
            let key = if prefix.is_empty() { entry.key.clone() } else { format!("{prefix}.{}", entry.key) };
            match &entry.node.value {
                Value::Table(inner) if !range::is_range(inner) => self.axes(inner, &key),
                _ => self.axis(key, entry),
            }
        }
    }

    fn axis(&mut self, key: String, entry: &TableEntry) {
        let place = &entry.place;
        if self.table.index(&key).is_some() {
            return self.report(place, &key, format!("duplicate axis `{key}`"), "");
        }
        let kind = match kind_of(self.keys, &key) {
            Some(kind) if key != "name" => kind,
            Some(_) => {
                return self.report(
                    place,
                    &key,
                    "`name` cannot be an axis".to_owned(),
                    "it names the folder of all cells",
                );
            }
            None => {
                let hint = keys::nearest(&key).map(|near| format!("did you mean `{near}`?"));
                let message = format!("the axis `{key}` is not a key of the spec that takes a value");
                return self.report(place, &key, message, &hint.unwrap_or_default());
            }
        };
        let values = match &entry.node.value {
            Value::Text(word) if word == "all-values" && key == FROZEN_LAYERS => Ok(Values::All),
            Value::Text(word) if word == "all-values" => Err((
                format!("`all-values` works only for the axis `{FROZEN_LAYERS}`"),
                format!("set `{key}` to a list"),
            )),
            Value::List(values) => Ok(Values::List(values.clone())),
            Value::Table(entries) => range::values(entries, place, takes_integers(kind, entries))
                .map(Values::List)
                .map_err(|error| (format!("axis `{key}`: {error}"), String::new())),
            other => Err((
                format!("the axis `{key}` must be a list of values or a range, found {}", other.kind()),
                format!("for example `{key} = [{}]` or `{{ from = 1, to = 9, step = 2 }}`", super::cell::toml(other)),
            )),
        };
        match values {
            Ok(values) => {
                self.check_values(&key, place, kind, &values);
                self.table.axes.push(Axis { key, place: place.clone(), values });
            }
            Err((message, hint)) => self.report(place, &key, message, &hint),
        }
    }

    fn check_values(&mut self, key: &str, place: &Place, kind: &KeyType, values: &Values) {
        let Values::List(values) = values else { return };
        if values.is_empty() {
            self.report(place, key, format!("the axis `{key}` has no values"), "add a value, or remove the axis");
        }
        for value in values {
            let wrong = problems_of(self.keys, key, value);
            let is_list = matches!(value.value, Value::List(_));
            let takes_lists = matches!(kind, KeyType::List(_));
            if takes_lists && !is_list {
                let message = format!("each value of the axis `{key}` must be a list, found {}", value.value.kind());
                self.report(&value.place, key, message, "write a list of lists: `[[…], […]]`");
            } else if !wrong.is_empty() {
                self.problems.extend(wrong);
            }
        }
    }

    /// Refuses a value that an axis lists twice, except where another axis of its group tells the cells apart.
    fn check_repeats(&mut self) {
        let is_zipped = |index: &usize| self.table.zip.iter().any(|group| group.len() > 1 && group.contains(index));
        let mut repeated = Vec::new();
        for (_, axis) in self.table.axes.iter().enumerate().filter(|(index, _)| !is_zipped(index)) {
            let Values::List(values) = &axis.values else { continue };
            for (index, value) in values.iter().enumerate() {
                if values[..index].iter().any(|other| super::cell::is_same(other, value)) {
                    let message = format!("the axis `{}` lists `{}` twice", axis.key, super::cell::toml(&value.value));
                    repeated.push((value.place.clone(), axis.key.clone(), message));
                }
            }
        }
        for (place, key, message) in repeated {
            self.report(&place, &key, message, "");
        }
    }

    fn slurm(&mut self, entry: &TableEntry) {
        let Value::Table(entries) = &entry.node.value else {
            return self.report(
                &entry.place,
                "sweep.slurm",
                format!("`sweep.slurm` must be a table, found {}", entry.node.value.kind()),
                "",
            );
        };
        for entry in entries {
            let lines = match &entry.node.value {
                Value::List(lines) => lines
                    .iter()
                    .map(|line| if let Value::Text(text) = &line.value { Some(text.clone()) } else { None })
                    .collect(),
                _ => None,
            };
            let Some(lines): Option<Vec<String>> = lines else {
                self.report(
                    &entry.place,
                    "sweep.slurm",
                    format!("`sweep.slurm.{}` must be a list of strings", entry.key),
                    "",
                );
                continue;
            };
            match entry.key.as_str() {
                "options" => self.table.slurm.options = lines,
                "setup" => self.table.slurm.setup = lines,
                other => self.report(
                    &entry.place,
                    "sweep.slurm",
                    format!("`sweep.slurm.{other}` is not a key of a sweep"),
                    "expected `options` or `setup`",
                ),
            }
        }
    }
}

/// Whether the values of a range are integers. For a key that takes counts and fractions, a float of at most 1 in the range
/// decides that they are not: rounded, the fractions would become counts of 1.
fn takes_integers(kind: &KeyType, range: &[TableEntry]) -> bool {
    let is_fraction = |entry: &TableEntry| matches!(entry.node.value, Value::Number(number) if number <= 1.0);
    match kind {
        KeyType::Integer(_) => true,
        KeyType::Either(kinds) => {
            !range.iter().any(is_fraction) && kinds.iter().any(|kind| takes_integers(kind, range))
        }
        _ => false,
    }
}
