//! Work for the device that is done again and again: at first call by call, then, on a GPU, as one captured graph.

use super::memory::{Activity, during};
use crate::native::Graph;

/// How often work is done call by call before it is captured: its kernels are chosen and its memory is found by then.
/// PyTorch's own graphs of compiled functions are recorded after one call as well.
const WARM: u32 = 1;

/// Work that is repeated. Whatever changes from one time to the next is on the device, or the same for all times.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// It is never captured: there is nothing to capture with, it is not wanted, or it could not be done.
    #[default]
    Eager,
    /// It will be.
    Warming(u32),
    /// It was.
    Captured(Graph),
}

impl Repeated {
    /// Work that is captured once it is warm.
    pub(super) fn captured() -> Self {
        Self { state: State::Warming(0) }
    }

    /// Does the work once more. Returns why it could not be captured, the one time that this is found.
    pub(super) fn run(&mut self, mut work: impl FnMut()) -> Option<String> {
        match &mut self.state {
            State::Eager => work(),
            State::Warming(times) if *times < WARM => {
                *times += 1;
                work();
            }
            State::Warming(_) => match captured(&mut work) {
                Ok(graph) => {
                    replay(&graph);
                    self.state = State::Captured(graph);
                }
                Err(error) => {
                    self.state = State::Eager;
                    work();
                    return Some(error);
                }
            },
            State::Captured(graph) => replay(graph),
        }
        None
    }
}

/// A graph takes memory of its own, which there may be too little of.
fn captured(work: &mut impl FnMut()) -> Result<Graph, String> {
    match during(Activity::Capturing, || Graph::capture(work)) {
        Ok(graph) => graph.map_err(|error| error.to_string()),
        Err(out) => Err(out.to_string()),
    }
}

/// What a replay throws is an error of the device, as in any call of tch, which panics there too.
fn replay(graph: &Graph) {
    if let Err(error) = graph.replay() {
        panic!("{error}");
    }
}
