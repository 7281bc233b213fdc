//! A whole run: pretrain, transfer, fine-tune; and everything that it leaves on disk.
//!
//! A run is one spec with every value fixed, one directory, and never more than one process at a time. Whoever
//! listens is told by events; nothing here writes to a terminal.
//!
//! - `request`: what is asked for and what comes back; `pipeline`: the run on one page
//! - `source`, `target`: its two trainings; `transfer`: what goes from one to the other
//! - `branch`: what is tried on states that a training kept
//! - `phase`: one training in its directory; `recovery`: what makes it survive
//! - `compute`: the device, threads and settings; `fixed`: what a sweep settled of them; `facts`: the record of data
//! - `bench`, `similarity`, `probe`, `export`: what else is done with a spec or a run

mod bench;
mod branch;
mod compute;
mod export;
mod facts;
mod fixed;
mod phase;
mod pipeline;
mod probe;
mod recovery;
mod request;
mod similarity;
mod source;
mod target;
mod transfer;

pub use bench::bound::Bound;
pub use bench::count::{CountReport, PartWork, WorkCount};
pub use bench::speed::{Asking, Bench, BenchReport, Spread, bench};
pub use export::weights_of;
pub use fixed::Fixed;
pub use phase::event::{EventSink, RunEvent, Title};
pub use pipeline::run;
pub use probe::{Probed, ProbedEpochs, Probes, probe};
pub use recovery::checkpoint::{Checkpoint, CheckpointHeader, read_checkpoint};
pub use recovery::lock::{hold, holder};
pub use recovery::stop::Stop;
pub use request::{Beginning, Finished, Places, Request};
pub use similarity::{Measures, Similarity, similarity};
pub use source::{is_trained, source};
