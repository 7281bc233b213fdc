//! The whole state of a training at a step boundary. It contains no random generators: random streams depend only on the
//! seed and the step.

use anyhow::Result;
use tch::{Kind, Tensor, no_grad};

use crate::error::UserError;
use crate::native;
use crate::network::{NamedTensors, Network};
use crate::spec::Position;
use crate::train::numbers::Totals;

/// A training at a step boundary.
#[derive(Debug)]
pub struct TrainingState {
    /// Whole epochs trained and reported.
    pub epochs: u64,
    /// Steps trained in the current epoch.
    pub steps: u64,
    /// Seconds of training in the current epoch.
    pub seconds: f64,
    /// Tensors of the network, the optimizer, the loss scaler (if any), the measures, and the sums of the current epoch,
    /// each under its owner's prefix. On a CPU they alias the training's own tensors; from another device they are copies.
    pub tensors: NamedTensors,
}

/// Something that is part of a checkpoint.
pub(in crate::train) trait Checkpointed {
    /// The prefix of its tensors' names in a checkpoint.
    fn owner(&self) -> &'static str;

    /// Its tensors, by name without the prefix. Loading a checkpoint writes into them.
    fn tensors(&self) -> NamedTensors;
}

/// Owners whose part of a checkpoint may be ignored, if the spec no longer asks for their measurements.
const MEASURES: [&str; 2] = ["averaged", "norms"];
const SUMS: &str = "sums";

/// The state at a position, from all owners; `None` if a tensor of the first `needed` owners is not finite: such a state
/// is useless.
pub(in crate::train) fn state(
    owners: &[&dyn Checkpointed],
    needed: usize,
    totals: Totals,
    position: Position,
    seconds: f64,
) -> Result<Option<TrainingState>> {
    let of = |owners: &[&dyn Checkpointed]| -> NamedTensors {
        let named = |owner: &&dyn Checkpointed| {
            let prefix = owner.owner();
            owner.tensors().into_iter().map(move |(name, tensor)| (format!("{prefix}.{name}"), tensor))
        };
        owners.iter().flat_map(named).collect()
    };
    let (needed, measures) = owners.split_at(needed);
    let mut tensors = of(needed);
    if !all_finite(tensors.values()) {
        return Ok(None);
    }
    tensors.extend(of(measures));
    tensors.insert(SUMS.into(), Tensor::from_slice(&[totals.loss, totals.wrong]));
    let host = native::download(&tensors.values().collect::<Vec<_>>())?;
    let tensors = tensors.into_keys().zip(host).collect();
    Ok(Some(TrainingState { epochs: position.epochs, steps: position.steps, seconds, tensors }))
}

impl TrainingState {
    /// Copies the network's tensors into a network of the same shape; an error names what does not fit.
    pub fn load_network(&self, network: &Network) -> Result<()> {
        self.load(network)
    }

    /// Copies an owner's part into all of its tensors; an error names what does not fit.
    pub(in crate::train) fn load(&self, owner: &dyn Checkpointed) -> Result<()> {
        let own = owner.tensors();
        let prefix = format!("{}.", owner.owner());
        let unknown =
            self.tensors.keys().filter_map(|name| name.strip_prefix(&prefix)).find(|name| !own.contains_key(*name));
        if let Some(name) = unknown {
            return Err(no_place(&format!("{prefix}{name}")).into());
        }
        for (name, tensor) in &own {
            let name = format!("{prefix}{name}");
            let kept = self.tensors.get(&name).ok_or_else(|| misfit(&format!("it lacks the tensor `{name}`")))?;
            if kept.size() != tensor.size() || kept.kind() != tensor.kind() {
                return Err(misfit(&format!("its tensor `{name}` has another shape or kind")).into());
            }
            no_grad(|| tensor.shallow_clone().copy_(kept));
        }
        Ok(())
    }

    /// An error if it has tensors of an owner that this training lacks, except owners that only measure.
    pub(in crate::train) fn check_owners(&self, owners: &[&str]) -> Result<(), UserError> {
        let unknown = self.tensors.keys().find(|name| {
            let owner = name.split_once('.').map_or(name.as_str(), |(owner, _)| owner);
            owner != SUMS && !owners.contains(&owner) && !MEASURES.contains(&owner)
        });
        unknown.map_or(Ok(()), |name| Err(no_place(name)))
    }

    /// A tensor of one element, as a number.
    pub(in crate::train) fn number(&self, name: &str) -> Result<f64, UserError> {
        let number = self.tensors.get(name).filter(|tensor| tensor.numel() == 1);
        number.map(|number| number.double_value(&[])).ok_or_else(|| misfit(&format!("it lacks the tensor `{name}`")))
    }

    /// Loss and misclassifications of the current epoch.
    pub(in crate::train) fn totals(&self) -> Result<Totals> {
        let sums = self.tensors.get(SUMS).filter(|sums| sums.size() == [2] && sums.kind() == Kind::Double);
        let sums = Vec::<f64>::try_from(sums.ok_or_else(|| misfit("it lacks the sums of its epoch"))?)?;
        Ok(Totals { loss: sums[0], wrong: sums[1] })
    }
}

impl Checkpointed for Network {
    fn owner(&self) -> &'static str {
        "network"
    }

    fn tensors(&self) -> NamedTensors {
        Network::tensors(self).map(|named| (named.path.to_owned(), named.tensor.detach())).collect()
    }
}

/// Checked on the device, read once.
fn all_finite<'a>(tensors: impl Iterator<Item = &'a Tensor>) -> bool {
    let verdicts: Vec<Tensor> = tensors.map(|tensor| tensor.isfinite().all()).collect();
    verdicts.is_empty() || Tensor::stack(&verdicts, 0).all().int64_value(&[]) == 1
}

fn no_place(name: &str) -> UserError {
    misfit(&format!("this training has no tensor `{}`", name.escape_debug()))
}

pub(in crate::train) fn misfit(what: &str) -> UserError {
    UserError::new(format!("the checkpoint belongs to another run: {what}"))
}
