//! The regime of each cell over target size and frozen layers, with a map for each combination of the other axes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::plotted::{NumberTable, Plotted, also_changed};
use crate::analysis::{CellRegime, cell_regimes};
use crate::figure::{Cells, ChartAxis, Extent, Figure, Grid, Hatch, Panel, Region, RegionMap, Scale, ValueFormat};
use crate::report::read::FrozenLayers;
use crate::report::setting::{ComparedSettings, Setting};
use crate::report::setting_names::in_words;

const SIZE: &str = "target.train_size";

/// More maps do not fit on a page.
const MOST_PANELS: usize = 4;

/// The figure, if target size is an axis.
pub(super) fn of(settings: &ComparedSettings) -> Option<Plotted> {
    let mut groups: BTreeMap<String, Vec<&Setting>> = BTreeMap::new();
    let (with_size, others) = settings.by_size(SIZE);
    for setting in &settings.all {
        groups.entry(in_words(&setting.values, &others)).or_default().push(setting);
    }
    let maps: Vec<RegimeMap> = groups.into_iter().filter_map(|(key, settings)| RegimeMap::of(key, &settings)).collect();
    if maps.is_empty() || maps.len() > MOST_PANELS {
        return None;
    }
    let title = "Regime over target size and frozen layers".to_owned();
    let most = maps.iter().map(|map| map.layers.len()).max().unwrap_or(0);
    let height = (18.0 * most as f64).clamp(110.0, 260.0);
    let panels: Vec<Panel> = maps.iter().map(RegimeMap::panel).collect();
    let mut figure = Figure::new(title.clone(), Extent::two_columns().with_plot_height(height), panels);
    figure.columns = maps.len().min(2);
    let description = "Maps: training examples across, frozen layers upwards, the regime of each cell.";
    description.clone_into(&mut figure.description);
    let mut data = NumberTable::new(&["setting", "frozen_layers", "train_examples", "regime"]);
    for map in &maps {
        map.table(&mut data);
    }
    let mut caption = "Under this procedure and budget. Over: every seed interpolates (train error at most 1%, sustained); under: \
                   every seed has levelled off above that; critical: between the two, or seeds differ; undecided: still moving \
                   at the end, or too few evaluations to tell."
        .to_owned();
    caption.push_str(&also_changed(&with_size));
    Some(Plotted { id: "regimes".to_owned(), title, caption, figure, data })
}

/// The regimes of settings that differ only in target size.
struct RegimeMap {
    title: String,
    layers: Vec<FrozenLayers>,
    sizes: Vec<usize>,
    /// Row by row, starting with the first number of frozen layers.
    values: Vec<Option<CellRegime>>,
}

impl RegimeMap {
    /// `None` with fewer than two sizes or two numbers of frozen layers.
    fn of(title: String, settings: &[&Setting]) -> Option<Self> {
        let mut regimes = BTreeMap::new();
        let (mut sizes, mut layers) = (BTreeSet::new(), BTreeMap::<Reverse<usize>, FrozenLayers>::new());
        for setting in settings {
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
            found
                .into_iter()
                .zip(seeds)
                .map(|(regime, seeds)| (!seeds.is_empty()).then_some(regime))
                .collect::<Vec<_>>()
        };
        let values = layers.iter().flat_map(of_row).collect();
        Some(Self { title, layers, sizes: sizes.into_iter().collect(), values })
    }

    fn panel(&self) -> Panel {
        let cells = Cells {
            columns: self.sizes.iter().map(|size| *size as f64).collect(),
            rows: (0..self.layers.len()).map(|row| row as f64).collect(),
            values: self.values.iter().map(|regime| regime.map(|regime| regime as usize)).collect(),
        };
        let x = ChartAxis::new("target training examples n", Scale::Log, ValueFormat::Count);
        let y = ChartAxis::ordinal("frozen layers k", self.layers.iter().map(|layers| layers.short()));
        Panel::of_grid(x, y, Grid::Regions(RegionMap { cells, regions: regions() })).titled(self.title.clone())
    }

    fn table(&self, data: &mut NumberTable) {
        let places = self.layers.iter().flat_map(|layers| self.sizes.iter().map(move |size| (layers, size)));
        for ((layers, size), regime) in places.zip(&self.values) {
            let regime = regime.map_or("missing", |regime| names()[regime as usize].0);
            data.row(vec![self.title.clone(), layers.count.to_string(), size.to_string(), regime.to_owned()]);
        }
    }
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
