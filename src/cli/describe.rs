//! `freezewise describe`.

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::options::SpecArguments;
use crate::blueprint::{Blueprint, FrozenSet};
use crate::error::Exit;
use crate::output::{self, Table};
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The description, as data.
#[derive(Debug, Serialize)]
struct Description {
    /// n.
    train_examples: usize,
    /// C.
    classes: usize,
    input: String,
    layers: Vec<Layer>,
    frozen_layers: Vec<Frozen>,
}

#[derive(Debug, Serialize)]
struct Layer {
    name: String,
    output: String,
    parameters: u64,
    multiply_adds: u64,
}

#[derive(Debug, Serialize)]
struct Frozen {
    k: usize,
    trainable_parameters: u64,
    per_example_and_class: f64,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let experiment = arguments.spec.load()?.experiment;
    let target = &experiment.target;
    let description = describe(&experiment.blueprint(target), target.train_size, target.classes);
    if arguments.json {
        output::data(&serde_json::to_string_pretty(&description)?)?;
    } else {
        output::data(&table(&description))?;
    }
    Ok(Exit::Complete)
}

fn describe(blueprint: &Blueprint, train_examples: usize, classes: usize) -> Description {
    let layer = |facts: crate::blueprint::LayerFacts| Layer {
        name: facts.name,
        output: facts.output.to_string(),
        parameters: facts.parameters,
        multiply_adds: facts.multiply_adds,
    };
    let frozen = |k| {
        let trainable_parameters = blueprint.trainable_parameters(&FrozenSet::first(k, blueprint.layers.len()));
        let per_example_and_class = trainable_parameters as f64 / (train_examples * classes) as f64;
        Frozen { k, trainable_parameters, per_example_and_class }
    };
    Description {
        train_examples,
        classes,
        input: blueprint.input.to_string(),
        layers: blueprint.facts().into_iter().map(layer).collect(),
        frozen_layers: (0..=blueprint.layers.len()).map(frozen).collect(),
    }
}

/// A row for each layer, with what trains once it is the last one frozen.
fn table(description: &Description) -> String {
    let mut table = Table::new(&["k", "layer<", "output<", "parameters", "multiply-adds", "trainable at k", "per n·C"]);
    let trainable = |k: usize| {
        let frozen = description.frozen_layers.get(k)?;
        Some([text::grouped(frozen.trainable_parameters), format!("{:.3}", frozen.per_example_and_class)])
    };
    let row = |k: String, layer: &Layer, trainable: [String; 2]| {
        let [count, ratio] = trainable;
        let cost = text::scaled(layer.multiply_adds);
        [k, layer.name.clone(), layer.output.clone(), text::grouped(layer.parameters), cost, count, ratio]
    };
    let nothing = Layer { name: "(input)".into(), output: description.input.clone(), parameters: 0, multiply_adds: 0 };
    table.row(row("0".into(), &nothing, trainable(0).unwrap_or_default()));
    for (index, layer) in description.layers.iter().enumerate() {
        let k = index + 1;
        let name = if k < description.frozen_layers.len() { k.to_string() } else { String::new() };
        table.row(row(name, layer, trainable(k).unwrap_or_default()));
    }
    let all = |count: fn(&Layer) -> u64| description.layers.iter().map(count).sum::<u64>();
    format!(
        "{table}\n\n{} parameters, {} multiply-adds an image; n = {} examples, C = {} classes\n\
         k: how many layers stay frozen, this one the last; trainable: what then still learns, the head among it",
        text::grouped(all(|layer| layer.parameters)),
        text::scaled(all(|layer| layer.multiply_adds)),
        text::grouped(description.train_examples as u64),
        description.classes,
    )
}
