//! Repeated work on the device: at first operator by operator, then, on a GPU, as one captured CUDA graph.

use tch::Device;

use crate::native::Graph;
use crate::train::out_of_memory::{Activity, attempt};

/// How often work runs operator by operator before it is captured: by then kernels are selected and memory is allocated.
/// PyTorch records the graphs of compiled functions after one call too.
const WARM: u32 = 1;

/// Repeated work. Everything that changes between repetitions must be on the device.
#[derive(Debug, Default)]
pub(in crate::train) struct CapturedWork {
    state: CaptureState,
}

#[derive(Debug, Default)]
enum CaptureState {
    /// Not captured: not on a GPU, turned off, or the capture failed.
    #[default]
    Eager,
    /// To be captured on a device; how often it has run.
    Warming(Device, u32),
    Captured(Graph),
}

impl CapturedWork {
    /// Work that is captured on a device once it is warm.
    pub(in crate::train) fn captured(device: Device) -> Self {
        Self { state: CaptureState::Warming(device, 0) }
    }

    /// Runs the work once. If a capture fails, returns the reason, once. `prepare` sets host state that the work consumes,
    /// such as a random generator, before each attempt: a failed capture restores the device but not the host.
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

/// Any failure of a capture is returned: the work may still run operator by operator, or fail again there.
fn captured(device: Device, work: &mut impl FnMut()) -> Result<Graph, String> {
    attempt(Activity::Capturing, || Graph::capture(device, work))?.map_err(|error| error.to_string())
}

/// Panics at an error, as every call of tch does.
fn replay(graph: &Graph) {
    if let Err(error) = graph.replay() {
        panic!("{error}");
    }
}
