//! Reads a weights file and deduces the network that it holds.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use super::shown;
use crate::blueprint::{ArchitectureName, Blueprint};
use crate::error::UserError;
use crate::network::{Matching, PublishedWeights, blueprint_of};
use crate::spec;
use crate::text;

/// A weights file and the network it belongs to.
#[derive(Debug, Args)]
pub(super) struct Weights {
    /// Weights, a .safetensors file
    pub(super) file: PathBuf,

    /// Architecture of the network, as in a spec's `network.architecture`
    #[arg(long, value_name = "NAME")]
    pub(super) architecture: String,

    /// Set another key of the network, such as `network.width=16`; may be repeated. Stem, classes and image size are
    /// read from the file
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,

    /// Which network to take if the file has several, by the prefix of its names, such as `encoder_q.`
    #[arg(long, value_name = "NAME")]
    pub(super) prefix: Option<String>,
}

/// The contents of a weights file, and the network deduced from them.
pub(super) struct ReadWeights {
    pub(super) blueprint: Blueprint,
    pub(super) weights: PublishedWeights,
    /// Whether the file has a head that fits the network.
    pub(super) has_head: bool,
    /// What is assumed of the network, since no tensor shows it.
    pub(super) assumed: String,
}

impl Weights {
    /// Reads the file and deduces its network; `side` is the image side if the file does not tell.
    pub(super) fn read(&self, side: usize) -> Result<ReadWeights> {
        let architecture = spec::architecture(&self.architecture, &self.set)?;
        let mut weights = PublishedWeights::read_any(&self.file, &architecture, self.prefix.as_deref())?;
        let (architecture, blueprint) = blueprint_of(architecture, &weights.tensors, side)
            .map_err(|impossible| match impossible.key {
                // Of the file, not of the arguments.
                "channels" => UserError::new(impossible.message).hint(impossible.hint),
                _ => UserError::usage(impossible.message).hint(impossible.hint),
            })
            .with_context(|| self.misfit())?;
        let has_head = weights.leave_out_heads(&blueprint, &architecture, true);
        let assumed = architecture.family().unrecorded();
        Ok(ReadWeights { blueprint, weights, has_head, assumed })
    }

    /// Matches the file's tensors with the network's, with or without the head; an error names what does not match.
    pub(super) fn check(&self, blueprint: &Blueprint, weights: &PublishedWeights, head: bool) -> Result<Matching> {
        let matching = Matching::new(blueprint, &weights.tensors, |layer| head || layer < blueprint.layers.len());
        let fits = matching.check().map_err(|error| weights.advise(error).hints_of(self.other_fit().as_slice()));
        fits.with_context(|| self.misfit())?;
        Ok(matching)
    }

    fn misfit(&self) -> String {
        format!("`{}` does not fit `{}`", shown(&self.file), self.architecture)
    }

    /// A hint that names the architectures that the file fits, if there are any.
    fn other_fit(&self) -> Option<String> {
        let others =
            ArchitectureName::ALL.map(ArchitectureName::name).into_iter().filter(|name| *name != self.architecture);
        let fitting: Vec<&str> = others.filter(|name| self.fits(name).unwrap_or(false)).collect();
        (!fitting.is_empty()).then(|| format!("the file fits {}", text::alternatives(&fitting)))
    }

    /// Whether the body of the network of another architecture is in the file.
    fn fits(&self, architecture: &str) -> Result<bool> {
        let architecture = spec::architecture(architecture, &self.set)?;
        let mut weights = PublishedWeights::read_any(&self.file, &architecture, self.prefix.as_deref())?;
        let (architecture, blueprint) = blueprint_of(architecture, &weights.tensors, super::SIDE)
            .map_err(|impossible| UserError::new(impossible.message))?;
        weights.leave_out_heads(&blueprint, &architecture, false);
        Ok(Matching::new(&blueprint, &weights.tensors, |layer| layer < blueprint.layers.len()).check().is_ok())
    }
}
