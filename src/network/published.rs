//! Converts weights of other programs by renaming tensors: strips wrappers and prefixes, applies the renamings that
//! torchvision does when it loads its published files, and maps the names of timm and of public CIFAR repositories. A
//! tensor that no rule knows keeps its name, for `Matching` to report.

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

/// How many ignored tensors a message names.
const SHOWN: usize = 3;

/// Weights from a file, under the names that freezewise uses.
#[derive(Debug, Default)]
pub struct PublishedWeights {
    /// Floating-point tensors, and batch counters.
    pub tensors: NamedTensors,
    /// Names in the file of tensors that are not part of the network: another head, other networks, integer tensors.
    pub left_out: Vec<String>,
    /// The prefix of every name of the network in the file; may be empty.
    pub prefix: String,
}

impl PublishedWeights {
    /// Reads a safetensors file with weights of an architecture. An error if it cannot be read or holds two such networks.
    pub fn read(path: &Path, architecture: &Architecture) -> Result<Self> {
        let (tensors, others) = read_known(path)?;
        let mut weights =
            Self::of(tensors, architecture).with_context(|| format!("cannot read the weights `{}`", path.display()))?;
        weights.left_out.extend(others.into_iter().map(|(name, _)| name));
        Ok(weights)
    }

    /// Like `read`, for tensors in memory.
    pub fn of(file: NamedTensors, architecture: &Architecture) -> Result<Self, UserError> {
        let plain: Vec<String> = file.keys().map(|name| names::without_wrappers(name)).collect();
        let prefix = names::prefix(&plain.iter().map(String::as_str).collect(), architecture)?;
        let mut weights = Self { prefix: prefix.before.clone(), ..Self::default() };
        for ((name, tensor), plain) in file.into_iter().zip(&plain) {
            let own = prefix.without(plain).map(|inside| names::renamed(&inside, architecture));
            // If two names map to the same one, the second keeps its original name.
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

    /// Drops tensors outside the freezable layers: the head, unless it is `wanted` and fits the blueprint, and other
    /// heads. Returns whether the head stays.
    ///
    /// A top-level batch norm is not a head and stays: without it the network would compute something else.
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

    /// Adds the ignored tensors to an error about tensors that do not fit.
    pub fn advise(&self, error: UserError) -> UserError {
        match self.left_out_in_words() {
            Some(words) => error.hint(words),
            None => error,
        }
    }

    /// The ignored tensors in words; `None` if there are none.
    pub fn left_out_in_words(&self) -> Option<String> {
        let count = self.left_out.len();
        let shown: Vec<String> = self.left_out.iter().take(SHOWN).map(|name| name.escape_debug().to_string()).collect();
        let names = if count > SHOWN { format!("`{}` and others", shown.join("`, `")) } else { text::listed(&shown) };
        (count > 0).then(|| format!("{} ignored: {names}", text::counted(count, "tensor", "tensors")))
    }
}

#[cfg(test)]
#[path = "published_tests.rs"]
mod tests;
