//! The command line, one file per verb. A verb returns a result; only `main` turns it into an exit code.

mod absent;
mod bench;
mod capacity;
mod check;
mod collect;
mod compare;
mod completions;
mod count;
mod data;
mod describe;
mod doctor;
mod form;
mod man;
mod new;
mod options;
mod planned;
mod plot;
mod probe;
mod prune;
mod report;
mod run;
mod schema;
mod selection;
mod similarity;
mod slurm;
mod source;
mod status;
mod sweep;
mod weights;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::{ERROR, Exit, UserError};
use crate::output;
use crate::spec::Problems;

const EXAMPLES: &str = "\
Examples:
  freezewise new first                                               A commented spec, first.toml
  freezewise run configs/smoke.toml                                  A whole run in ten seconds
  freezewise run configs/cifar.toml --set transfer.frozen_layers=4   Change one key of a spec
  freezewise sweep configs/sweeps/layers.toml                        All cells of a grid
  freezewise report runs/layers                                      Findings and figures

Exit codes:
  0    everything requested is complete, or already was
  1    failed
  2    wrong arguments or spec
  3    a sweep ended with failed cells
  75   not finished; run the same command again to resume
  130  ended at once by a second Ctrl-C";

/// Transfer-learning experiments for the study of double descent: pretrain on a source task, freeze the first
/// layers, fine-tune on a target task, and log every epoch's errors to CSV.
#[derive(Debug, Parser)]
#[command(name = "freezewise", version, max_term_width = 100, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write a commented starter spec, NAME.toml.
    New(new::Arguments),
    /// Run a spec: pretrain, transfer, fine-tune. Prints the run directory.
    Run(run::Arguments),
    /// Run all cells of a sweep: a spec with a `[sweep]` table.
    Sweep(sweep::Arguments),
    /// Write a Slurm job script for a sweep, and submit it.
    Slurm(slurm::Arguments),
    /// Train only the source of a spec. Prints its directory.
    Source(source::Arguments),
    /// Show which runs are done, running, waiting or failed, and why.
    Status(status::Arguments),
    /// Plot the error curves of runs, in the terminal or to a file.
    Plot(plot::Arguments),
    /// Compare runs in a table: the keys that differ, and the errors.
    Compare(compare::Arguments),
    /// Print every epoch of every run as one CSV table.
    Collect(collect::Arguments),
    /// Write a report of runs: findings, figures and tables in `report/index.html`.
    Report(report::Arguments),
    /// Delete weights and checkpoints of finished runs; keep their tables.
    Prune(prune::Arguments),
    /// Check specs and report all of their problems.
    Check(check::Arguments),
    /// Show a spec's layers, shapes and costs, and what trains at each number of frozen layers.
    Describe(describe::Arguments),
    /// Measure how similar source and target are, before and after pretraining.
    Similarity(similarity::Arguments),
    /// Probe every layer's features with linear heads and nearest neighbours.
    Probe(probe::Arguments),
    /// List, fetch, verify and inspect data sets.
    Data(data::Arguments),
    /// Import PyTorch weights, and export a run's weights.
    Weights(weights::Arguments),
    /// Print the JSON schema of a spec, or every key on one page.
    Schema(schema::Arguments),
    /// Time training steps, evaluation and frozen layers of a spec on this machine.
    Bench(bench::Arguments),
    /// Check this machine: libtorch, CUDA, threads, data sets.
    Doctor(doctor::Arguments),
    /// Print shell completions.
    Completions(completions::Arguments),
    /// Print a manual page.
    Man(man::Arguments),
}

/// Runs the command line and returns its exit code.
pub fn main() -> ExitCode {
    let done = match Arguments::parse().verb {
        Verb::New(arguments) => new::main(&arguments),
        Verb::Run(arguments) => run::main(&arguments),
        Verb::Sweep(arguments) => sweep::main(&arguments),
        Verb::Slurm(arguments) => slurm::main(&arguments),
        Verb::Source(arguments) => source::main(&arguments),
        Verb::Status(arguments) => status::main(&arguments),
        Verb::Plot(arguments) => plot::main(&arguments),
        Verb::Compare(arguments) => compare::main(&arguments),
        Verb::Collect(arguments) => collect::main(&arguments),
        Verb::Report(arguments) => report::main(&arguments),
        Verb::Prune(arguments) => prune::main(&arguments),
        Verb::Check(arguments) => check::main(&arguments),
        Verb::Describe(arguments) => describe::main(&arguments),
        Verb::Similarity(arguments) => similarity::main(&arguments),
        Verb::Probe(arguments) => probe::main(&arguments),
        Verb::Data(arguments) => data::main(&arguments),
        Verb::Weights(arguments) => weights::main(&arguments),
        Verb::Schema(arguments) => schema::main(&arguments),
        Verb::Bench(arguments) => bench::main(&arguments),
        Verb::Doctor(arguments) => doctor::main(&arguments),
        Verb::Completions(arguments) => completions::main(&arguments),
        Verb::Man(arguments) => man::main(&arguments),
    };
    ExitCode::from(done.unwrap_or_else(|error| tell(&error)) as u8)
}

/// Prints an error with its hints and returns its exit code.
fn tell(error: &anyhow::Error) -> Exit {
    if let Some(problems) = error.downcast_ref::<Problems>() {
        output::talk(&problems.to_string());
        return problems.exit();
    }
    let advice = error.chain().find_map(|cause| cause.downcast_ref::<UserError>());
    let exit = advice.map_or(Exit::Failed, UserError::exit);
    // A requested stop is not an error.
    output::talk(&format!("{}{error:#}", if exit == Exit::Stopped { "" } else { ERROR }));
    for hint in advice.map(UserError::hints).unwrap_or_default() {
        output::talk(&format!("  {hint}"));
    }
    exit
}
