//! Groups runs: a setting is everything except seeds and frozen layers; a cell is one number of frozen layers in a
//! setting. Averages are only over the seeds of one cell.

use crate::rundir::SpecValues;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::measured_alike::keep_what_is_alike;
use super::read::{FrozenLayers, LeftOut, Measure, Run, RunMeasure, SeedValues, is_in_use, moving};
use super::setting_names::{axes, follows, in_words, names};
use crate::analysis::{BandPoint, CompleteCurves, NamedCurve, Regime, band};
use crate::text;

/// Runs that differ only in seeds and frozen layers.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) values: SpecValues,
    /// The values of the axes in words; empty if there is only one setting.
    pub(super) title: String,
    /// The index of its first run in the order of reading.
    pub(super) order: usize,
    /// From all layers frozen to none.
    pub(super) cells: Vec<SeedGroup>,
}

/// Runs that differ only in seeds, with one evaluation schedule.
#[derive(Clone, Debug)]
pub(super) struct SeedGroup {
    pub(super) frozen: FrozenLayers,
    pub(super) runs: Vec<Run>,
    /// The band of each measure, computed on first use.
    bands: [OnceLock<Vec<BandPoint<u64>>>; Measure::ALL.len()],
}

/// All settings, and the keys in which they differ.
#[derive(Clone, Debug)]
pub(super) struct ComparedSettings {
    pub(super) axes: Vec<String>,
    /// Those that name a setting: without keys that only some settings have and that follow from the others, such as the
    /// source's budget where one has no source.
    pub(super) names: Vec<String>,
    pub(super) all: Vec<Setting>,
}

impl ComparedSettings {
    /// The names without a size: those that change with it, such as the budget, and the others, which tell lines apart.
    pub(super) fn by_size(&self, size: &str) -> (Vec<&String>, Vec<&String>) {
        let values: Vec<&SpecValues> = self.all.iter().map(|setting| &setting.values).collect();
        let size = &size.to_owned();
        self.names.iter().filter(|axis| *axis != size).partition(|axis| follows(axis, &[size], &values))
    }
}

/// Runs by their number of frozen layers.
type ByLayers = BTreeMap<usize, Vec<Run>>;

