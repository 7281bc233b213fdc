//! `freezewise weights`.

mod read;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use tch::Kind;

use super::options::path;
use crate::error::{Exit, UserError};
use crate::network::{
    Matching, NamedTensors, check_numbers, logits_of, read_safetensors, with_counters, write_safetensors,
};
use crate::rundir::RunDirectory;
use crate::spec::Side;
use crate::{output, run, text};
use read::{ReadWeights, Weights};

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

#[derive(Debug, Args)]
struct Import {
    #[command(flatten)]
    weights: Weights,

    /// File to write, .safetensors
    #[arg(long, value_name = "FILE", value_parser = path())]
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
    #[arg(long, value_name = "FILE", value_parser = path())]
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
    #[arg(long, value_name = "FILE", value_parser = path())]
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
    /// What is assumed of the network, since no tensor shows it.
    assumed: String,
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
    check_out(&arguments.out, &[&arguments.weights.file])?;
    let ReadWeights { blueprint, weights, has_head, assumed } = arguments.weights.read(SIDE)?;
    let matching = arguments.weights.check(&blueprint, &weights, has_head)?;
    let beside = weights.left_out_in_words();
    let left_out = [weights.left_out.as_slice(), &weights.integers].concat();
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
        assumed,
        beside,
    })
}

fn export(arguments: &Export) -> Result<()> {
    let side = match arguments.network {
        Which::Target => Side::Target,
        Which::Source => Side::Source,
    };
    let file = run::weights_file(&arguments.run, side)?;
    check_out(&arguments.out, &[&file, &RunDirectory::at(&arguments.run).weights()])?;
    let state = with_counters(read_safetensors(&file)?);
    write_safetensors(&arguments.out, &state, "export")?;
    output::talk(&format!("{} for `load_state_dict`", text::counted(state.len(), "tensor", "tensors")));
    Ok(output::data(&shown(&arguments.out))?)
}

fn logits(arguments: &Logits) -> Result<()> {
    check_out(&arguments.out, &[&arguments.weights.file, &arguments.images])?;
    let inputs = read_safetensors(&arguments.images)?;
    let images = inputs.get("images").ok_or_else(|| {
        UserError::new(format!("`{}` has no tensor `images`", shown(&arguments.images)))
            .hint("write the images as `images`: float32, [count, channels, height, width]")
    })?;
    let side = images.size().get(2).map_or(SIDE, |&side| side.max(1) as usize);
    let ReadWeights { blueprint, weights, has_head, .. } = arguments.weights.read(side)?;
    arguments.weights.check(&blueprint, &weights, has_head)?;
    let beside = weights.left_out_in_words();
    if !has_head {
        let weights = &arguments.weights;
        let message =
            format!("`{}` has no head for `{}`, so there are no logits", shown(&weights.file), weights.architecture);
        return Err(UserError::new(message).hints_of(beside.as_slice()).into());
    }
    if let Some(beside) = beside {
        output::talk(&format!("not part of the network: {beside}"));
    }
    let logits = logits_of(&blueprint, &weights.tensors, images)?;
    write_safetensors(&arguments.out, &[("logits".to_owned(), logits)].into(), "logits")?;
    Ok(output::data(&shown(&arguments.out))?)
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
             network to file: {matched} tensors found, none missing{}\n\
             assumed, since the file does not record it: {}",
            self.architecture,
            self.image,
            text::grouped(self.parameters),
            text::counted(self.matching.counters, "batch counter", "batch counters"),
            beside.unwrap_or_default(),
            self.assumed,
        )
    }
}

/// An error if the output would replace an input, of which it keeps only a part.
fn check_out(out: &Path, inputs: &[&Path]) -> Result<()> {
    let real = |path: &Path| path.canonicalize().ok();
    if real(out).is_some_and(|out| inputs.iter().any(|input| real(input).as_ref() == Some(&out))) {
        let message = format!("`--out {}` would overwrite a file of the input", shown(out));
        return Err(UserError::usage(message).hint("choose another name").into());
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
#[path = "weights_tests.rs"]
mod tests;
