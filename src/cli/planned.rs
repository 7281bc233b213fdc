//! A planned sweep, for the verbs `sweep` and `slurm`.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use super::absent::note_absent;
use super::options::{Gone, KnowingSurvey, Loaded, SpecArguments, load_until};
use crate::error::{Exit, UserError};
use crate::files;
use crate::native;
use crate::output::{self, Table};
use crate::run::{self, Fixed, Measured, Places, Stop};
use crate::rundir::{Record, RunDirectory};
use crate::spec::{self, DeviceChoice, Experiment, PrecisionChoice, Survey, Sweep};
use crate::sweep::{self, Call, Cost, RunState, SweepPlan, SweepRecord};
use crate::text;
use crate::train;

/// A device that cells are to run on.
pub(super) struct FoundDevice {
    /// Its name in `--devices`; `None` for the spec's.
    pub(super) name: Option<String>,
    pub(super) chosen: native::ChosenDevice,
}

/// A sweep and its plan.
pub(super) struct Planned<'a> {
    pub(super) sweep: Sweep,
    pub(super) plan: SweepPlan,
    survey: KnowingSurvey<'a>,
    /// Data that are gone, if any are.
    pub(super) gone: Option<Gone>,
}

/// An error if a path is not UTF-8: written into a command line or a script, it would name another file.
pub(super) fn check_text<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<()> {
    match paths.into_iter().find(|path| path.to_str().is_none()) {
        None => Ok(()),
        Some(path) => {
            let message =
                format!("`{}` is not UTF-8 and cannot be written into a command line or script", path.display());
            Err(UserError::usage(message).hint("rename it, or use a relative path from inside that folder").into())
        }
    }
}

impl<'a> Planned<'a> {
    /// Reads a spec and plans its cells below the folder of all runs.
    pub(super) fn load(spec: &SpecArguments, places: Places<'_>, stop: &'a Stop, quiet: bool) -> Result<Self> {
        let plan = |survey: &dyn Survey| -> Result<(Sweep, SweepPlan)> {
            let sweep = Sweep::load(&spec.spec, &spec.overrides.set, survey)?;
            let plan = SweepPlan::new(&sweep, places.out, survey)?;
            Ok((sweep, plan))
        };
        let Loaded { value: (sweep, plan), survey, gone } = load_until(places, stop, quiet, plan)?;
        Ok(Self { sweep, plan, survey, gone })
    }

    /// Says which data sets are absent, and what keeps this grid alone from answering its claims.
    pub(super) fn note_obstacles(&self, data: &Path) {
        note_absent(&self.plan.datasets, data);
        for obstacle in sweep::obstacles(&self.plan, &self.sweep.report) {
            output::talk(&format!("note: with this sweep alone, a claim cannot hold: {obstacle}"));
        }
    }

    /// Whether all of some cells are done.
    pub(super) fn are_done(&self, chosen: &[usize]) -> Result<bool> {
        let mut cells = chosen.iter().map(|&index| &self.plan.cells[index]);
        cells.try_fold(true, |done, cell| {
            let is_done = done && RunState::of(&cell.directory, Some(cell.length))? == RunState::Done;
            Ok(is_done && cell.measured != Measured::LacksBranches)
        })
    }

    fn experiment(&self, index: usize) -> Result<Experiment> {
        Ok(self.sweep.spec(&self.sweep.cells[index], &self.survey)?.experiment)
    }

    /// Threads per cell, if an earlier start, the spec or `OMP_NUM_THREADS` says.
    pub(super) fn threads(&self) -> Result<Option<usize>> {
        let before = SweepRecord::read(&self.plan.folder)?.map(|record| record.fixed.threads);
        let of_spec = self.experiment(0)?.threads;
        Ok(before.or(of_spec).or_else(native::omp_threads))
    }

