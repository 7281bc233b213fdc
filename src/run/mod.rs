//! A whole run: pretrain, transfer, fine-tune, and every file it writes.
//!
//! A run is one spec with every value fixed, in one directory, run by at most one process at a time. Progress is
//! reported as events; nothing here writes to a terminal.
//!
//! - `request`: input and output types; `pipeline`: the run on one page
//! - `source`, `target`: the two training phases; `transfer`: copying layers from one to the other
//! - `branch`: anneal branches and refitted heads, from kept checkpoints
//! - `phase`: one training phase in its directory; `recovery`: locks, checkpoints, resuming
//! - `compute`: device, threads and settings; `fixed`: those that a sweep fixes; `facts`: the record of a data set
//! - `bench`, `similarity`, `probe`, `export`: the other operations on a spec or a run
//!
//! One training, of the source or the target; what is indented is owned by, or lent to, what is above it:
//!
//! ```text
//! Session           a training in its directory: record, log, checkpoint to resume from
//!   PhaseWork       what to train, and where
//!   Recorder        observes the phase; writes rows and checkpoints
//!     Recording     what it has to know of the session
//!   train::Phase    the network, the data on the device, and how to train
//!     EpochLoop     trains and measures every epoch
//!       Trainer     takes the steps of an epoch
//!         Learner   takes one step: forward, backward, update
//!       Evaluators  measure errors after an epoch
//! ```

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
pub use export::weights_file;
pub use fixed::Fixed;
pub use phase::event::{EventSink, RunEvent, Title};
pub use pipeline::{finished, run};
pub use probe::{Probed, ProbedEpochs, Probes, probe};
pub use recovery::attempt::advised;
pub use recovery::checkpoint::{Checkpoint, CheckpointHeader, read_checkpoint};
pub use recovery::finished::{Measured, measured};
pub use recovery::lock::{hold, holder};
pub use recovery::stop::Stop;
pub use request::{Beginning, Finished, Places, Request};
pub use similarity::{Measures, Similarity, similarity};
pub use source::{SOURCE_EVALUATION, is_trained, source};
