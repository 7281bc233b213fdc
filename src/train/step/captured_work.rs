//! Work for the device that is done again and again: at first call by call, then, on a GPU, as one captured graph.

use tch::Device;

use crate::native::Graph;
use crate::train::out_of_memory::{Activity, attempt};

/// How often work is done call by call before it is captured: its kernels are chosen and its memory is found by then.
/// PyTorch's own graphs of compiled functions are recorded after one call as well.
const WARM: u32 = 1;

/// Work that is repeated. Whatever changes from one time to the next is on the device, or the same for all times.
#[derive(Debug, Default)]
pub(in crate::train) struct CapturedWork {
    state: CaptureState,
}

#[derive(Debug, Default)]
enum CaptureState {
    /// It is never captured: there is nothing to capture with, it is not wanted, or it could not be done.
    #[default]
    Eager,
    /// It will be, on a device, once it was done so many times.
    Warming(Device, u32),
    /// It was.
    Captured(Graph),
}

impl CapturedWork {
    /// Work that is captured on a device once it is warm.
    pub(in crate::train) fn captured(device: Device) -> Self {
        Self { state: CaptureState::Warming(device, 0) }
    }

    /// Does the work once more. Returns why it could not be captured, the one time that this is found. `prepare` sets
    /// what of the host the work uses up, such as the place of a random generator, and is done before each attempt: a
    /// capture that fails leaves the device as it was, but not the host.
    pub(in crate::train) fn run(&mut self, prepare: impl Fn(), mut work: impl FnMut()) -> Option<String> {
        prepare();
        match &mut self.state {
            CaptureState::Eager => work(),
            CaptureState::Warming(_, times) if *times < WARM => {
                *times += 1;
                work();
            }
            CaptureState::Warming(device, _) => {
                let captured = captured(*device, &mut work);
                prepare();
                match captured {
                    Ok(graph) => {
                        replay(&graph);
                        self.state = CaptureState::Captured(graph);
                    }
                    Err(cause) => {
                        self.state = CaptureState::Eager;
                        work();
                        return Some(cause);
                    }
                }
            }
            CaptureState::Captured(graph) => replay(graph),
        }
        None
    }
}

/// Whatever a capture fails with, the work may still be done call by call; where it may not, that fails in its turn.
fn captured(device: Device, work: &mut impl FnMut()) -> Result<Graph, String> {
    attempt(Activity::Capturing, || Graph::capture(device, work))?.map_err(|error| error.to_string())
}

/// What a replay throws is an error of the device, as in any call of tch, which panics there too.
fn replay(graph: &Graph) {
    if let Err(error) = graph.replay() {
        panic!("{error}");
    }
}
