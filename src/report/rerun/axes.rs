//! Finds the axes of a grid from its runs: the keys in which they differ.

use std::collections::BTreeSet;

use super::{get, remove, set};
use crate::report::read::Run;
use crate::spec::FROZEN_LAYERS;
use crate::text;

/// A key and its values. `of_runs` has the index of each run's value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GridAxis {
    pub(super) key: String,
    pub(super) values: Vec<toml::Value>,
    pub(super) of_runs: Vec<usize>,
}

/// The keys in which runs differ, including seeds and frozen layers. `spec` is that of the first run; its seeds are
/// rewritten.
pub(super) fn of(runs: &[&Run], spec: &mut toml::Table) -> Vec<GridAxis> {
    let mut axes = Vec::new();
    let keys: BTreeSet<&String> = runs.iter().flat_map(|run| run.values.keys()).collect();
    for key in keys {
        let text = |run: &&Run| run.values.get(key).cloned();
        let is_text = matches!(get(spec, key), Some(toml::Value::String(_)));
        axes.extend(axis(key, runs.iter().map(text).collect(), is_text));
    }
    let named = get(spec, "transfer.frozen").and_then(toml::Value::as_array).is_some_and(|names| !names.is_empty());
    if !named {
        let layers = runs.iter().map(|run| Some(run.frozen.count.to_string())).collect();
        axes.extend(axis(FROZEN_LAYERS, layers, false));
    }
    axes.extend(seeds(runs, spec));
    axes
}

/// The axis of a key, if all runs have it and differ in it.
fn axis(key: &str, texts: Vec<Option<String>>, is_text: bool) -> Option<GridAxis> {
    let texts: Vec<String> = texts.into_iter().collect::<Option<_>>()?;
    let mut distinct: Vec<&String> = texts.iter().collect::<BTreeSet<_>>().into_iter().collect();
    distinct.sort_by(|one, other| text::natural(one, other));
    if distinct.len() < 2 {
        return None;
    }
    let of_runs = texts.iter().filter_map(|text| distinct.iter().position(|known| *known == text)).collect();
    let values = distinct.iter().map(|text| if is_text { (*text).as_str().into() } else { parsed(text) }).collect();
    Some(GridAxis { key: key.to_owned(), values, of_runs })
}

/// Text as a TOML value; as a string if it is not TOML.
fn parsed(text: &str) -> toml::Value {
    let table: Option<toml::Table> = toml::from_str(&format!("value = {text}\n")).ok();
    table.and_then(|mut table| table.remove("value")).unwrap_or_else(|| text.into())
}

/// The axes `seed` and, for purposes with other seeds, `seeds.PURPOSE`; `seeds.source` does not default to `seed`.
fn seeds(runs: &[&Run], spec: &mut toml::Table) -> Vec<GridAxis> {
    let of = |purpose: &str| -> Vec<Option<String>> {
        runs.iter().map(|run| run.seeds.of(purpose).map(str::to_owned)).collect()
    };
    let (shared, purposes) = (of("order"), runs.first().map(|run| run.seeds.purposes()).unwrap_or_default());
    let mut axes = Vec::new();
    remove(spec, "seeds");
    for purpose in purposes {
        let (own, is_shared) = (of(purpose), purpose == "order");
        if own != shared || is_shared || purpose == "source" {
            let key = if is_shared { "seed".to_owned() } else { format!("seeds.{purpose}") };
            if let Some(Some(first)) = own.first() {
                set(spec, &key, parsed(first));
            }
            axes.extend(axis(&key, own, false));
        }
    }
    axes
}

/// Groups of axes that vary together: in each, the value of the first determines those of the others. Their lists become
/// as long as the first, which may repeat a value.
pub(super) fn zips(axes: &mut [GridAxis]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..axes.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(axes[index].values.len()));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for index in order {
        match groups.iter_mut().find_map(|group| Some((axes[index].along(&axes[group[0]])?, group))) {
            Some((values, group)) => {
                group.push(index);
                axes[index].values = values;
            }
            None => groups.push(vec![index]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

impl GridAxis {
    /// Its value for each value of another axis; `None` if runs with one value of that axis differ in this one.
    fn along(&self, other: &Self) -> Option<Vec<toml::Value>> {
        if self.of_runs == other.of_runs {
            return Some(self.values.clone());
        }
        if self.of_runs.len() != other.of_runs.len() {
            return None;
        }
        let mut values = vec![None; other.values.len()];
        for (own, place) in self.of_runs.iter().zip(&other.of_runs) {
            let (value, known) = (self.values.get(*own)?, values.get_mut(*place)?);
            if known.get_or_insert(value) != &value {
                return None;
            }
        }
        values.into_iter().map(Option::<&toml::Value>::cloned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(key: &str, values: &[i64], of_runs: &[usize]) -> GridAxis {
        let values = values.iter().map(|&value| value.into()).collect();
        GridAxis { key: key.to_owned(), values, of_runs: of_runs.to_vec() }
    }

    fn listed(axis: &GridAxis) -> Vec<i64> {
        axis.values.iter().filter_map(toml::Value::as_integer).collect()
    }

    #[test]
    fn linked_values_stay_together() {
        // The larger size has the smaller budget, and two sizes share one.
        let mut axes = [
            axis("epochs", &[150, 300], &[1, 1, 0, 0, 0, 0]),
            axis("size", &[1024, 4096, 16384], &[0, 0, 1, 1, 2, 2]),
            axis("seed", &[3, 5], &[0, 1, 0, 1, 0, 1]),
        ];
        assert_eq!(zips(&mut axes), [vec![1, 0]]);
        assert_eq!(listed(&axes[0]), [300, 150, 150]);
        assert_eq!((listed(&axes[1]), listed(&axes[2])), (vec![1024, 4096, 16384], vec![3, 5]));
    }
}
