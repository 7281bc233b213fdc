//! `freezewise similarity`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::options::{DataRoot, Loaded, RunsRoot, SpecArguments};
use crate::analysis::similarity::Cka;
use crate::error::Exit;
use crate::output::{self, Progress, Table};
use crate::run::{self, Beginning, Measures, Places, Request, Similarity, Stop};
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,

    #[command(flatten)]
    runs: RunsRoot,

    #[command(flatten)]
    data: DataRoot,

    /// Use at most this many images of each split
    #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u32).range(10..))]
    images: u32,

    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,

    /// Print no progress, only the result and errors
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let stop = Stop::listen(None)?;
    let request = Request {
        places: Places { out: &arguments.runs.out, data: &arguments.data.data },
        beginning: Beginning::Resume,
        wait: Duration::ZERO,
        fixed: None,
        tensorboard: false,
        stop: &stop,
    };
    let Loaded { value: spec, gone, .. } = arguments.spec.load_until(request.places, &stop, arguments.quiet)?;
    gone.map_or(Ok(()), |gone| Err(gone.error))?;
    let most = arguments.images as usize;
    let (directory, similarity) = run::similarity(&spec, &request, most, &mut Progress::new(arguments.quiet))?;
    let data = if arguments.json { serde_json::to_string_pretty(&similarity)? } else { shown(&similarity) };
    output::data(&data)?;
    if !arguments.quiet {
        output::talk(&format!("written to {}", directory.similarity().display()));
    }
    Ok(Exit::Complete)
}

fn shown(similarity: &Similarity) -> String {
    let (source, target) = (&similarity.source, &similarity.target);
    let mut parts = vec![format!("{} to {}", source.name, target.name), measures(similarity).to_string()];
    parts.push(layers(similarity).to_string());
    if let Some(matching) = &similarity.after.classes {
        let mut table = Table::new(&["source class<", "target class<", "distance, squared"]);
        for pair in &matching.pairs {
            table.row([&pair.source, &pair.target, &number(pair.squared)]);
        }
        parts.push(format!("classes paired at the lowest total distance, after pretraining:\n{table}"));
    }
    parts.push(labels(similarity));
    parts.join("\n\n")
}

/// One row per measure of the pooled features.
fn measures(similarity: &Similarity) -> Table {
    let mut table = Table::new(&["measure<", "before pretraining", "after", "images<"]);
    let images = &similarity.images;
    let sides = |(source, target)| format!("{} source and {} target, test", grouped(source), grouped(target));
    let tested = images.source_test.zip(images.target_test).map_or(String::new(), sides);
    let trained = format!("{} target, training", grouped(images.target_train));
    let mut row = |name: &str, value: &dyn Fn(&Measures) -> Option<f64>, images: &str| {
        let [before, after] = [&similarity.before, &similarity.after].map(|measures| value(measures).map(number));
        if let (Some(before), Some(after)) = (before, after) {
            table.row([name, &before, &after, images]);
        }
    };
    row("Fréchet distance, squared", &|measures| Some(measures.frechet.as_ref()?.squared), &tested);
    row("  as a fraction of the variance", &|measures| Some(measures.frechet.as_ref()?.relative), "");
    row("  mean over paired classes", &|measures| Some(measures.classes.as_ref()?.mean_squared), "");
    row("  as a fraction of the variance", &|measures| Some(measures.classes.as_ref()?.relative), "");
    row("LEEP", &|measures| measures.leep, &trained);
    row("LogME", &|measures| Some(measures.logme), &trained);
    table
}

/// One row per layer: CKA, debiased and plain.
fn layers(similarity: &Similarity) -> Table {
    let fine_tuned = similarity.layers.iter().any(|layer| layer.fine_tuned.is_some());
    let mut columns = vec!["layer<", "CKA with fresh", "biased"];
    columns.extend(fine_tuned.then_some(["CKA with fine-tuned", "biased"]).into_iter().flatten());
    let mut table = Table::new(&columns);
    let cells = |cka: &Cka| {
        let number = |value: f64| format!("{value:.3}");
        [cka.debiased.map_or("–".to_owned(), number), number(cka.plain)]
    };
    for layer in &similarity.layers {
        let compared = std::iter::once(&layer.fresh).chain(&layer.fine_tuned).flat_map(cells);
        table.row(std::iter::once(layer.layer.clone()).chain(compared));
    }
    table
}

fn labels(similarity: &Similarity) -> String {
    let images = &similarity.images;
    let layers = format!("CKA on {} test images of the target", grouped(images.layers));
    match &similarity.labels {
        None => format!("{layers}; the classes have no names to compare"),
        Some(overlap) if overlap.shared.is_empty() => format!("{layers}; no class has the same name in both tasks"),
        Some(overlap) => format!(
            "{layers}; {} with the same name in both tasks, {:.0}% of the target's: {}",
            text::counted(overlap.shared.len(), "class", "classes"),
            overlap.of_target * 100.0,
            overlap.shared.join(", ")
        ),
    }
}

fn grouped(count: usize) -> String {
    text::grouped(count as u64)
}

/// Four significant digits.
fn number(value: f64) -> String {
    if value == 0.0 || (0.001..100_000.0).contains(&value.abs()) {
        let whole = value.abs().max(1.0).log10().floor() as usize;
        return format!("{value:.*}", 4usize.saturating_sub(whole + 1).max(usize::from(value.abs() < 1.0) * 4));
    }
    format!("{value:.3e}")
}
