//! Zipped axes, and excluded and included cells.

use super::axes::{AxesReader, Axis, Pattern, Values};
use super::{cell, kind_of, problems_of};
use crate::spec::keys::KeyType;
use crate::spec::problem::Place;
use crate::spec::tree::{Node, TableEntry, Value};
use crate::text;

const ZIP: &str = "for example `zip = [[\"target.train_size\", \"target.train.epochs\"]]`";

impl AxesReader<'_> {
    pub(super) fn zip(&mut self, entry: &TableEntry) {
        let Value::List(groups) = &entry.node.value else {
            return self.report(
                &entry.place,
                "sweep.zip",
                format!("`sweep.zip` must be a list of groups of axes, found {}", entry.node.value.kind()),
                ZIP,
            );
        };
        for group in groups {
            let Value::List(names) = &group.value else {
                self.report(
                    &group.place,
                    "sweep.zip",
                    format!("a group of axes must be a list of keys, found {}", group.value.kind()),
                    ZIP,
                );
                continue;
            };
            let mut members = Vec::new();
            for name in names {
                let index = if let Value::Text(key) = &name.value { self.table.index(key) } else { None };
                match index {
                    Some(index) if self.table.zip.iter().flatten().chain(&members).any(|other| *other == index) => {
                        let message = format!("the axis `{}` is in two groups", self.table.axes[index].key);
                        self.report(&name.place, "sweep.zip", message, "list each axis in one group only");
                    }
                    Some(index) => members.push(index),
                    None => {
                        let message = format!("`{}` is not an axis of the sweep", cell::plain(&name.value));
                        self.report(&name.place, "sweep.zip", message, "a group lists axes that vary together");
                    }
                }
            }
            self.check_lengths(&members, &group.place);
            self.table.zip.push(members);
        }
    }

    fn check_lengths(&mut self, members: &[usize], place: &Place) {
        let axes: Vec<&Axis> = members.iter().map(|&index| &self.table.axes[index]).collect();
        let count = |axis: &Axis| match &axis.values {
            Values::List(values) => Some(values.len()),
            Values::All => None,
        };
        if axes.iter().any(|axis| count(axis).is_none() || count(axis) != count(axes[0])) {
            let has = |axis: &&Axis| match count(axis) {
                Some(count) => format!("`{}` has {count}", axis.key),
                None => format!("`{}` has all values", axis.key),
            };
            let lengths: Vec<String> = axes.iter().map(has).collect();
            let message = format!("axes in a group need the same number of values: {}", lengths.join(", "));
            self.report(place, "sweep.zip", message, "values are taken in pairs: the first with the first, and so on");
        }
    }

    pub(super) fn patterns(&mut self, entry: &TableEntry, name: &str) -> Vec<Pattern> {
        let key = format!("sweep.{name}");
        let Value::List(nodes) = &entry.node.value else {
            let message = format!("`{key}` must be a list of tables, found {}", entry.node.value.kind());
            self.report(
                &entry.place,
                &key,
                message,
                "for example `[{ \"transfer.frozen_layers\" = 0, seed = [1, 2] }]`",
            );
            return Vec::new();
        };
        nodes.iter().filter_map(|node| self.pattern(node, &key)).collect()
    }

    fn pattern(&mut self, node: &Node, key: &str) -> Option<Pattern> {
        let Value::Table(entries) = &node.value else {
            self.report(
                &node.place,
                key,
                format!("`{key}` must contain tables of axis values, found {}", node.value.kind()),
                "",
            );
            return None;
        };
        let mut values = Vec::new();
        self.pattern_values(entries, "", key, &mut values);
        if key == "sweep.include" && self.problems.is_empty() {
            let missing =
                self.table.axes.iter().enumerate().find(|(index, _)| !values.iter().any(|(own, _)| own == index));
            if let Some((_, axis)) = missing {
                let message = format!("an entry of `sweep.include` has no value for the axis `{}`", axis.key);
                self.report(&node.place, key, message, "give every axis a value, or a list of values");
            }
        }
        Some(Pattern { place: node.place.clone(), values })
    }

    fn pattern_values(
        &mut self,
        entries: &[TableEntry],
        prefix: &str,
        within: &str,
        values: &mut Vec<(usize, Vec<Node>)>,
    ) {
        for entry in entries {
            let key = if prefix.is_empty() { entry.key.clone() } else { format!("{prefix}.{}", entry.key) };
            match (self.table.index(&key), &entry.node.value) {
                (Some(index), Value::List(list))
                    if !self.takes_lists(&key) || list.iter().all(|value| matches!(value.value, Value::List(_))) =>
                {
                    self.check_pattern(&key, list);
                    values.push((index, list.clone()));
                }
                (Some(index), _) => {
                    self.check_pattern(&key, std::slice::from_ref(&entry.node));
                    values.push((index, vec![entry.node.clone()]));
                }
                (None, Value::Table(inner)) => self.pattern_values(inner, &key, within, values),
                (None, _) => {
                    let names: Vec<&str> = self.table.axes.iter().map(|axis| axis.key.as_str()).collect();
                    let hint = format!("the axes are {}", text::listed(&names));
                    self.report(&entry.place, within, format!("`{key}` is not an axis of the sweep"), &hint);
                }
            }
        }
    }

    fn check_pattern(&mut self, key: &str, values: &[Node]) {
        for value in values {
            self.problems.extend(problems_of(self.keys, key, value));
        }
    }

    fn takes_lists(&self, key: &str) -> bool {
        matches!(kind_of(self.keys, key), Some(KeyType::List(_)))
    }
}
