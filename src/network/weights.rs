//! Loads weights into a network and reads them back, by name, with a report of what matches in both directions.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::Serialize;
use tch::{Device, Kind, Tensor, no_grad};

use super::Network;
use crate::blueprint::Blueprint;
use crate::error::UserError;
use crate::native;
use crate::text;

/// Tensors by name, sorted.
pub type NamedTensors = BTreeMap<String, Tensor>;

/// How many mismatches of each kind an error names; a file of another architecture has hundreds.
const SHOWN: usize = 3;

/// How the tensors of a state match those of a network.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Matching {
    /// In both, with the same shape.
    pub matched: Vec<String>,
    /// In both, with different shapes.
    pub misshapen: Vec<Misshapen>,
    /// Only in the network.
    pub missing: Vec<String>,
    /// Only in the state.
    pub unknown: Vec<String>,
    /// Number of `num_batches_tracked` counters, which PyTorch's states have and networks here do not.
    pub counters: usize,
    #[serde(skip)]
    names: [BTreeSet<String>; 2],
}

/// A tensor with two shapes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Misshapen {
    /// The tensor's name.
    pub name: String,
    /// Shape in the state.
    pub state: Vec<i64>,
    /// Shape in the network.
    pub network: Vec<i64>,
}

impl Matching {
    /// Compares the tensors of the layers for which `wanted` is true; the head has the last index. Tensors of other layers
    /// are known but not compared.
    pub fn new(blueprint: &Blueprint, state: &NamedTensors, wanted: impl Fn(usize) -> bool) -> Self {
        let mut matching = Self::default();
        let mut known = BTreeSet::new();
        for (index, layer) in blueprint.all_layers().enumerate() {
            for slot in layer.slots() {
                if wanted(index) {
                    let network: Vec<i64> = slot.shape.iter().map(|&size| size as i64).collect();
                    matching.compare(&slot.path, network, state.get(&slot.path));
                }
                known.insert(slot.path);
            }
        }
        let others = state.keys().filter(|name| !known.contains(*name));
        let (counters, unknown): (Vec<_>, Vec<_>) = others.cloned().partition(|name| is_counter(name));
        (matching.counters, matching.unknown) = (counters.len(), unknown);
        matching.matched.sort();
        matching.names = [state.keys().cloned().collect(), known];
        matching
    }

    fn compare(&mut self, path: &str, network: Vec<i64>, tensor: Option<&Tensor>) {
        match tensor.map(Tensor::size) {
            None => self.missing.push(path.to_owned()),
            Some(state) if state == network => self.matched.push(path.to_owned()),
            Some(state) => self.misshapen.push(Misshapen { name: path.to_owned(), state, network }),
        }
    }

    /// An error that names what does not match, if anything.
    pub fn check(&self) -> Result<(), UserError> {
        let [state, network] = &self.names;
        let near = |name: &str, names: &BTreeSet<String>| {
            let near = text::nearest(name, names.iter().map(String::as_str));
            near.map_or(String::new(), |near| format!("; the closest name is `{}`", near.escape_debug()))
        };
        let shapes = self.misshapen.iter().map(|tensor| {
            let (state, network) = (&tensor.state, &tensor.network);
            format!("tensor `{}`: expected shape {network:?}, found {state:?}", tensor.name)
        });
        let missing =
            self.missing.iter().map(|name| format!("the weights have no tensor `{name}`{}", near(name, state)));
        let unknown = self
            .unknown
            .iter()
            .map(|name| format!("the network has no tensor `{}`{}", name.escape_debug(), near(name, network)));
        let all = self.misshapen.len() + self.missing.len() + self.unknown.len();
        // Nearest names are slow to find, so only for the tensors that are shown.
        let lines: Vec<String> = shapes.take(SHOWN).chain(missing.take(SHOWN)).chain(unknown.take(SHOWN)).collect();
        let rest = all - lines.len();
        let mut lines = lines.into_iter();
        let Some(first) = lines.next() else { return Ok(()) };
        let mut error = lines.fold(UserError::new(first), UserError::hint);
        if rest > 0 {
            error = error.hint(format!("and {} more", text::counted(rest, "tensor", "tensors")));
        }
        if self.matched.is_empty() && self.misshapen.is_empty() {
            error = error.hint("no name matches: these are weights of another architecture");
        }
        Err(error)
    }
}

