//! Converts weights of other programs by renaming tensors: strips wrappers and prefixes, applies the renamings that
//! torchvision does when it loads its published files, and maps the names of timm and of public CIFAR repositories. A
//! tensor that no rule knows keeps its name, for `Matching` to report.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use safetensors::Dtype;
use tch::Kind;

use super::names;
use super::shards;
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
    /// Names in the file of tensors inside the network that are not of floating-point numbers.
    pub integers: Vec<String>,
    /// The prefix of every name of the network in the file; may be empty.
    pub prefix: String,
}

impl PublishedWeights {
    /// Reads a safetensors file with weights of an architecture: the network under `prefix`, or the only one. An error if
    /// it cannot be read or holds several such networks.
    pub fn read(path: &Path, architecture: &Architecture, prefix: Option<&str>) -> Result<Self> {
        if shards::is_index(path) {
            let message = format!("`{}` is JSON; expected a safetensors file", path.display());
            return Err(UserError::new(message)
                .hint("for the index of a sharded file, `freezewise weights import` makes one file of all shards")
                .into());
        }
        Self::of_file(path, read_known(path)?, architecture, prefix)
    }

    /// Like `read`; the file may also be the index of a sharded one.
    pub fn read_any(path: &Path, architecture: &Architecture, prefix: Option<&str>) -> Result<Self> {
        let found = if shards::is_index(path) { shards::read(path)? } else { read_known(path)? };
        Self::of_file(path, found, architecture, prefix)
    }

    fn of_file(
        path: &Path,
        (tensors, others): (NamedTensors, Vec<(String, Dtype)>),
        architecture: &Architecture,
        prefix: Option<&str>,
    ) -> Result<Self> {
        let mut weights = Self::of(tensors, architecture, prefix)
            .with_context(|| format!("cannot read the weights `{}`", path.display()))?;
        weights.integers.extend(others.into_iter().map(|(name, _)| name));
        Ok(weights)
    }

    /// Like `read`, for tensors in memory.
    pub fn of(file: NamedTensors, architecture: &Architecture, prefix: Option<&str>) -> Result<Self, UserError> {
        let plain: Vec<String> = file.keys().map(|name| names::without_wrappers(name)).collect();
        check_wrappers(&file, &plain)?;
        let prefix = names::prefix(&plain.iter().map(String::as_str).collect(), architecture, prefix)?;
        let mut weights = Self { prefix: prefix.before.clone(), ..Self::default() };
        for ((name, tensor), plain) in file.into_iter().zip(&plain) {
            let own = prefix.without(plain).map(|inside| names::renamed(&inside, architecture));
            // If two names map to the same one, the second keeps its original name.
            let own = own.map(|own| if weights.tensors.contains_key(&own) { name.clone() } else { own });
            let float = matches!(tensor.kind(), Kind::Half | Kind::BFloat16 | Kind::Float | Kind::Double);
            match own {
                Some(own) if float || is_counter(&own) => drop(weights.tensors.insert(own, tensor)),
                _ if is_counter(&name) || name == names::AVERAGED => {}
                Some(own) if names::is_of_body(&own, architecture) => weights.integers.push(name),
                _ => weights.left_out.push(name),
            }
        }
        Ok(weights)
    }

    /// Drops tensors outside the freezable layers: the head, unless it is `wanted` and fits the blueprint, and other
    /// heads. Returns whether the head stays.
    ///
    /// A top-level batch norm is not a head and stays: without it the network would compute something else.
    pub fn leave_out_heads(&mut self, blueprint: &Blueprint, architecture: &Architecture, wanted: bool) -> bool {
        let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let body: BTreeSet<String> =
            blueprint.layers.iter().flat_map(Layer::slots).map(|slot| first(&slot.path)).collect();
        let own: Vec<String> = blueprint.head.slots().map(|slot| slot.path).collect();
        let fits = Matching::new(blueprint, &self.tensors, |layer| layer == blueprint.layers.len());
        let has_more = self.tensors.keys().any(|name| names::is_before_head(name));
        let has_head = wanted && fits.missing.is_empty() && fits.misshapen.is_empty() && !has_more;
        let norms: BTreeSet<String> = self
            .tensors
            .keys()
            .filter_map(|name| name.strip_suffix(".running_mean"))
            .filter(|norm| !norm.contains('.'))
            .map(str::to_owned)
            .collect();
        let beside = |name: &String| {
            let known = [&body, &norms].iter().any(|names| names.contains(&first(name)));
            !known && !names::is_of_body(name, architecture)
        };
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
        let integers = (!self.integers.is_empty()).then(|| {
            let (words, verb) = (listed(&self.integers), if self.integers.len() == 1 { "is" } else { "are" });
            format!(
                "{words} {verb} not of 16 to 64 bit floating-point numbers: convert quantised and float8 weights to \
                 float32 with the library that wrote them"
            )
        });
        let words = (!self.left_out.is_empty()).then(|| self.left_out_in_words()).flatten();
        error.hints_of(integers.as_slice()).hints_of(words.as_slice())
    }

    /// The ignored tensors in words; `None` if there are none.
    pub fn left_out_in_words(&self) -> Option<String> {
        let all = [self.left_out.as_slice(), &self.integers].concat();
        let count = text::counted(all.len(), "tensor", "tensors");
        (!all.is_empty()).then(|| format!("{count} ignored: {}", listed(&all)))
    }
}

/// The first names of a list, and whether there are more.
fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| name.escape_debug().to_string()).collect();
    if names.len() > SHOWN { format!("`{}` and others", shown.join("`, `")) } else { text::listed(&shown) }
}

/// An error if two tensors have one name without their wrappers: two copies of a network, one of them wrapped.
fn check_wrappers(file: &NamedTensors, plain: &[String]) -> Result<(), UserError> {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, plain) in file.keys().zip(plain) {
        if let Some(other) = first.insert(plain, name) {
            let (one, other) = (other.escape_debug(), name.escape_debug());
            let message = format!("the file has `{one}` and `{other}`, two copies of one tensor");
            return Err(UserError::new(message).hint("write a file with only one of them"));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "published_tests.rs"]
mod tests;
