//! Axes given as a range: `{ from, to, step }`, or `{ from, to, points, scale = "log" }`.

use crate::spec::problem::Place;
use crate::spec::tree::{Node, TableEntry, Value};
use crate::text;

/// An axis with more values is assumed to be a mistake.
const MOST_VALUES: usize = 10_000;
/// Significant digits of a value, so that `0.1 + 0.2` is 0.3 in names and files.
const DIGITS: usize = 12;

const KEYS: [&str; 5] = ["from", "to", "step", "points", "scale"];

/// Whether a table is a range rather than a table of the spec.
pub(super) fn is_range(entries: &[TableEntry]) -> bool {
    entries.iter().any(|entry| KEYS[..2].contains(&entry.key.as_str()))
}

/// The values of a range, as integers where the key takes integers.
pub(super) fn values(entries: &[TableEntry], place: &Place, whole: bool) -> Result<Vec<Node>, String> {
    if let Some(entry) = entries.iter().find(|entry| !KEYS.contains(&entry.key.as_str())) {
        return Err(format!("`{}` is not a key of a range; expected {}", entry.key, text::alternatives(&KEYS)));
    }
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node.value);
    let number = |key: &str| match find(key) {
        Some(Value::Integer(number)) => Ok(Some(*number as f64)),
        Some(Value::Number(number)) if number.is_finite() => Ok(Some(*number)),
        None => Ok(None),
        Some(other) => Err(format!("`{key}` of a range must be a number, found {}", other.kind())),
    };
    let needed = |key: &str| number(key)?.ok_or_else(|| format!("a range needs `{key}`"));
    let (from, to) = (needed("from")?, needed("to")?);
    let logarithmic = match find("scale") {
        None => false,
        Some(Value::Text(scale)) if scale == "log" => true,
        Some(Value::Text(scale)) if scale == "linear" => false,
        Some(_) => return Err("`scale` of a range must be `linear` or `log`".to_owned()),
    };
    let numbers = match (number("step")?, find("points")) {
        (Some(_), Some(_)) | (None, None) => return Err("a range needs either `step` or `points`".to_owned()),
        (Some(_), None) if logarithmic => return Err("`scale = \"log\"` needs `points`".to_owned()),
        (Some(step), None) => by_step(from, to, step)?,
        (None, Some(Value::Integer(points))) => by_points(from, to, *points, logarithmic)?,
        (None, Some(other)) => return Err(format!("`points` of a range must be an integer, found {}", other.kind())),
    };
    let mut values: Vec<Value> = Vec::new();
    for number in numbers {
        let value = if whole { Value::Integer(number.round() as i64) } else { Value::Number(shortened(number)) };
        // On a logarithmic scale, small values can round to the same integer.
        if values.last().is_none_or(|last| super::cell::toml(last) != super::cell::toml(&value)) {
            values.push(value);
        }
    }
    Ok(values.into_iter().map(|value| Node { place: place.clone(), value }).collect())
}

fn by_step(from: f64, to: f64, step: f64) -> Result<Vec<f64>, String> {
    let steps = (to - from) / step;
    if step == 0.0 || steps < 0.0 {
        return Err(format!("steps of {step} do not lead from {from} to {to}"));
    }
    // Tolerates rounding errors in the number of steps.
    let count = (steps + 1e-9).floor() as usize;
    if count >= MOST_VALUES {
        return Err(format!("the range has {count} values; at most {MOST_VALUES} are allowed"));
    }
    Ok((0..=count).map(|index| from + step * index as f64).collect())
}

fn by_points(from: f64, to: f64, points: i64, logarithmic: bool) -> Result<Vec<f64>, String> {
    let most = MOST_VALUES as i64;
    if !(2..=most).contains(&points) {
        return Err(format!("`points` of a range must be from 2 to {most}, found {points}"));
    }
    if logarithmic && (from <= 0.0 || to <= 0.0) {
        return Err("a logarithmic range must start and end above 0".to_owned());
    }
    let share = |index: i64| index as f64 / (points - 1) as f64;
    let at = |index: i64| match index {
        0 => from,
        _ if index == points - 1 => to,
        _ if logarithmic => from * (to / from).powf(share(index)),
        _ => from + (to - from) * share(index),
    };
    Ok((0..points).map(at).collect())
}

fn shortened(number: f64) -> f64 {
    format!("{number:.*e}", DIGITS - 1).parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::sweep::cell::toml;

    fn shown(text: &str, whole: bool) -> Result<String, String> {
        let place = Place::Override(String::new());
        let node = crate::spec::read::override_value("", text, false);
        let Value::Table(entries) = node.value else { panic!("`{text}` is a table") };
        let values = values(&entries, &place, whole)?;
        Ok(values.iter().map(|node| toml(&node.value)).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn ranges_include_both_ends() {
        let cases = [
            ("{ from = 0, to = 9, step = 3 }", true, "0 3 6 9"),
            ("{ from = 0, to = 10, step = 3 }", true, "0 3 6 9"),
            ("{ from = 9, to = 0, step = -3 }", true, "9 6 3 0"),
            ("{ from = 0.0, to = 0.3, step = 0.1 }", false, "0.0 0.1 0.2 0.3"),
            ("{ from = 1e-4, to = 1e-2, points = 3, scale = \"log\" }", false, "0.0001 0.001 0.01"),
            ("{ from = 500, to = 8000, points = 5, scale = \"log\" }", true, "500 1000 2000 4000 8000"),
            ("{ from = 1, to = 4, points = 7, scale = \"log\" }", true, "1 2 3 4"),
            ("{ from = 1, to = 2, points = 3 }", false, "1.0 1.5 2.0"),
        ];
        for (text, whole, expected) in cases {
            assert_eq!(shown(text, whole).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn invalid_ranges_are_rejected() {
        let cases = [
            ("{ from = 0 }", "needs `to`"),
            ("{ from = 0, to = 1 }", "either `step` or `points`"),
            ("{ from = 0, to = 1, step = 1, points = 2 }", "either `step` or `points`"),
            ("{ from = 0, to = 1, step = 0 }", "steps of 0"),
            ("{ from = 0, to = 1, step = -1 }", "steps of -1"),
            ("{ from = 0, to = 1e9, step = 1 }", "at most 10000"),
            ("{ from = 0, to = 1, points = 2, scale = \"log\" }", "above 0"),
            ("{ from = 0, to = 1, points = 1 }", "from 2 to"),
            ("{ from = 0, to = 1, points = 2, scale = \"root\" }", "`linear` or `log`"),
            ("{ from = \"a\", to = 1, points = 2 }", "must be a number, found a string"),
            ("{ from = 0, to = 1, stop = 2 }", "`stop` is not a key of a range"),
        ];
        for (text, expected) in cases {
            let error = shown(text, false).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
