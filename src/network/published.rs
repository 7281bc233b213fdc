//! Weights that other programs wrote, made into those of a network here by their names alone: wrappers about the
//! network, names before every name, the renamings that torchvision does as it loads its published files, and the
//! layouts of timm and of public CIFAR repositories. What no rule knows keeps its name, for `Matching` to report.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use tch::Kind;

use super::names;
use super::tensor_file::read_known;
use super::weights::{Matching, NamedTensors, is_counter};
use crate::blueprint::{Architecture, Blueprint, Layer};
use crate::error::UserError;
use crate::text;

/// So many names of tensors that are left out are shown.
const SHOWN: usize = 3;

/// Weights of a file from anywhere, under the names of a network here.
#[derive(Debug, Default)]
pub struct PublishedWeights {
    /// Floating-point tensors, and counters of batches.
    pub tensors: NamedTensors,
    /// What is no part of the network, by its name in the file: another head, other networks, tensors of other kinds.
    pub left_out: Vec<String>,
    /// What stood before every name of the network; empty where nothing did.
    pub prefix: String,
}

impl PublishedWeights {
    /// Reads a safetensors file of an architecture's weights. An error where it cannot be read, or holds two such
    /// networks.
    pub fn read(path: &Path, architecture: &Architecture) -> Result<Self> {
        let (tensors, others) = read_known(path)?;
        let mut weights =
            Self::of(tensors, architecture).with_context(|| format!("cannot read the weights `{}`", path.display()))?;
        weights.left_out.extend(others.into_iter().map(|(name, _)| name));
        Ok(weights)
    }

    /// The same of tensors that were read.
    pub fn of(file: NamedTensors, architecture: &Architecture) -> Result<Self, UserError> {
        let plain: Vec<String> = file.keys().map(|name| names::without_wrappers(name)).collect();
        let prefix = names::prefix(&plain.iter().map(String::as_str).collect(), architecture)?;
        let mut weights = Self { prefix: prefix.before.clone(), ..Self::default() };
        for ((name, tensor), plain) in file.into_iter().zip(&plain) {
            let own = prefix.without(plain).map(|inside| names::renamed(&inside, architecture));
            // Two names that become one are told apart by what they were.
            let own = own.map(|own| if weights.tensors.contains_key(&own) { name.clone() } else { own });
            let float = matches!(tensor.kind(), Kind::Half | Kind::BFloat16 | Kind::Float | Kind::Double);
            match own {
                Some(own) if float || is_counter(&own) => drop(weights.tensors.insert(own, tensor)),
                _ if is_counter(&name) || name == names::AVERAGED => {}
                _ => weights.left_out.push(name),
            }
        }
        Ok(weights)
    }

    /// Leaves out what stands beside the layers of a network that can be frozen: its head unless that is `wanted` and the
    /// blueprint's own, and heads of other kinds. Tells whether the head stays.
    ///
    /// A norm that stands alone beside the layers is no head: without it the network would compute something else.
    pub fn leave_out_heads(&mut self, blueprint: &Blueprint, wanted: bool) -> bool {
        let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let body: BTreeSet<String> =
            blueprint.layers.iter().flat_map(Layer::slots).map(|slot| first(&slot.path)).collect();
        let own: Vec<String> = blueprint.head.slots().map(|slot| slot.path).collect();
        let fits = Matching::new(blueprint, &self.tensors, |layer| layer == blueprint.layers.len());
        let has_head = wanted && fits.missing.is_empty() && fits.misshapen.is_empty();
        let norms: BTreeSet<String> = self
            .tensors
            .keys()
            .filter_map(|name| name.strip_suffix(".running_mean"))
            .filter(|norm| !norm.contains('.'))
            .map(str::to_owned)
            .collect();
        let beside = |name: &String| !body.contains(&first(name)) && !norms.contains(&first(name));
        let others: Vec<String> =
            self.tensors.keys().filter(|name| beside(name) && !(has_head && own.contains(name))).cloned().collect();
        for name in others {
            self.tensors.remove(&name);
            if !is_counter(&name) {
                self.left_out.push(name);
            }
        }
        self.left_out.sort();
        has_head
    }

    /// Adds to an error of tensors that do not fit what of the file was not looked at.
    pub fn advise(&self, error: UserError) -> UserError {
        match self.left_out_in_words() {
            Some(words) => error.hint(words),
            None => error,
        }
    }

    /// What was left out, in words; nothing where nothing was.
    pub fn left_out_in_words(&self) -> Option<String> {
        let count = self.left_out.len();
        let shown: Vec<String> = self.left_out.iter().take(SHOWN).map(|name| name.escape_debug().to_string()).collect();
        let names = if count > SHOWN { format!("`{}` and others", shown.join("`, `")) } else { text::listed(&shown) };
        (count > 0).then(|| format!("{} left out: {names}", text::counted(count, "tensor", "tensors")))
    }
}

#[cfg(test)]
#[path = "published_tests.rs"]
mod tests;