/// Groups runs. Those that do not fit their cell go to `left_out`.
pub(super) fn sort(runs: Vec<Run>, left_out: &mut Vec<LeftOut>) -> ComparedSettings {
    let axes = axes(&runs);
    let mut groups: BTreeMap<Vec<String>, (SpecValues, usize, ByLayers)> = BTreeMap::new();
    for (order, run) in runs.into_iter().enumerate() {
        let key = axes.iter().map(|axis| run.values.get(axis).cloned().unwrap_or_default()).collect();
        let (.., cells) = groups.entry(key).or_insert_with(|| (run.values.clone(), order, BTreeMap::new()));
        cells.entry(run.frozen.count).or_default().push(run);
    }
    let names = names(&axes, &groups.values().map(|(values, ..)| values).collect::<Vec<_>>());
    let mut all: Vec<Setting> = groups
        .into_values()
        .map(|(values, order, mut cells)| {
            keep_what_is_alike(&mut cells.values_mut().flatten().collect::<Vec<_>>(), left_out);
            let title = in_words(&values, &names.iter().collect::<Vec<_>>());
            let cells = cells.into_values().rev().filter_map(|runs| SeedGroup::new(runs, left_out)).collect();
            Setting { values, title, order, cells }
        })
        .collect();
    all.retain(|setting| !setting.cells.is_empty());
    let value = |setting: &Setting, axis: &String| setting.values.get(axis).cloned().unwrap_or_default();
    all.sort_by(|one, other| {
        let orders = axes.iter().map(|axis| text::natural(&value(one, axis), &value(other, axis)));
        orders.into_iter().find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    ComparedSettings { axes, names, all }
}

impl SeedGroup {
    /// Keeps the runs of a cell that were evaluated at the most common epochs, each seed once.
    fn new(mut runs: Vec<Run>, left_out: &mut Vec<LeftOut>) -> Option<Self> {
        runs.sort_by(|one, other| {
            text::natural(&one.seeds.label(), &other.seeds.label()).then(one.place.cmp(&other.place))
        });
        let epochs = |run: &Run| run.curves.of(Measure::Test).iter().map(|point| point.epoch).collect::<Vec<u64>>();
        let grids: Vec<Vec<u64>> = runs.iter().map(epochs).collect();
        let votes = |grid: &Vec<u64>| grids.iter().filter(|other| *other == grid).count();
        // In a tie the first one, so that the order of directories does not matter.
        let most = grids.iter().map(votes).max()?;
        let grid = grids.iter().find(|grid| votes(grid) == most)?.clone();
        let (mut seen, mut kept) = (BTreeSet::new(), Vec::new());
        for (run, own) in runs.into_iter().zip(grids) {
            let reason = if own != grid {
                let (own, others) = (own.len(), grid.len());
                format!("evaluated at {own} epochs, other runs of its cell at {others} or at different ones")
            } else if seen.insert(run.seeds.clone()) {
                kept.push(run);
                continue;
            } else {
                format!("another run of its cell has the same seeds ({})", run.seeds.label())
            };
            left_out.push(LeftOut { place: run.place, reason });
        }
        let all = kept.iter().filter_map(|run| run.frozen.all).max();
        let frozen = FrozenLayers { all, ..kept.first()?.frozen };
        Some(Self { frozen, runs: kept, bands: Default::default() })
    }

    /// The purposes in use whose seeds differ between runs.
    pub(super) fn moving(&self) -> Vec<&'static str> {
        let mut moving = moving(&self.runs.iter().map(|run| &run.seeds));
        moving.retain(|purpose| is_in_use(purpose, &self.runs[0].values));
        moving
    }

    /// Mean and spread over seeds at each evaluation; empty if the runs have different evaluations.
    pub(super) fn band(&self, measure: Measure) -> &[BandPoint<u64>] {
        self.bands[measure as usize].get_or_init(|| {
            let curves = self.curves(measure);
            if curves.left_out.is_empty() { band(&curves, 0.95) } else { Vec::new() }
        })
    }

    /// The curves of all seeds at the first one's epochs.
    pub(super) fn curves(&self, measure: Measure) -> CompleteCurves<u64> {
        let of = |run: &Run| run.curves.of(measure).iter().map(|point| (point.epoch, point.error)).collect::<Vec<_>>();
        let grid: Vec<u64> =
            self.runs.first().map(of).unwrap_or_default().into_iter().map(|(epoch, _)| epoch).collect();
        let named = self.runs.iter().map(|run| NamedCurve { name: run.seeds.label(), points: of(run) });
        CompleteCurves::of(&grid, named.collect())
    }

    /// One measure of every run; `None` if a run lacks it.
    pub(super) fn outcomes(&self, outcome: RunMeasure) -> Option<Vec<f64>> {
        self.runs.iter().map(|run| run.outcome(outcome)).collect()
    }

    pub(super) fn mean(&self, outcome: RunMeasure) -> Option<f64> {
        let values = self.outcomes(outcome)?;
        Some(values.iter().sum::<f64>() / values.len() as f64)
    }

    pub(super) fn regimes(&self) -> Vec<Regime> {
        self.runs.iter().map(Run::regime).collect()
    }

    /// The mean epoch of the first interpolation, if every seed interpolates.
    pub(super) fn first_interpolation(&self) -> Option<f64> {
        let epochs: Option<Vec<u64>> = self.runs.iter().map(|run| run.interpolation().first_epoch).collect();
        epochs.map(|epochs| epochs.iter().sum::<u64>() as f64 / epochs.len() as f64)
    }
}

impl Setting {
    /// The cell with a number of frozen layers, or `all`.
    pub(super) fn cell(&self, layers: &str) -> Option<&SeedGroup> {
        let is = |cell: &&SeedGroup| match layers {
            "all" => cell.frozen.short() == "all",
            count => count.parse() == Ok(cell.frozen.count),
        };
        self.cells.iter().find(is)
    }

    /// The cell with a number of frozen layers.
    pub(super) fn cell_at(&self, layers: usize) -> Option<&SeedGroup> {
        self.cells.iter().find(|cell| cell.frozen.count == layers)
    }

    /// A phrase, followed by the setting's title if there are several settings.
    pub(super) fn within(&self, what: &str) -> String {
        if self.title.is_empty() { what.to_owned() } else { format!("{what} ({})", self.title) }
    }

    /// The same setting with only some of its runs; `None` if it has none of them.
    pub(super) fn only(&self, wanted: impl Fn(&Run) -> bool) -> Option<Self> {
        let of = |cell: &SeedGroup| {
            let runs: Vec<Run> = cell.runs.iter().filter(|run| wanted(run)).cloned().collect();
            (!runs.is_empty()).then(|| SeedGroup { frozen: cell.frozen, runs, bands: Default::default() })
        };
        let cells: Vec<SeedGroup> = self.cells.iter().filter_map(of).collect();
        (!cells.is_empty()).then(|| Self { cells, values: self.values.clone(), title: self.title.clone(), ..*self })
    }

    /// Cells that fewer than half as many seeds have as the largest cell: a sweep that is not finished has some. Curves over
    /// frozen layers leave them out, since they would leave no seed with every point.
    pub(super) fn sparse(&self) -> Vec<&SeedGroup> {
        let most = self.cells.iter().map(|cell| cell.runs.len()).max().unwrap_or(0);
        self.cells.iter().filter(|cell| 2 * cell.runs.len() < most).collect()
    }

    /// A measure of each seed over frozen layers, from all frozen to none. Sparse cells are left out, and then seeds without
    /// all points.
    pub(super) fn over_layers(&self, outcome: RunMeasure) -> CompleteCurves<usize> {
        let mut seeds: BTreeMap<String, Vec<(usize, f64)>> = BTreeMap::new();
        let sparse: Vec<usize> = self.sparse().iter().map(|cell| cell.frozen.count).collect();
        let cells = || self.cells.iter().filter(|cell| !sparse.contains(&cell.frozen.count));
        for cell in cells() {
            for run in &cell.runs {
                if let Some(error) = run.outcome(outcome) {
                    seeds.entry(run.seeds.label()).or_default().push((cell.frozen.count, error));
                }
            }
        }
        let grid: Vec<usize> = cells().map(|cell| cell.frozen.count).collect();
        let mut named: Vec<NamedCurve<usize>> =
            seeds.into_iter().map(|(name, points)| NamedCurve { name, points }).collect();
        named.sort_by(|one, other| text::natural(&one.name, &other.name));
        CompleteCurves::of(&grid, named)
    }

    /// The run of a seed in a cell.
    pub(super) fn run(&self, layers: usize, seeds: &SeedValues) -> Option<&Run> {
        self.cell_at(layers)?.runs.iter().find(|run| run.seeds == *seeds)
    }

    /// The source of each named seed.
    pub(super) fn sources_of(&self, seeds: &[String]) -> Vec<Option<String>> {
        let source = |seed: &String| self.runs().find(|run| run.seeds.label() == *seed)?.source_hash.clone();
        seeds.iter().map(source).collect()
    }

    /// All runs.
    pub(super) fn runs(&self) -> impl Iterator<Item = &Run> {
        self.cells.iter().flat_map(|cell| &cell.runs)
    }
}