/// An error that names the first tensor with values that break a network: non-finite ones, or negative running variances.
pub fn check_numbers<'a>(tensors: impl IntoIterator<Item = (&'a str, &'a Tensor)>) -> Result<(), UserError> {
    for (name, tensor) in tensors {
        let bad = tensor.isfinite().logical_not().sum(Kind::Int64).int64_value(&[]);
        let (bad, what) = if bad == 0 && name.ends_with(".running_var") {
            (tensor.lt(0.0).sum(Kind::Int64).int64_value(&[]), "negative, but it is a variance")
        } else {
            (bad, "not finite")
        };
        if bad > 0 {
            let (name, count) = (name.escape_debug(), text::grouped(tensor.numel() as u64));
            let message = format!("tensor `{name}`: {bad} of its {count} numbers are {what}");
            return Err(UserError::new(message).hint("the file is damaged, or the training that wrote it diverged"));
        }
    }
    Ok(())
}

/// Whether a name in a PyTorch state dict is that of a batch norm's counter, which nothing here reads.
pub fn is_counter(name: &str) -> bool {
    name.ends_with(".num_batches_tracked")
}

/// Adds the batch counters that PyTorch needs to load a state with `strict=True`. They are 0: nothing counts batches
/// here, and PyTorch uses the counters only for norms without momentum.
pub fn with_counters(mut state: NamedTensors) -> NamedTensors {
    let norms = state.keys().filter_map(|name| name.strip_suffix(".running_mean"));
    let counters: Vec<String> = norms.map(|norm| format!("{norm}.num_batches_tracked")).collect();
    for counter in counters {
        state.entry(counter).or_insert_with(|| Tensor::zeros([], (Kind::Int64, Device::Cpu)));
    }
    state
}

impl Network {
    /// A copy of every tensor, on the CPU.
    ///
    /// # Panics
    /// If libtorch throws.
    pub fn state(&self) -> NamedTensors {
        let named: Vec<_> = self.tensors().collect();
        let copies: Vec<Tensor> = match self.device {
            Device::Cpu => named.iter().map(|named| named.tensor.detach().copy()).collect(),
            _ => native::download(&named.iter().map(|named| named.tensor).collect::<Vec<_>>())
                .unwrap_or_else(|error| panic!("{error}")),
        };
        named.iter().map(|named| named.path.to_owned()).zip(copies).collect()
    }

