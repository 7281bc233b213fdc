//! `freezewise describe`.

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::options::{DataRoot, SpecArguments};
use crate::blueprint::{Blueprint, FrozenSet};
use crate::error::Exit;
use crate::native;
use crate::output::{self, Table};
use crate::spec::{Experiment, Sweep};
use crate::text;
use crate::train::Footprint;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,

    #[command(flatten)]
    data: DataRoot,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The description, for `--json`.
#[derive(Debug, Serialize)]
struct Description {
    /// n.
    train_examples: usize,
    /// C.
    classes: usize,
    /// n·C.
    examples_times_classes: u64,
    input: String,
    layers: Vec<LayerRow>,
    frozen_layers: Vec<Frozen>,
    /// The smallest k at which fewer than n·C parameters train.
    crossing: Crossing,
    /// What this spec freezes.
    spec: Choice,
    /// The precision that this spec gets on this machine's CPU.
    precision_on_cpu: &'static str,
}

#[derive(Debug, Serialize)]
struct LayerRow {
    name: String,
    output: String,
    parameters: u64,
    multiply_adds: u64,
}

#[derive(Debug, Serialize)]
struct Frozen {
    k: usize,
    #[serde(flatten)]
    counts: ParameterCounts,
    /// Memory that the device holds between epochs.
    resident_bytes: Footprint,
}

/// Trainable parameters, plain and with the linear tail collapsed, and both divided by n·C.
#[derive(Debug, Serialize)]
struct ParameterCounts {
    trainable_parameters: u64,
    per_example_and_class: f64,
    collapsed_parameters: u64,
    collapsed_per_example_and_class: f64,
}

#[derive(Debug, Serialize)]
struct Crossing {
    trainable: Option<usize>,
    collapsed: Option<usize>,
}

#[derive(Debug, Serialize)]
struct Choice {
    frozen: Vec<String>,
    #[serde(flatten)]
    counts: ParameterCounts,
    resident_bytes: Footprint,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let experiment = experiment(arguments)?;
    let blueprint = experiment.blueprint(&experiment.target);
    let footprint = |frozen: &FrozenSet| experiment.footprint(&blueprint, frozen);
    let frozen = &experiment.transfer.frozen;
    let precision = native::precision_on_cpu(experiment.compute.precision, &blueprint).name();
    let description = describe(&blueprint, frozen, experiment.target.train_size, precision, footprint);
    if arguments.json {
        output::data(&serde_json::to_string_pretty(&description)?)?;
    } else {
        output::data(&table(&description))?;
    }
    Ok(Exit::Complete)
}

/// The experiment of the spec; of a sweep, that of the first cell.
fn experiment(arguments: &Arguments) -> Result<Experiment> {
    let (path, overrides) = (&arguments.spec.spec, &arguments.spec.overrides.set);
    if !Sweep::is_open(path, overrides)? {
        return Ok(arguments.spec.load(&arguments.data)?.experiment);
    }
    let survey = arguments.data.surveyor();
    let sweep = Sweep::load(path, overrides, &survey)?;
    let first = &sweep.cells[0];
    let cells = text::counted(sweep.cells.len(), "cell", "cells");
    output::talk(&format!("note: a sweep of {cells}; this is the first, `{}`", first.name));
    Ok(sweep.spec(first, &survey)?.experiment)
}

fn describe(
    blueprint: &Blueprint,
    chosen: &FrozenSet,
    train_examples: usize,
    precision_on_cpu: &'static str,
    footprint: impl Fn(&FrozenSet) -> Footprint,
) -> Description {
    let examples_times_classes = (train_examples * blueprint.classes) as u64;
    let layer = |facts: crate::blueprint::LayerFacts| LayerRow {
        name: facts.name,
        output: facts.output.to_string(),
        parameters: facts.parameters,
        multiply_adds: facts.multiply_adds,
    };
    let counts = |frozen: &FrozenSet| {
        let trainable_parameters = blueprint.trainable_parameters(frozen);
        let collapsed_parameters = blueprint.collapsed_parameters(frozen);
        let ratio = |count: u64| count as f64 / examples_times_classes as f64;
        ParameterCounts {
            trainable_parameters,
            per_example_and_class: ratio(trainable_parameters),
            collapsed_parameters,
            collapsed_per_example_and_class: ratio(collapsed_parameters),
        }
    };
    let layers = blueprint.layers.len();
    let at = |k: usize| {
        let frozen = FrozenSet::first(k, layers);
        Frozen { k, counts: counts(&frozen), resident_bytes: footprint(&frozen) }
    };
    let frozen_layers: Vec<Frozen> = (0..=layers).map(at).collect();
    let crossing = |count: fn(&ParameterCounts) -> u64| {
        frozen_layers.iter().find(|frozen| count(&frozen.counts) < examples_times_classes).map(|frozen| frozen.k)
    };
    let names = blueprint.layers.iter().enumerate().filter(|(index, _)| chosen.has(*index));
    Description {
        train_examples,
        classes: blueprint.classes,
        examples_times_classes,
        input: blueprint.input.to_string(),
        layers: blueprint.facts().into_iter().map(layer).collect(),
        crossing: Crossing {
            trainable: crossing(|counts| counts.trainable_parameters),
            collapsed: crossing(|counts| counts.collapsed_parameters),
        },
        frozen_layers,
        spec: Choice {
            frozen: names.map(|(_, layer)| layer.name.clone()).collect(),
            counts: counts(chosen),
            resident_bytes: footprint(chosen),
        },
        precision_on_cpu,
    }
}

