//! What was typed, and one file per verb. A verb returns; only `main` turns that into an exit code.

mod bench;
mod check;
mod collect;
mod compare;
mod completions;
mod count;
mod data;
mod describe;
mod doctor;
mod man;
mod options;
mod planned;
mod plot;
mod probe;
mod prune;
mod report;
mod run;
mod schema;
mod similarity;
mod slurm;
mod source;
mod status;
mod sweep;
mod weights;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::{Exit, UserError};
use crate::output;
use crate::spec::Problems;

/// Transfer-learning experiments for the study of double descent: pretrain on a source task, freeze the first
/// layers, fine-tune on a target task, and log every epoch's errors to CSV.
#[derive(Debug, Parser)]
#[command(name = "freezewise", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run a spec: pretrain, transfer, fine-tune; prints the run's directory.
    Run(run::Arguments),
    /// Run the cells of a sweep: a spec with a `[sweep]` table.
    Sweep(sweep::Arguments),
    /// Write, and submit, the Slurm jobs of a sweep.
    Slurm(slurm::Arguments),
    /// Train the source of a spec, and no target.
    Source(source::Arguments),
    /// Show which runs are done, running, waiting or failed, and why.
    Status(status::Arguments),
    /// Draw the errors of runs in the terminal, or as a figure.
    Plot(plot::Arguments),
    /// Show runs side by side: the keys in which they differ, and their errors.
    Compare(compare::Arguments),
    /// Print all epochs of all runs as one CSV table.
    Collect(collect::Arguments),
    /// Write findings, figures and pages of runs: `report/index.html`.
    Report(report::Arguments),
    /// Drop weights and checkpoints of finished runs, and keep their tables.
    Prune(prune::Arguments),
    /// Check specs and report all of their problems.
    Check(check::Arguments),
    /// Show a spec's layers, their shapes and costs, and what trains at each number of frozen layers.
    Describe(describe::Arguments),
    /// Measure how alike source and target are, before and after pretraining.
    Similarity(similarity::Arguments),
    /// Fit linear heads and nearest neighbours on the features of every layer.
    Probe(probe::Arguments),
    /// List, fetch, check and look at data sets.
    Data(data::Arguments),
    /// Bring PyTorch's weights in, and a run's weights out.
    Weights(weights::Arguments),
    /// Print the JSON schema of a spec, or every key on one page.
    Schema(schema::Arguments),
    /// Time the steps, the evaluation and the frozen layers of a spec on this machine.
    Bench(bench::Arguments),
    /// Tell what was found on this machine: libtorch, CUDA, threads, data sets.
    Doctor(doctor::Arguments),
    /// Print completions for a shell.
    Completions(completions::Arguments),
    /// Print the manual page, of the whole program or of one command.
    Man(man::Arguments),
}

/// Runs the command line and returns its exit code.
pub fn main() -> ExitCode {
    let done = match Arguments::parse().verb {
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

/// Says what went wrong and what to do, and returns the exit code that goes with it.
fn tell(error: &anyhow::Error) -> Exit {
    if let Some(problems) = error.downcast_ref::<Problems>() {
        output::talk(&problems.to_string());
        return problems.exit();
    }
    let advice = error.chain().find_map(|cause| cause.downcast_ref::<UserError>());
    let exit = advice.map_or(Exit::Failed, UserError::exit);
    // A stop was asked for: that is no error.
    output::talk(&format!("{}{error:#}", if exit == Exit::Stopped { "" } else { "error: " }));
    for hint in advice.map(UserError::hints).unwrap_or_default() {
        output::talk(&format!("  {hint}"));
    }
    exit
}
