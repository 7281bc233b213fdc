//! What keeps a planned grid from answering its claims. It is found before the runs rather than after them.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{PlannedCell, SweepPlan};
use crate::analysis::inference::LEAST_SEEDS;
use crate::spec::{Claim, ClaimedWeights, FROZEN_LAYERS, HalfLife, Over, ReportSpec, Statement};
use crate::text;

/// The obstacles, in words; none if every claim can be tested as planned.
pub fn obstacles(plan: &SweepPlan, report: &ReportSpec) -> Vec<String> {
    let mut found = Vec::new();
    if !report.claims.is_empty() && plan.claims.seeds < LEAST_SEEDS {
        let seeds = text::counted(plan.claims.seeds, "seed", "seeds");
        found.push(format!("the grid has {seeds}, and a claim needs {LEAST_SEEDS}"));
    }
    for (index, claim) in report.claims.iter().enumerate() {
        let of_claim = ClaimedCells::of(plan, &claim.setting).and_then(|grid| grid.check(claim));
        found.extend(of_claim.err().map(|reason| format!("claim {}: {reason}", index + 1)));
    }
    found
}

/// The cells that a claim, or one side of it, is about.
struct ClaimedCells<'a> {
    plan: &'a SweepPlan,
    cells: Vec<&'a PlannedCell>,
}

impl<'a> ClaimedCells<'a> {
    /// The cells with some values of axes. Keys that are no axes have one value in all cells.
    fn of(plan: &'a SweepPlan, values: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut grid = Self { plan, cells: plan.cells.iter().collect() };
        for (key, value) in values.iter().filter(|(key, _)| plan.keys.contains(key)) {
            grid = grid.with(key, value)?;
        }
        Ok(grid)
    }

    /// Its cells with a value of a key.
    fn with(&self, key: &str, value: &str) -> Result<Self, String> {
        let Some(axis) = self.plan.keys.iter().position(|own| own == key) else {
            return Err(format!("`{key}` is not an axis of the grid"));
        };
        let has = |cell: &&PlannedCell| match key {
            FROZEN_LAYERS => is_at(cell, value),
            _ => text::is_same_value(&cell.values[axis], value),
        };
        let cells: Vec<_> = self.cells.iter().copied().filter(has).collect();
        if cells.is_empty() {
            return Err(format!("no cell has `{key}` = `{value}`"));
        }
        Ok(Self { plan: self.plan, cells })
    }

    fn check(&self, claim: &Claim) -> Result<(), String> {
        self.check_places(&claim.statement)?;
        let set = "set `evaluate.averaged_half_life`";
        let bump = matches!(
            claim.statement,
            Statement::FrozenLayers { .. } | Statement::Epochs { .. } | Statement::LargerBump { .. }
        );
        let is_averaged = self.cells.iter().all(|cell| cell.evaluation.extra.averaging.is_some());
        match claim.weights {
            ClaimedWeights::Raw if !bump => Ok(()),
            _ if is_averaged => self.cells.iter().try_for_each(|cell| check_settled(cell, cell.length.epochs)),
            ClaimedWeights::Averaged => Err(format!("averaged weights are not measured: {set}")),
            ClaimedWeights::Raw => Err(format!("it cannot hold without averaged weights as a control: {set}")),
        }
    }

    /// An error if a place or a value of the claim is not in the grid.
    fn check_places(&self, statement: &Statement) -> Result<(), String> {
        match statement {
            Statement::FrozenLayers { sites, .. } => self.check_layers(sites),
            Statement::Epochs { sites, .. } => self.check_epochs(sites),
            Statement::LargerBump { over, key, reference, larger, sites, .. } => {
                [reference, larger].into_iter().zip(sites).try_for_each(|(value, sites)| {
                    let side = self.with(key, value)?;
                    if *over == Over::FrozenLayers {
                        return side.check_layers(sites);
                    }
                    let epochs: Vec<u64> = sites.iter().filter_map(|site| site.parse().ok()).collect();
                    side.check_epochs(&epochs).map_err(|reason| format!("with {value} {reason}"))
                })
            }
            Statement::Delay { key, reference, delayed, .. } => self.check_sides(key, [reference, delayed]),
            Statement::Equivalence { key, values: [one, other], .. } => self.check_sides(key, [one, other]),
            Statement::Order { key, values: [one, other], at } => {
                self.check_layers(at)?;
                self.check_sides(key, [one, other])
            }
        }
    }

    /// An error if a value of the key has no cells, or if it is about sources and all cells of a value share one.
    fn check_sides(&self, key: &str, values: [&String; 2]) -> Result<(), String> {
        for value in values {
            let side = self.with(key, value)?;
            let sources: BTreeSet<Option<usize>> = side.cells.iter().map(|cell| cell.source).collect();
            if key.starts_with("source.") && sources.len() == 1 && side.cells.len() > 1 {
                return Err(format!("all cells with {value} share one source: vary `seeds.source`"));
            }
        }
        Ok(())
    }

    fn check_layers(&self, sites: &[String]) -> Result<(), String> {
        match sites.iter().find(|site| !self.cells.iter().any(|cell| is_at(cell, site))) {
            None => Ok(()),
            Some(site) => Err(format!("no cell has k = {site}")),
        }
    }

    /// An error if an epoch is beyond the budget or not evaluated, or if averaged weights have not settled by then.
    fn check_epochs(&self, epochs: &[u64]) -> Result<(), String> {
        for cell in &self.cells {
            let (budget, evaluation) = (cell.length.epochs, cell.evaluation);
            for &epoch in epochs {
                if epoch > budget {
                    return Err(format!("epoch {epoch} is beyond the budget of {budget} epochs"));
                }
                if !evaluation.has(epoch) {
                    let evaluated = |epoch: &u64| evaluation.has(*epoch);
                    let (before, after) = ((0..epoch).rev().find(evaluated), (epoch + 1..=budget).find(evaluated));
                    let near: Vec<String> = before.into_iter().chain(after).map(|epoch| epoch.to_string()).collect();
                    return Err(format!(
                        "epoch {epoch} is not evaluated; the nearest that are: {}",
                        near.join(" and ")
                    ));
                }
            }
            if let Some(&first) = epochs.first() {
                check_settled(cell, first)?;
            }
        }
        Ok(())
    }
}

/// An error if averaged weights are measured and have not settled by an epoch.
fn check_settled(cell: &PlannedCell, epoch: u64) -> Result<(), String> {
    let Some(half_life) = cell.evaluation.extra.averaging else { return Ok(()) };
    let steps = cell.length.steps * epoch / cell.length.epochs.max(1);
    let half_life = half_life.steps(cell.length.steps);
    if HalfLife::SETTLED * half_life <= steps as f64 {
        return Ok(());
    }
    let most = (steps as f64 / HalfLife::SETTLED).floor();
    Err(format!(
        "averaged weights have not settled at epoch {epoch}, after {steps} steps: `evaluate.averaged_half_life` is \
         {half_life} steps, and should be at most {most}"
    ))
}

/// Whether a cell has a number of frozen layers, or `all`.
fn is_at(cell: &PlannedCell, layers: &str) -> bool {
    if layers == "all" { cell.only_head } else { layers.parse() == Ok(cell.frozen_layers) }
}