/// One row per layer, with what trains when it is the last one frozen.
fn table(description: &Description) -> String {
    let columns = ["k", "layer<", "output<", "parameters", "multiply-adds", "trainable at k", "per n·C"];
    let mut table = Table::new(&[&columns[..], &["collapsed at k", "per n·C", "memory at k"]].concat());
    let trainable = |k: usize| {
        let Frozen { counts, resident_bytes, .. } = description.frozen_layers.get(k)?;
        Some([
            text::grouped(counts.trainable_parameters),
            format!("{:.3}", counts.per_example_and_class),
            text::grouped(counts.collapsed_parameters),
            format!("{:.3}", counts.collapsed_per_example_and_class),
            text::bytes(resident_bytes.total()),
        ])
    };
    let row = |k: String, layer: &LayerRow, trainable: [String; 5]| {
        let cost = text::scaled(layer.multiply_adds);
        let own = [k, layer.name.clone(), layer.output.clone(), text::grouped(layer.parameters), cost];
        own.into_iter().chain(trainable)
    };
    let nothing =
        LayerRow { name: "(input)".into(), output: description.input.clone(), parameters: 0, multiply_adds: 0 };
    table.row(row("0".into(), &nothing, trainable(0).unwrap_or_default()));
    for (index, layer) in description.layers.iter().enumerate() {
        let k = index + 1;
        let name = if k < description.frozen_layers.len() { k.to_string() } else { String::new() };
        table.row(row(name, layer, trainable(k).unwrap_or_default()));
    }
    format!("{table}\n\n{}", summary(description))
}

/// The legend and the totals below the table.
fn summary(description: &Description) -> String {
    let all = |count: fn(&LayerRow) -> u64| description.layers.iter().map(count).sum::<u64>();
    let from = |k: Option<usize>| k.map_or("never".to_owned(), |k| format!("from k = {k} on"));
    let chosen = &description.spec;
    format!(
        "{} parameters, {} multiply-adds per image; n = {} examples, C = {} classes\n\
         k: number of frozen layers, up to and including this row; trainable: parameters that still train, with the head\n\
         collapsed: trainable, but a last convolution with no norm or activation after it counts by the rank of its\n\
         product with pooling and head\n\
         fewer than n·C = {} parameters: trainable {}, collapsed {}\n\
         this spec freezes {}: {} parameters train, {} collapsed\n\
         memory: held on a GPU between epochs; for this spec {} weights, {} optimizer, {} data, {} prefix cache\n\
         precision on this CPU: {}",
        text::grouped(all(|layer| layer.parameters)),
        text::scaled(all(|layer| layer.multiply_adds)),
        text::grouped(description.train_examples as u64),
        description.classes,
        text::grouped(description.examples_times_classes),
        from(description.crossing.trainable),
        from(description.crossing.collapsed),
        text::counted(chosen.frozen.len(), "layer", "layers"),
        text::grouped(chosen.counts.trainable_parameters),
        text::grouped(chosen.counts.collapsed_parameters),
        text::bytes(chosen.resident_bytes.weights),
        text::bytes(chosen.resident_bytes.optimizer),
        text::bytes(chosen.resident_bytes.data),
        text::bytes(chosen.resident_bytes.cache),
        description.precision_on_cpu,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{Architecture, Granularity, ImageShape, PreactResnet18};

    /// With the last convolution unfrozen, the plain count is 37,642 and the collapsed one 3,338: on either side of
    /// n·C = 20,000.
    #[test]
    fn the_crossing_is_the_first_k_below_n_times_c() {
        let input = ImageShape { channels: 3, height: 16, width: 16 };
        let architecture = Architecture::PreactResnet18(PreactResnet18 { width: 8 });
        let blueprint = Blueprint::new(&architecture, Granularity::Sublayer, input, 10).expect("it fits");
        let nothing = |_: &FrozenSet| Footprint { weights: 0, optimizer: 0, data: 0, cache: 0 };
        let description = describe(&blueprint, &FrozenSet::first(16, 17), 2000, "fp32", nothing);
        assert_eq!((description.crossing.trainable, description.crossing.collapsed), (Some(17), Some(16)));
        assert_eq!(description.spec.counts.collapsed_parameters, 3_338);
        let text = table(&description);
        assert!(
            text.contains("fewer than n·C = 20,000 parameters: trainable from k = 17 on, collapsed from k = 16 on"),
            "{text}"
        );
    }
}
