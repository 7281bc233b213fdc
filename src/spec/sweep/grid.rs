//! Expands axes to cells: the product of all axes, minus `exclude`, plus `include`.

use super::FROZEN_LAYERS;
use super::axes::{Axis, Pattern, SweepTable, Values};
use super::cell::{Cell, is_same, short_names};
use crate::spec::problem::{Place, Problem, Problems};
use crate::spec::tree::Node;
use crate::text;

/// Larger grids are rejected before any cell is built.
const MOST_CELLS: u128 = 100_000;

/// All numbers of frozen layers of a cell's network.
pub(super) type Layers<'a> = dyn Fn(&Cell, &Place) -> Result<Vec<Node>, Problems> + 'a;

/// All cells of a table. The last axis varies fastest; `all-values` varies fastest of all if the network varies.
pub(super) fn expand(table: &SweepTable, layers: &Layers<'_>) -> Result<Vec<Cell>, Problems> {
    let keys: Vec<&str> = table.axes.iter().map(|axis| axis.key.as_str()).collect();
    let shown = short_names(&keys);
    let groups = groups(table);
    let count: u128 = groups.iter().map(|group| length(table, group) as u128).product();
    if count > MOST_CELLS {
        let message = format!("the sweep has {} cells; at most {} are allowed", big(count), big(MOST_CELLS));
        return Err(at(&table.axes[0].place, message));
    }
    let mut cells = Vec::with_capacity(count as usize);
    for index in 0..count as usize {
        let values = point(table, &groups, index);
        let cell = Cell::new(values, &shown);
        match table.axes.iter().position(|axis| matches!(axis.values, Values::All)) {
            None => cells.push(cell),
            Some(open) => {
                for node in layers(&cell, &table.axes[open].place)? {
                    let mut values = cell.values.clone();
                    values.insert(open, (FROZEN_LAYERS.to_owned(), node));
                    cells.push(Cell::new(values, &shown));
                }
            }
        }
    }
    exclude(table, &mut cells)?;
    include(table, &shown, &mut cells);
    if let (Some(pattern), true) = (table.exclude.first(), cells.is_empty()) {
        return Err(at(&pattern.place, "`sweep.exclude` leaves out every cell".to_owned()));
    }
    check_names(table, &cells)?;
    Ok(cells)
}

/// Groups of zipped axes, and each other axis by itself, in the order of their first axis.
fn groups(table: &SweepTable) -> Vec<Vec<usize>> {
    let group = |index: usize| table.zip.iter().find(|group| group.contains(&index)).cloned().unwrap_or(vec![index]);
    let open = |index: &usize| matches!(table.axes[*index].values, Values::List(_));
    let first = |index: &usize| group(*index).iter().min() == Some(index);
    (0..table.axes.len()).filter(open).filter(first).map(group).collect()
}

fn length(table: &SweepTable, group: &[usize]) -> usize {
    group.first().map_or(1, |&index| listed(&table.axes[index]).len())
}

fn listed(axis: &Axis) -> &[Node] {
    match &axis.values {
        Values::List(values) => values,
        Values::All => &[],
    }
}

/// The values at one index of the product, in axis order.
fn point(table: &SweepTable, groups: &[Vec<usize>], mut index: usize) -> Vec<(String, Node)> {
    let mut chosen: Vec<(usize, usize)> = Vec::new();
    for group in groups.iter().rev() {
        let length = length(table, group);
        chosen.extend(group.iter().map(|&axis| (axis, index % length)));
        index /= length;
    }
    chosen.sort_unstable();
    chosen.into_iter().map(|(axis, at)| (table.axes[axis].key.clone(), listed(&table.axes[axis])[at].clone())).collect()
}

fn fits(pattern: &Pattern, table: &SweepTable, cell: &Cell) -> bool {
    pattern.values.iter().all(|(index, values)| {
        let key = &table.axes[*index].key;
        let own = cell.values.iter().find(|(name, _)| name == key);
        own.is_some_and(|(_, own)| values.iter().any(|value| is_same(value, own)))
    })
}

fn exclude(table: &SweepTable, cells: &mut Vec<Cell>) -> Result<(), Problems> {
    for pattern in &table.exclude {
        let before = cells.len();
        cells.retain(|cell| !fits(pattern, table, cell));
        if cells.len() == before {
            return Err(at(&pattern.place, "no cell matches this entry of `sweep.exclude`".to_owned()));
        }
    }
    Ok(())
}

/// Adds the cells of `include` that do not exist yet.
fn include(table: &SweepTable, shown: &[String], cells: &mut Vec<Cell>) {
    for pattern in &table.include {
        let count: usize = pattern.values.iter().map(|(_, values)| values.len()).product();
        for mut index in 0..count {
            let mut chosen: Vec<(usize, Node)> = Vec::new();
            for (axis, values) in pattern.values.iter().rev() {
                chosen.push((*axis, values[index % values.len()].clone()));
                index /= values.len();
            }
            chosen.sort_by_key(|(axis, _)| *axis);
            let values = chosen.into_iter().map(|(axis, node)| (table.axes[axis].key.clone(), node)).collect();
            let cell = Cell::new(values, shown);
            if !cells.iter().any(|other| other.name == cell.name) {
                cells.push(cell);
            }
        }
    }
}

fn check_names(table: &SweepTable, cells: &[Cell]) -> Result<(), Problems> {
    let mut names: Vec<&str> = cells.iter().map(|cell| cell.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => {
            let mut problems = at(&table.axes[0].place, format!("two cells have the name `{}`", pair[0]));
            problems.0[0].hint = Some("two values of an axis look alike, such as 40 and \"40\"".to_owned());
            Err(problems)
        }
    }
}

fn at(place: &Place, message: String) -> Problems {
    Problems(vec![Problem { place: place.clone(), key: "sweep".to_owned(), message, hint: None, of_data: false }])
}

fn big(count: u128) -> String {
    u64::try_from(count).map_or_else(|_| "more than 10^19".to_owned(), text::grouped)
}