    /// The named devices, or the spec's device if the list is empty, each with its name. This machine may lack them.
    pub(super) fn asked_devices(&self, names: &[String]) -> Result<Vec<(Option<String>, DeviceChoice)>> {
        let asked = names.iter().map(|name| spec::device(name)).collect::<Result<Vec<_>, _>>()?;
        if let Some(again) = (1..asked.len()).find(|&index| asked[..index].contains(&asked[index])) {
            let message = format!("`--devices` names `{}` twice", names[again]);
            return Err(UserError::usage(message).hint("`--jobs 2` runs two cells on each device").into());
        }
        if names.is_empty() {
            return Ok(vec![(None, self.experiment(0)?.device)]);
        }
        Ok(names.iter().cloned().map(Some).zip(asked).collect())
    }

    /// The same devices, found on this machine.
    pub(super) fn devices(&self, names: &[String]) -> Result<Vec<FoundDevice>> {
        let asked = self.asked_devices(names)?.into_iter();
        asked.map(|(name, choice)| Ok(FoundDevice { name, chosen: native::choose(choice)? })).collect()
    }

    /// Creates the sweep's folder with its record. Settings that an earlier start fixed stay, and this machine must
    /// support them. `threads` applies where neither an earlier start nor the spec says.
    pub(super) fn settle(&self, chosen: &native::ChosenDevice, threads: usize) -> Result<SweepRecord> {
        let plan = &self.plan;
        let first = self.experiment(0)?;
        let settings = |experiment: &Experiment| {
            train::settings(&experiment.compute, chosen, &experiment.blueprint(&experiment.target))
        };
        let fixed = || -> Result<Fixed> {
            let (precision, layout) = (settings(&first)?.precision, settings(&first)?.layout);
            for &index in &plan.networks {
                let experiment = self.experiment(index)?;
                let other = settings(&experiment)?.precision;
                if experiment.compute.precision == PrecisionChoice::Auto && other != precision {
                    let (one, two) = (&plan.cells[0].name, &plan.cells[index].name);
                    let message = format!(
                        "`precision = \"auto\"` resolves to {} for the cell `{one}` and to {} for `{two}`",
                        precision.name(),
                        other.name()
                    );
                    return Err(UserError::usage(message).hint("set `precision`, or make it an axis").into());
                }
            }
            Ok(Fixed { threads: first.threads.unwrap_or(threads), precision, layout })
        };
        let before = SweepRecord::read(&plan.folder)?;
        let is_new = before.is_none();
        let record = SweepRecord::following(plan, before, fixed)?;
        record.fixed.apply(&first.compute, chosen)?;
        files::create_folder(&plan.folder)?;
        if !is_new {
            record.write(&plan.folder)?;
        } else if !record.write_first(&plan.folder)? {
            // Another machine's start came first: what it fixed holds.
            return self.settle(chosen, threads);
        }
        Ok(record)
    }

    /// How many cells take half an hour together, estimated from those that are done; 1 if none is.
    pub(super) fn cells_per_task(&self) -> Result<usize> {
        const SECONDS: f64 = 1800.0;
        let mut paces = Vec::new();
        for index in 0..self.plan.cells.len() {
            paces.extend(self.pace(index, &self.state(index)?)?);
        }
        let Some(pace) = median(&mut paces) else { return Ok(1) };
        let cost =
            self.plan.cells.iter().map(|cell| cell.cost.multiply_adds).sum::<f64>() / self.plan.cells.len() as f64;
        Ok(((SECONDS / (pace * cost)).ceil() as usize).clamp(1, self.plan.cells.len()))
    }

    fn state(&self, index: usize) -> Result<RunState> {
        let cell = &self.plan.cells[index];
        RunState::of(&cell.directory, Some(cell.length))
    }

    /// Seconds per multiply-add of a cell, if it is done.
    fn pace(&self, index: usize, state: &RunState) -> Result<Option<f64>> {
        let cell = &self.plan.cells[index];
        if *state == RunState::Done { pace(&cell.directory, cell.cost) } else { Ok(None) }
    }

    /// The chosen cells and their sources as shell lines.
    pub(super) fn lines(&self, chosen: &[usize], call: Call<'_>) -> Result<Vec<String>> {
        // An engine may run a line in any folder.
        let absolute = |path: &Path| std::path::absolute(path).context("cannot find the current folder");
        let (spec, data, out) = (absolute(call.spec)?, absolute(call.data)?, absolute(call.out)?);
        check_text([call.program, &spec, &data, &out])?;
        Ok(sweep::lines(&self.plan, chosen, &Call { spec: &spec, out: &out, data: &data, ..call }))
    }

