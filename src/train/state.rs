//! All that a training is at a step boundary. Random streams do not depend on history, so nothing of them is here:
//! which step comes next says it all.

use anyhow::Result;
use tch::{Kind, Tensor, no_grad};

use super::step::Learner;
use super::sums::Totals;
use crate::error::UserError;
use crate::native;
use crate::network::{NamedTensors, Network};

/// A training at a step boundary.
#[derive(Debug)]
pub struct State {
    /// Epochs behind, every one of them reported.
    pub epochs: u64,
    /// Steps behind in the epoch under way.
    pub steps: u64,
    /// Seconds of training in the epoch under way.
    pub seconds: f64,
    /// The network's tensors, the optimizer's, the loss scaler's if there is one, and the sums of the epoch under way,
    /// each under a prefix. On a CPU they are the training's own while it is under way; of another device's, copies.
    pub tensors: NamedTensors,
}

const NETWORK: &str = "network.";
const SUMS: &str = "sums";

/// The state after whole epochs and some steps of the next, which added up some totals; none where any number of it is
/// not finite: such a state is not worth keeping.
pub(super) fn state(
    learner: &Learner<'_>,
    totals: Totals,
    [epochs, steps]: [u64; 2],
    seconds: f64,
) -> Result<Option<State>> {
    let mut tensors = of_network(learner.network);
    tensors.extend(of_learner(learner));
    if !all_finite(tensors.values()) {
        return Ok(None);
    }
    tensors.insert(SUMS.into(), Tensor::from_slice(&[totals.loss, totals.wrong]));
    let host = native::download(&tensors.values().collect::<Vec<_>>())?;
    Ok(Some(State { epochs, steps, seconds, tensors: tensors.into_keys().zip(host).collect() }))
}

impl State {
    /// Puts its part of the network where it belongs: before anything is computed with that.
    pub fn load_network(&self, network: &Network) -> Result<()> {
        self.load(&of_network(network), |name| name.starts_with(NETWORK))
    }

    /// Puts the rest of it where it belongs.
    pub(super) fn load_learner(&self, learner: &Learner<'_>) -> Result<()> {
        self.load(&of_learner(learner), |name| !name.starts_with(NETWORK) && name != SUMS)
    }

    /// Loss and wrong answers of the epoch under way.
    pub(super) fn totals(&self) -> Result<Totals> {
        let sums = self.tensors.get(SUMS).filter(|sums| sums.size() == [2] && sums.kind() == Kind::Double);
        let sums = Vec::<f64>::try_from(sums.ok_or_else(|| misfit("it lacks the sums of its epoch"))?)?;
        Ok(Totals { loss: sums[0], wrong: sums[1] })
    }

    /// Copies into tensors of the training: into all of them, or an error names what does not fit.
    fn load(&self, own: &NamedTensors, part: impl Fn(&str) -> bool) -> Result<()> {
        let unknown = self.tensors.keys().find(|name| part(name) && !own.contains_key(*name));
        if let Some(name) = unknown {
            return Err(misfit(&format!("its tensor `{}` has no place in this training", name.escape_debug())).into());
        }
        for (name, tensor) in own {
            let kept = self.tensors.get(name).ok_or_else(|| misfit(&format!("it lacks the tensor `{name}`")))?;
            if kept.size() != tensor.size() || kept.kind() != tensor.kind() {
                return Err(misfit(&format!("its tensor `{name}` is of another shape or kind")).into());
            }
            no_grad(|| tensor.shallow_clone().copy_(kept));
        }
        Ok(())
    }
}

fn of_network(network: &Network) -> NamedTensors {
    network.tensors().map(|named| (format!("{NETWORK}{}", named.path), named.tensor.detach())).collect()
}

fn of_learner(learner: &Learner<'_>) -> NamedTensors {
    let (slots, steps) = learner.optimizer.state();
    let mut tensors = NamedTensors::from([("optimizer.steps".to_owned(), steps.shallow_clone())]);
    for (slot, kept) in slots {
        let named = learner.trained.iter().zip(kept);
        tensors.extend(named.map(|(path, tensor)| (format!("optimizer.{slot}.{path}"), tensor.shallow_clone())));
    }
    if let Some(scaler) = &learner.scaler {
        let named = ["scaler.scale", "scaler.good_steps"].into_iter().zip(scaler.state());
        tensors.extend(named.map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone())));
    }
    tensors
}

/// Asked on the device, and read once.
fn all_finite<'a>(tensors: impl Iterator<Item = &'a Tensor>) -> bool {
    let verdicts: Vec<Tensor> = tensors.map(|tensor| tensor.isfinite().all()).collect();
    verdicts.is_empty() || Tensor::stack(&verdicts, 0).all().int64_value(&[]) == 1
}

fn misfit(what: &str) -> UserError {
    UserError::new(format!("the checkpoint is of another training: {what}"))
}
