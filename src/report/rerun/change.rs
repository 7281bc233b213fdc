//! Changes that turn a spec into a control.

use super::axes::GridAxis;
use super::{get, remove, set};

/// A change of a spec.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) enum SpecChange {
    /// Sets a key to one value.
    Set(&'static str, toml::Value),
    /// Multiplies a number, also on an axis.
    Multiply(&'static str, f64),
    /// Removes a key or a table, so that defaults apply.
    Remove(&'static str),
    /// Adds seeds, up to this total.
    MoreSeeds(usize),
    /// This many seeds, each with its own source.
    OwnSources(usize),
}

impl SpecChange {
    /// Makes the change; `None` if the spec lacks what it changes.
    pub(super) fn make(&self, spec: &mut toml::Table, axes: &mut Vec<GridAxis>) -> Option<()> {
        match self {
            Self::Set(key, value) => {
                axes.retain(|axis| axis.key != *key);
                set(spec, key, value.clone());
            }
            Self::Multiply(key, factor) => {
                if let Some(axis) = axes.iter_mut().find(|axis| axis.key == *key) {
                    axis.values = axis.values.iter().map(|value| times(value, *factor)).collect::<Option<_>>()?;
                } else {
                    let value = times(get(spec, key)?, *factor)?;
                    set(spec, key, value);
                }
            }
            Self::Remove(key) => {
                let is_below = |other: &str| other == *key || other.starts_with(&format!("{key}."));
                axes.retain(|axis| !is_below(&axis.key));
                remove(spec, key);
            }
            Self::MoreSeeds(count) => {
                let known = take(axes, spec, "seed");
                let sources =
                    axes.iter().any(|axis| axis.key == "seeds.source").then(|| take(axes, spec, "seeds.source"));
                let wanted = count.saturating_sub(known.len());
                if wanted == 0 {
                    return None;
                }
                axes.push(moving("seed", fresh(&known, wanted)));
                axes.extend(sources.map(|sources| moving("seeds.source", fresh(&sources, wanted))));
            }
            Self::OwnSources(count) => {
                let mut own = take(axes, spec, "seed");
                own.extend(fresh(&own, count.saturating_sub(own.len())));
                axes.retain(|axis| axis.key != "seeds.source");
                axes.push(moving("seeds.source", (1..=own.len() as i64).collect()));
                axes.push(moving("seed", own));
            }
        }
        Some(())
    }
}

/// A number times a factor. Floats are rounded to three digits.
fn times(value: &toml::Value, factor: f64) -> Option<toml::Value> {
    let rounded = |value: f64| {
        let scale = 10f64.powi(2 - value.abs().log10().floor() as i32);
        (value * scale).round() / scale
    };
    match value {
        toml::Value::Integer(number) => Some(((*number as f64 * factor).round() as i64).into()),
        toml::Value::Float(number) if *number == 0.0 => Some(value.clone()),
        toml::Value::Float(number) => Some(rounded(number * factor).into()),
        _ => None,
    }
}

/// Removes the axis of a seed key and returns its seeds, or those of the spec.
fn take(axes: &mut Vec<GridAxis>, spec: &toml::Table, key: &str) -> Vec<i64> {
    let of_axis = axes.iter().position(|axis| axis.key == key).map(|index| axes.remove(index).values);
    let values = of_axis.unwrap_or_else(|| vec![get(spec, key).cloned().unwrap_or_else(|| 0.into())]);
    values.iter().filter_map(toml::Value::as_integer).collect()
}

/// This many seeds that are not in `known`.
fn fresh(known: &[i64], wanted: usize) -> Vec<i64> {
    (0..).filter(|seed| !known.contains(seed)).take(wanted).collect()
}

/// An axis of seeds. It varies together with other axes created here, but not with those found from runs.
fn moving(key: &str, seeds: Vec<i64>) -> GridAxis {
    let of_runs = (0..seeds.len()).map(|seed| usize::MAX - seed).collect();
    GridAxis { key: key.to_owned(), values: seeds.into_iter().map(Into::into).collect(), of_runs }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(key: &str, values: &[i64]) -> GridAxis {
        GridAxis {
            key: key.to_owned(),
            values: values.iter().map(|&value| value.into()).collect(),
            of_runs: (0..values.len()).collect(),
        }
    }

    fn values(axes: &[GridAxis], key: &str) -> Vec<i64> {
        let axis = axes.iter().find(|axis| axis.key == key).expect(key);
        axis.values.iter().filter_map(toml::Value::as_integer).collect()
    }

    #[test]
    fn seeds_are_added_and_given_sources() {
        let mut spec = toml::Table::new();
        let mut axes = vec![axis("seed", &[0, 1, 3]), axis("seeds.source", &[1, 2, 4])];
        SpecChange::MoreSeeds(5).make(&mut spec, &mut axes).expect("two more");
        assert_eq!((values(&axes, "seed"), values(&axes, "seeds.source")), (vec![2, 4], vec![0, 3]));
        let mut axes = vec![axis("seed", &[0, 5])];
        SpecChange::OwnSources(3).make(&mut spec, &mut axes).expect("three");
        assert_eq!((values(&axes, "seed"), values(&axes, "seeds.source")), (vec![0, 5, 1], vec![1, 2, 3]));
        assert_eq!(SpecChange::MoreSeeds(3).make(&mut spec, &mut axes), None);
    }

    #[test]
    fn numbers_are_multiplied_in_the_spec() {
        let mut spec: toml::Table =
            toml::from_str("[target.train]\nlearning_rate = 0.001\nepochs = 80\n").expect("a spec");
        let rate = "target.train.learning_rate";
        SpecChange::Multiply(rate, 1.0 / 3.0).make(&mut spec, &mut Vec::new()).expect("a rate");
        assert_eq!(get(&spec, rate).and_then(toml::Value::as_float), Some(0.000_333));
        SpecChange::Multiply("target.train.epochs", 3.0).make(&mut spec, &mut Vec::new()).expect("a budget");
        assert_eq!(get(&spec, "target.train.epochs").and_then(toml::Value::as_integer), Some(240));
        assert_eq!(SpecChange::Multiply("target.train.steps", 3.0).make(&mut spec, &mut Vec::new()), None);
    }
}