    /// Copies tensors into the layers for which `wanted` is true. An error, and nothing copied, if the state lacks one of
    /// their tensors, has it in another shape or with bad values (`check_numbers`), or has a tensor unknown to the network.
    pub fn load(&self, state: &NamedTensors, wanted: impl Fn(usize) -> bool) -> Result<Matching> {
        let matching = Matching::new(&self.blueprint, state, &wanted);
        matching.check()?;
        let taken: NamedTensors = self
            .tensors()
            .filter(|named| wanted(named.layer))
            .map(|named| (named.path.to_owned(), state[named.path].to_kind(self.kind)))
            .collect();
        check_numbers(taken.iter().map(|(name, tensor)| (name.as_str(), tensor)))?;
        for named in self.tensors().filter(|named| wanted(named.layer)) {
            no_grad(|| named.tensor.shallow_clone().copy_(&taken[named.path]));
        }
        Ok(matching)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{Architecture, Granularity, ImageShape, PreactResnet18};

    fn network() -> Network {
        let input = ImageShape { channels: 3, height: 8, width: 8 };
        let architecture = Architecture::PreactResnet18(PreactResnet18 { width: 2 });
        let blueprint = Blueprint::new(&architecture, Granularity::Block, input, 4).expect("it fits");
        Network::new(&blueprint, Device::Cpu, Kind::Float, 0)
    }

    fn misfit(network: &Network, state: &NamedTensors) -> UserError {
        let before = network.state();
        let error = network.load(state, |_| true).expect_err("the state does not fit");
        assert_eq!(before, network.state(), "nothing is copied");
        error.downcast().expect("it is an error for the user")
    }

    #[test]
    fn mismatches_are_named_on_both_sides() {
        let network = network();
        let mut state = network.state();
        let bias = state.remove("fc.bias").expect("the head has a bias");
        state.insert("fc.bais".into(), bias);
        state.insert("conv1.weight".into(), Tensor::zeros([4, 3, 3, 3], (Kind::Float, Device::Cpu)));
        let error = misfit(&network, &state);
        assert_eq!(error.to_string(), "tensor `conv1.weight`: expected shape [2, 3, 3, 3], found [4, 3, 3, 3]");
        assert_eq!(
            error.hints(),
            [
                "the weights have no tensor `fc.bias`; the closest name is `fc.bais`",
                "the network has no tensor `fc.bais`; the closest name is `fc.bias`"
            ]
        );
    }

    #[test]
    fn mismatch_hints_of_another_family_are_short() {
        let network = network();
        let foreign = ["encoder.ln.weight", "encoder.ln.bias", "class_token"];
        let state = foreign.map(|name| (name.to_owned(), Tensor::zeros([1], (Kind::Float, Device::Cpu)))).into();
        let error = misfit(&network, &state);
        assert_eq!(error.to_string(), "the weights have no tensor `conv1.weight`");
        let hints = error.hints();
        assert_eq!(hints.len(), 2 * SHOWN + 1, "{hints:?}");
        assert_eq!(hints[2], "the network has no tensor `class_token`");
        assert_eq!(hints[5], "and 83 tensors more");
        assert!(hints[6].ends_with("weights of another architecture"));
    }

    #[test]
    fn non_finite_numbers_are_named() {
        let network = network();
        let refused = |name: &str, number: f64| {
            let mut state = network.state();
            let tensor = state[name].to_kind(Kind::Double).copy();
            let _ = tensor.view([-1]).narrow(0, 1, 1).fill_(number);
            state.insert(name.to_owned(), tensor);
            misfit(&network, &state).to_string()
        };
        // The last is finite as a double but not as a float.
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            let message = refused("conv1.weight", number);
            assert_eq!(message, "tensor `conv1.weight`: 1 of its 54 numbers are not finite", "{number}");
        }
        let message = refused("layer1.0.bn1.running_var", -1e-9);
        let expected = "tensor `layer1.0.bn1.running_var`: 1 of its 2 numbers are negative, but it is a variance";
        assert_eq!(message, expected);
        // A mean may be negative, and tensors that are not taken are not checked.
        let mut state = network.state();
        state.insert("layer1.0.bn1.running_mean".into(), Tensor::from_slice(&[-1f32, -2.0]));
        state.insert("fc.bias".into(), Tensor::full([4], f64::NAN, (Kind::Float, Device::Cpu)));
        network.load(&state, |layer| layer < network.freezable()).expect("all that is taken is finite");
    }

    #[test]
    fn counters_are_exported_and_ignored_on_import() -> Result<()> {
        let network = network();
        let state = with_counters(network.state());
        assert_eq!(state.len(), network.state().len() + 16);
        assert!(state["layer1.0.bn1.num_batches_tracked"].size().is_empty());
        let matching = network.load(&state, |_| true)?;
        assert_eq!((matching.counters, matching.unknown.len()), (16, 0));
        Ok(())
    }
}