    /// Prints the cells and their states.
    pub(super) fn list(&self, chosen: &[usize], as_json: bool) -> Result<Exit> {
        let mut table = Table::new(&["cell", "name<", "state<", "detail<", "directory<"]);
        let mut list = Vec::new();
        for &index in chosen {
            let cell = &self.plan.cells[index];
            let state = self.state(index)?;
            if as_json {
                let values: serde_json::Map<_, _> =
                    self.plan.keys.iter().cloned().zip(cell.values.iter().cloned().map(Into::into)).collect();
                let source = cell.source.map(|source| &self.plan.sources[source].hash);
                list.push(json!({
                    "index": index, "name": cell.name, "values": values, "state": state.name(), "detail": state.detail(),
                    "directory": cell.directory.path().display().to_string(), "source": source, "set": cell.overrides,
                }));
            } else {
                let directory = cell.directory.name();
                table.row([&index.to_string(), &cell.name, state.name(), &text::shortened(state.detail()), &directory]);
            }
        }
        output::data(&if as_json { serde_json::to_string_pretty(&list)? } else { table.to_string() })?;
        Ok(Exit::Complete)
    }

    /// Prints what would run, and what it costs.
    pub(super) fn dry_run(&self, chosen: &[usize], slots: usize, as_json: bool) -> Result<Exit> {
        let (mut open, mut disk, mut paces, mut sources) = (0.0, 0, Vec::new(), BTreeSet::new());
        let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
        for &index in chosen {
            let (cell, state) = (&self.plan.cells[index], self.state(index)?);
            let lacks_branches = cell.measured == Measured::LacksBranches;
            *counts.entry(if lacks_branches { "done, but without branches" } else { state.name() }).or_default() += 1;
            paces.extend(self.pace(index, &state)?);
            if !matches!(state, RunState::Done | RunState::Diverged(_) | RunState::Failed(_)) {
                open += cell.cost.multiply_adds;
                disk += cell.cost.disk_bytes;
                sources.extend(cell.source);
            }
        }
        let (mut to_train, mut source_paces) = (0, Vec::new());
        for source in sources.into_iter().map(|index| &self.plan.sources[index]) {
            if run::is_trained(&source.directory)? {
                source_paces.extend(pace(&source.directory, source.cost)?);
            } else {
                open += source.cost.multiply_adds;
                to_train += 1;
            }
        }
        let seconds = median(&mut paces).or_else(|| median(&mut source_paces)).map(|pace| pace * open / slots as f64);
        if as_json {
            let report = json!({ "cells": chosen.len(), "states": counts, "sources": self.plan.sources.len(),
                "multiply_adds": open, "disk_bytes": disk, "slots": slots, "seconds": seconds });
            output::data(&serde_json::to_string_pretty(&report)?)?;
            return Ok(Exit::Complete);
        }
        let mut table = Table::new(&["what<", "value"]);
        for (state, count) in &counts {
            table.row([&format!("cells {state}"), &text::grouped(*count as u64)]);
        }
        table.row(["shared sources", &format!("{}, {to_train} to train", self.plan.sources.len())]);
        table.row(["multiply-adds left", &text::scaled(open as u64)]);
        table.row(["disk for weights and checkpoints", &text::bytes(disk)]);
        let time = seconds.map_or_else(|| "unknown until a source or a cell is done".to_owned(), text::duration);
        table.row([&format!("time with {}", text::counted(slots, "cell at once", "cells at once")), &time]);
        output::data(&table.to_string())?;
        Ok(Exit::Complete)
    }
}

/// Seconds per multiply-add of a training that is done, if its record has a time.
fn pace(directory: &RunDirectory, cost: Cost) -> Result<Option<f64>> {
    let seconds = Record::read(directory)?.and_then(|record| record.seconds);
    Ok(seconds.map(|seconds| seconds / cost.multiply_adds))
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
