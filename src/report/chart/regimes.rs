//! The regime of each cell over target size and frozen layers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::plotted::{NumberTable, Plotted};
use crate::analysis::{CellRegime, cell_regimes};
use crate::figure::{Cells, ChartAxis, Extent, Figure, Grid, Hatch, Panel, Region, RegionMap, Scale, ValueFormat};
use crate::report::read::FrozenLayers;
use crate::report::setting::ComparedSettings;

const SIZE: &str = "target.train_size";

/// The map, if target size is the only axis besides frozen layers.
pub(super) fn of(settings: &ComparedSettings) -> Option<Plotted> {
    if settings.axes != [SIZE] {
        return None;
    }
    let mut regimes = BTreeMap::new();
    let (mut sizes, mut layers) = (BTreeSet::new(), BTreeMap::<Reverse<usize>, FrozenLayers>::new());
    for setting in &settings.all {
        let size = setting.runs().next()?.train_examples?;
        sizes.insert(size);
        for cell in &setting.cells {
            layers.insert(Reverse(cell.frozen.count), cell.frozen);
            regimes.insert((cell.frozen.count, size), cell.regimes());
        }
    }
    let layers: Vec<FrozenLayers> = layers.into_values().collect();
    if sizes.len() < 2 || layers.len() < 2 {
        return None;
    }
    let of_row = |layers: &FrozenLayers| {
        let seeds: Vec<_> =
            sizes.iter().map(|&size| regimes.get(&(layers.count, size)).cloned().unwrap_or_default()).collect();
        let found = cell_regimes(&seeds);
        found.into_iter().zip(seeds).map(|(regime, seeds)| (!seeds.is_empty()).then_some(regime)).collect::<Vec<_>>()
    };
    let values: Vec<Option<CellRegime>> = layers.iter().flat_map(of_row).collect();
    let cells = Cells {
        columns: sizes.iter().map(|size| *size as f64).collect(),
        rows: (0..layers.len()).map(|row| row as f64).collect(),
        values: values.iter().map(|regime| regime.map(|regime| regime as usize)).collect(),
    };
    let x = ChartAxis::new("target training examples n", Scale::Log, ValueFormat::Count);
    let y = ChartAxis::ordinal("frozen layers k", layers.iter().map(|layers| layers.short()));
    let panel = Panel::of_grid(x, y, Grid::Regions(RegionMap { cells, regions: regions() }));
    let title = "Regime over target size and frozen layers".to_owned();
    let height = (18.0 * layers.len() as f64).clamp(110.0, 260.0);
    let mut figure = Figure::new(title.clone(), Extent::two_columns().with_plot_height(height), vec![panel]);
    figure.columns = 1;
    let description = "A map: training examples across, frozen layers upwards, the regime of each cell.";
    description.clone_into(&mut figure.description);
    let mut data = NumberTable::new(&["frozen_layers", "train_examples", "regime"]);
    let places = layers.iter().flat_map(|layers| sizes.iter().map(move |size| (layers, size)));
    for ((layers, size), regime) in places.zip(&values) {
        let regime = regime.map_or("missing", |regime| names()[regime as usize].0);
        data.row(vec![layers.count.to_string(), size.to_string(), regime.to_owned()]);
    }
    let caption = "Under this procedure and budget. Over: every seed interpolates (train error at most 1%, sustained); under: \
                   every seed has levelled off above that; critical: between the two, or seeds differ; undecided: still falling \
                   when training stopped."
        .to_owned();
    Some(Plotted { id: "regimes".to_owned(), title, caption, figure, data })
}

/// In the order of `CellRegime`.
fn names() -> [(&'static str, char, usize, Hatch); 4] {
    [
        ("overparameterized", 'O', 0, Hatch::Plain),
        ("underparameterized", 'U', 1, Hatch::Rising),
        ("critical", 'C', 2, Hatch::Crossed),
        ("undecided", '?', 3, Hatch::Falling),
    ]
}

fn regions() -> Vec<Region> {
    names()
        .into_iter()
        .map(|(name, letter, tint, hatch)| Region { name: name.to_owned(), letter, tint, hatch })
        .collect()
}
