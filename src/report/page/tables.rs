//! Every run that a report uses, as CSV: the data behind its statements.

use anyhow::Result;

use crate::report::contents::ReportContents;
use crate::report::read::RunMeasure;

/// One row per run.
pub(in crate::report) fn runs_csv(contents: &ReportContents) -> Result<Vec<u8>> {
    let settings = &contents.settings;
    let mut table = csv::Writer::from_writer(Vec::new());
    let own = ["run", "frozen_layers", "train_examples", "seeds"].map(str::to_owned);
    let outcomes = RunMeasure::ALL.iter().map(|outcome| outcome.column().to_owned());
    let end = ["first_interpolation_epoch", "interpolation_epoch", "regime"].map(str::to_owned);
    let axes = settings.axes.iter().filter(|axis| *axis != "target.train_size").cloned().collect::<Vec<_>>();
    table.write_record(own.into_iter().chain(axes.iter().cloned()).chain(outcomes).chain(end))?;
    for setting in &settings.all {
        for run in setting.runs() {
            let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
            let own = [
                run.place.clone(),
                run.frozen.count.to_string(),
                run.train_examples.map(|count| count.to_string()).unwrap_or_default(),
                run.seeds.label(),
            ];
            let axes = axes.iter().map(|axis| setting.values.get(axis).cloned().unwrap_or_default());
            let outcomes = RunMeasure::ALL.iter().map(|outcome| number(run.outcome(*outcome)));
            let epoch = |epoch: Option<u64>| epoch.map(|epoch| epoch.to_string()).unwrap_or_default();
            let interpolation = run.interpolation();
            let epochs = [interpolation.first_epoch, interpolation.sustained_epoch].map(epoch);
            let regime = format!("{:?}", run.regime()).to_lowercase();
            table.write_record(own.into_iter().chain(axes).chain(outcomes).chain(epochs).chain([regime]))?;
        }
    }
    Ok(table.into_inner()?)
}
