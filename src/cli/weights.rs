//! `freezewise weights`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use tch::Kind;

use crate::blueprint::Blueprint;
use crate::error::{Exit, UserError};
use crate::network::{
    Matching, NamedTensors, PublishedWeights, blueprint_of, check_numbers, logits_of, read_safetensors, with_counters,
    write_safetensors,
};
use crate::spec::Side;
use crate::{output, run, spec, text};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: WeightsVerb,
}

#[derive(Debug, Subcommand)]
enum WeightsVerb {
    /// Convert a PyTorch state dict with torchvision or timm names into a file for `source.weights`
    Import(Import),
    /// Export a run's weights as a state dict that PyTorch loads with `strict=True`
    Export(Export),
    /// Compute logits of given images in evaluation mode, to compare with PyTorch
    Logits(Logits),
}

/// Image side that torchvision's weights were trained with; most networks take any.
const SIDE: usize = 224;

/// A weights file and the network it belongs to.
#[derive(Debug, Args)]
struct Weights {
    /// Weights, a .safetensors file
    file: PathBuf,

    /// Architecture of the network, as in a spec's `network.architecture`
    #[arg(long, value_name = "NAME")]
    architecture: String,

    /// Set another key of the network, such as `network.width=16`; may be repeated. Stem, classes and image size are
    /// read from the file
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Args)]
struct Import {
    #[command(flatten)]
    weights: Weights,

    /// File to write, .safetensors
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Print which tensors matched as JSON instead of the file name
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Export {
    /// Run directory, or a weights file
    run: PathBuf,

    /// Which network of the run to export
    #[arg(long, value_enum, default_value = "target")]
    network: Which,

    /// File to write, .safetensors
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    /// The fine-tuned network
    Target,
    /// The pretrained network
    Source,
}

#[derive(Debug, Args)]
struct Logits {
    #[command(flatten)]
    weights: Weights,

    /// A .safetensors file with `images`: float32, [count, channels, height, width], already normalised
    #[arg(long, value_name = "FILE")]
    images: PathBuf,

    /// File to write, .safetensors, with `logits`: [count, classes]
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// The result of an import.
#[derive(Serialize)]
struct ImportReport<'a> {
    architecture: &'a str,
    /// Absent if the file has no head of this architecture.
    classes: Option<usize>,
    image: String,
    parameters: u64,
    #[serde(flatten)]
    matching: Matching,
    /// Tensors of the file that are not part of the network.
    left_out: Vec<String>,
    /// `left_out` in words.
    #[serde(skip)]
    beside: Option<String>,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    match &arguments.verb {
        WeightsVerb::Import(arguments) => {
            let report = import(arguments)?;
            output::talk(&report.sentence());
            let json = arguments.json.then(|| serde_json::to_string_pretty(&report)).transpose()?;
            output::data(&json.unwrap_or_else(|| shown(&arguments.out)))?;
        }
        WeightsVerb::Export(arguments) => export(arguments)?,
        WeightsVerb::Logits(arguments) => logits(arguments)?,
    }
    Ok(Exit::Complete)
}

fn import(arguments: &Import) -> Result<ImportReport<'_>> {
    let ReadWeights { blueprint, weights, has_head } = arguments.weights.read(SIDE)?;
    let matching = arguments.weights.check(&blueprint, &weights, has_head)?;
    let (left_out, beside) = (weights.left_out.clone(), weights.left_out_in_words());
    let taken = weights.tensors.into_iter().filter(|(name, _)| matching.matched.binary_search(name).is_ok());
    // Checked in float32, which is written: a large float64 number may be infinite there.
    let state: NamedTensors = taken.map(|(name, tensor)| (name, tensor.to_kind(Kind::Float))).collect();
    check_numbers(state.iter().map(|(name, tensor)| (name.as_str(), tensor)))
        .with_context(|| format!("`{}` cannot be imported", shown(&arguments.weights.file)))?;
    write_safetensors(&arguments.out, &state, "import")?;
    let layers = blueprint.layers.iter().chain(has_head.then_some(&blueprint.head));
    Ok(ImportReport {
        architecture: &arguments.weights.architecture,
        classes: has_head.then_some(blueprint.classes),
        image: blueprint.input.to_string(),
        parameters: layers.map(crate::blueprint::Layer::parameters).sum(),
        matching,
        left_out,
        beside,
    })
}

