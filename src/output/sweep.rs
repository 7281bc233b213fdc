//! Progress of a sweep: on a terminal a bar for all cells and one per running cell; otherwise a line per finished cell.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::talk;
use crate::rundir::RunDirectory;
use crate::sweep::SweepPlan;
use crate::sweep::runner::{Active, CellCounts, CellOutcome, SweepEvent, SweepObserver};
use crate::text;

/// How often the rows of running cells are read from disk.
const REFRESH: Duration = Duration::from_secs(1);

/// Shows the progress of a sweep.
pub struct SweepView {
    style: SweepStyle,
    started: Instant,
    before: usize,
    sources: usize,
}

enum SweepStyle {
    Silent,
    Bars { all: ProgressBar, bars: MultiProgress, cells: Vec<(String, ProgressBar)>, last: Option<Instant> },
    Lines,
}

impl SweepView {
    /// Bars if stderr is a terminal, otherwise lines; nothing if `silent`.
    pub fn new(plan: &SweepPlan, silent: bool) -> Self {
        let style = if silent {
            SweepStyle::Silent
        } else if std::io::stderr().is_terminal() {
            let bars = MultiProgress::new();
            let all = bars.add(bar("{prefix} {bar:20} {pos} of {len} cells{wide_msg}", plan.cells.len() as u64));
            SweepStyle::Bars { all, bars, cells: Vec::new(), last: None }
        } else {
            SweepStyle::Lines
        };
        Self { style, started: Instant::now(), before: 0, sources: plan.sources.len() }
    }

    fn say(&self, sentence: &str) {
        match &self.style {
            SweepStyle::Silent => {}
            SweepStyle::Bars { bars, .. } => {
                let _ = bars.println(sentence);
            }
            SweepStyle::Lines => talk(sentence),
        }
    }

    fn begun(&mut self, counts: CellCounts) {
        self.before = counts.done + counts.diverged + counts.failed;
        let done = if counts.done > 0 {
            format!(", {} already done", text::grouped(counts.done as u64))
        } else {
            String::new()
        };
        let failed = match counts.failed {
            0 => String::new(),
            count => format!(", {} failed before (retry with `--retry-failed`)", text::grouped(count as u64)),
        };
        let sources = match self.sources {
            0 => String::new(),
            count => format!(", {}", text::counted(count, "source", "sources")),
        };
        self.say(&format!("{}{sources}{done}{failed}", text::counted(counts.all, "cell", "cells")));
        if counts.measured_otherwise > 0 {
            let cells = text::counted(counts.measured_otherwise, "finished cell was", "finished cells were");
            self.say(&format!("note: {cells} measured with other `evaluate` or `branches` keys, and stay so"));
        }
        if counts.other_precision > 0 {
            let cells = text::counted(counts.other_precision, "finished cell was", "finished cells were");
            self.say(&format!("note: {cells} computed in another precision than this sweep's"));
        }
    }

    fn ended(&mut self, job: &str, outcome: &CellOutcome, elapsed: Duration) {
        let took = text::duration(elapsed.as_secs_f64());
        match outcome {
            CellOutcome::Done { .. } => self.say(&format!("done     {job}  {took}")),
            CellOutcome::Diverged(reason) => self.say(&format!("diverged {job}: {reason}")),
            CellOutcome::Failed(failure) => {
                self.say(&format!("failed   {job}: {}", failure.reason));
                failure.tail.iter().for_each(|line| self.say(&format!("    | {line}")));
            }
            CellOutcome::Held => self.say(&format!("locked   {job}: by another process")),
            CellOutcome::Stopped => self.say(&format!("stopped  {job}, with a checkpoint")),
            CellOutcome::NotStarted => {}
        }
    }

    fn tick(&mut self, running: &[Active], counts: CellCounts) {
        let left = time_left(self.started, self.before, counts);
        let SweepStyle::Bars { all, bars, cells, last } = &mut self.style else { return };
        if last.is_some_and(|last| last.elapsed() < REFRESH) {
            return;
        }
        *last = Some(Instant::now());
        all.set_position((counts.done + counts.diverged + counts.failed) as u64);
        let failed = if counts.failed > 0 { format!(", {} failed", counts.failed) } else { String::new() };
        all.set_message(format!("{failed}{left}"));
        cells.retain(|(name, bar)| {
            let stays = running.iter().any(|active| active.name == *name);
            if !stays {
                bar.finish_and_clear();
                bars.remove(bar);
            }
            stays
        });
        for active in running {
            if !cells.iter().any(|(name, _)| *name == active.name) {
                let new = bars.add(bar("  {prefix} {bar:12} {wide_msg}", active.epochs.max(1)));
                new.set_prefix(active.name.clone());
                cells.push((active.name.clone(), new));
            }
            let Some((_, bar)) = cells.iter().find(|(name, _)| *name == active.name) else { continue };
            show(bar, &active.directory);
        }
    }
}

impl SweepObserver for SweepView {
    fn on_event(&mut self, event: &SweepEvent<'_>) {
        match event {
            SweepEvent::Begun(counts) => self.begun(*counts),
            SweepEvent::Started { .. } => {}
            SweepEvent::Jobs { device, count } => {
                let name = device.name.as_deref().unwrap_or("the GPU");
                self.say(&format!("{name}: {} at a time", text::counted(*count, "cell", "cells")));
            }
            SweepEvent::PutBack { job } => {
                self.say(&format!("requeued {job}: out of memory while other cells were running"));
            }
            SweepEvent::Ended { job, outcome, elapsed } => self.ended(job, outcome, *elapsed),
            SweepEvent::Tick { running, counts } => self.tick(running, *counts),
            SweepEvent::End(counts) => {
                if let SweepStyle::Bars { all, cells, .. } = &self.style {
                    for (_, bar) in cells {
                        bar.finish_and_clear();
                    }
                    all.set_position((counts.done + counts.diverged + counts.failed) as u64);
                    all.set_message("");
                    all.abandon();
                }
            }
        }
    }
}

/// `, 3 min 20 s left`, estimated from the cells that this call has finished.
fn time_left(started: Instant, before: usize, counts: CellCounts) -> String {
    let ended =
        counts.done + counts.diverged + counts.failed - before.min(counts.done + counts.diverged + counts.failed);
    let open = counts.all.saturating_sub(counts.done + counts.diverged + counts.failed);
    if ended == 0 || open == 0 {
        return String::new();
    }
    format!(", {} left", text::duration(started.elapsed().as_secs_f64() * open as f64 / ended as f64))
}

/// Shows the last row of a run on its bar.
fn show(bar: &ProgressBar, directory: &RunDirectory) {
    let Some(row) = directory.last_row() else { return };
    bar.set_position(row.epoch);
    let percent = |name: &str, error: Option<f64>| error.map(|error| format!(" · {name} {:.1}%", error * 100.0));
    let errors = [percent("train", row.train_error), percent("test", row.test_error)];
    bar.set_message(format!("epoch {}{}", row.epoch, errors.into_iter().flatten().collect::<String>()));
}

fn bar(template: &str, length: u64) -> ProgressBar {
    // Only a typo in the template could fail; then the default bar is used.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}
