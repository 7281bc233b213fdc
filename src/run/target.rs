//! The fine-tuning phase of a run.

use anyhow::{Context, Result};

use crate::data::{Normalisation, TaskData};
use crate::files::{self, Lines};
use crate::native;
use crate::network::{NamedTensors, Network};
use crate::run::compute::ComputeSetup;
use crate::run::phase::event::EventSink;
use crate::run::phase::log::RunLog;
use crate::run::phase::session::Session;
use crate::run::phase::start::PhaseStart;
use crate::run::phase::work::PhaseWork;
use crate::run::recovery::lock::Lock;
use crate::run::request::{Finished, Request};
use crate::run::source;
use crate::run::transfer::transfer;
use crate::rundir::{DataRecord, Record, RunDirectory, Summary, TransferReport, write_json};
use crate::spec::{Side, Source, Spec};
use crate::text;

/// Trains the target in a locked directory, on loaded data.
pub(in crate::run) fn train(
    spec: &Spec,
    request: &Request<'_>,
    directory: &RunDirectory,
    lock: &Lock,
    (compute, data, facts): (ComputeSetup, TaskData, DataRecord),
    events: &mut dyn EventSink,
) -> Result<Finished> {
    let experiment = &spec.experiment;
    files::remove_unfinished(directory.path())?;
    let run_log = RunLog { log: Some(Lines::extend(&directory.log())?), events };
    let before = Record::read(directory)?;
    let work = PhaseWork {
        side: Side::Target,
        experiment,
        task: &experiment.target,
        directory,
        lock,
        stop: request.stop,
        spec: spec.to_toml()?,
        hash: spec.run_hash(),
        source_hash: spec.source_hash(),
        frozen: &experiment.transfer.frozen,
        frozen_norm: experiment.transfer.frozen_norm,
        evaluation: experiment.evaluation,
        tensorboard: request.tensorboard,
        checkpoints: experiment.checkpoints.clone(),
    };
    let noise = data.train_labels.realised_fraction();
    let validation_noise_realised = data.validation_noise_realised;
    let session = Session::open(work, compute, (data, facts), before, run_log)?;
    let ends = |rows: Vec<_>| {
        // Written together with these weights: a summary of another budget or schedule must not stay beside them.
        let summary = Summary::new(experiment, &rows, noise).context("the run ended without an evaluation")?;
        let summary = Summary { validation_noise_realised, ..summary };
        write_json(&directory.summary(), &summary)?;
        Ok(Finished { directory: directory.clone(), summary, rows, already: false })
    };
    let starts = |network: &Network, compute: &ComputeSetup, run_log: &mut RunLog<'_>, resumes| {
        for line in opening(directory, compute) {
            run_log.note(&line)?;
        }
        let (report, source) = if resumes {
            // The checkpoint holds every tensor.
            (TransferReport::new(network.blueprint(), experiment.source.is_some(), &experiment.transfer), None)
        } else {
            let (weights, normalisation) = source_of(spec, compute, request, run_log)?;
            (transfer(network, weights.as_ref(), &experiment.transfer)?, normalisation)
        };
        run_log.note(&report.sentence())?;
        Ok(PhaseStart { transfer: Some(report), source })
    };
    session.train(starts, ends)
}

/// The first lines of a run's log.
fn opening(directory: &RunDirectory, compute: &ComputeSetup) -> Vec<String> {
    let threads = text::counted(compute.threads, "CPU thread", "CPU threads");
    let (device, settings) = (&compute.device.name, compute.settings.sentence());
    let mut lines = vec![
        format!("run {}", directory.path().display()),
        format!("device {device}, {settings}, {threads}, libtorch {}", native::LIBTORCH),
    ];
    lines.extend(compute.notes.iter().cloned());
    lines
}

/// The source weights, if the spec has a source, and the normalisation of a source that was trained by freezewise.
fn source_of(
    spec: &Spec,
    compute: &ComputeSetup,
    request: &Request<'_>,
    run_log: &mut RunLog<'_>,
) -> Result<(Option<NamedTensors>, Option<Normalisation>)> {
    Ok(match (&spec.experiment.source, spec.source_hash()) {
        (Some(Source::Task(task)), Some(hash)) => {
            let trained = source::weights(spec, task, &hash, None, compute, request, run_log)?;
            (Some(trained.weights), Some(trained.normalisation))
        }
        (Some(Source::Weights(path)), _) => (Some(source::from_file(path, &spec.experiment, run_log)?), None),
        _ => (None, None),
    })
}