fn export(arguments: &Export) -> Result<()> {
    let side = match arguments.network {
        Which::Target => Side::Target,
        Which::Source => Side::Source,
    };
    let state = with_counters(run::weights_of(&arguments.run, side)?);
    write_safetensors(&arguments.out, &state, "export")?;
    output::talk(&format!("{} for `load_state_dict`", text::counted(state.len(), "tensor", "tensors")));
    Ok(output::data(&shown(&arguments.out))?)
}

fn logits(arguments: &Logits) -> Result<()> {
    let inputs = read_safetensors(&arguments.images)?;
    let images = inputs.get("images").ok_or_else(|| {
        UserError::new(format!("`{}` has no tensor `images`", shown(&arguments.images)))
            .hint("write the images as `images`: float32, [count, channels, height, width]")
    })?;
    let side = images.size().get(2).map_or(SIDE, |&side| side.max(1) as usize);
    let ReadWeights { blueprint, weights, .. } = arguments.weights.read(side)?;
    arguments.weights.check(&blueprint, &weights, true)?;
    let logits = logits_of(&blueprint, &weights.tensors, images)?;
    write_safetensors(&arguments.out, &[("logits".to_owned(), logits)].into(), "logits")?;
    Ok(output::data(&shown(&arguments.out))?)
}

/// The contents of a weights file, and the network deduced from them.
struct ReadWeights {
    blueprint: Blueprint,
    weights: PublishedWeights,
    /// Whether the file has a head that fits the network.
    has_head: bool,
}

impl Weights {
    /// Reads the file and deduces its network; `side` is the image side if the file does not tell.
    fn read(&self, side: usize) -> Result<ReadWeights> {
        let architecture = spec::architecture(&self.architecture, &self.set)?;
        let mut weights = PublishedWeights::read(&self.file, &architecture)?;
        let blueprint = blueprint_of(architecture, &weights.tensors, side)
            .map_err(|impossible| UserError::usage(impossible.message).hint(impossible.hint))?;
        let has_head = weights.leave_out_heads(&blueprint, true);
        Ok(ReadWeights { blueprint, weights, has_head })
    }

    /// Matches the file's tensors with the network's, with or without the head; an error names what does not match.
    fn check(&self, blueprint: &Blueprint, weights: &PublishedWeights, head: bool) -> Result<Matching> {
        let matching = Matching::new(blueprint, &weights.tensors, |layer| head || layer < blueprint.layers.len());
        let fits = matching.check().map_err(|error| weights.advise(error));
        fits.with_context(|| format!("`{}` does not fit `{}`", shown(&self.file), self.architecture))?;
        Ok(matching)
    }
}

impl ImportReport<'_> {
    /// What matched, in both directions.
    fn sentence(&self) -> String {
        let matched = self.matching.matched.len();
        let classes = match self.classes {
            Some(classes) => format!("with {} classes for", text::grouped(classes as u64)),
            None => "without a head for".to_owned(),
        };
        let beside = self.beside.as_ref().map(|words| format!("\nnot part of the network: {words}"));
        format!(
            "{} {classes} images of {}, {} parameters\n\
             file to network: {matched} tensors taken, {} skipped, none unexpected\n\
             network to file: {matched} tensors found, none missing{}",
            self.architecture,
            self.image,
            text::grouped(self.parameters),
            text::counted(self.matching.counters, "batch counter", "batch counters"),
            beside.unwrap_or_default(),
        )
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
#[path = "weights_tests.rs"]
mod tests;
