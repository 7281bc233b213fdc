//! A whole run: pretrain, transfer, fine-tune; and everything that it leaves on disk.
//!
//! A run is one spec with every value fixed, one directory, and never more than one process at a time. Whoever
//! listens is told by events; nothing here writes to a terminal.

mod aside;
mod attempt;
mod bench;
mod bound;
mod checkpoint;
mod checkpoint_schedule;
mod claim;
mod count;
mod event;
mod execute;
mod export;
mod facts;
mod fixed;
mod lock;
mod machine;
mod phase;
mod probe;
mod recorder;
mod resume;
mod rows;
mod similarity;
mod source;
mod standing;
mod stop;
mod transfer;
mod unchanged;
mod work;

pub use bench::{Asking, Bench, BenchReport, Spread, bench};
pub use bound::Bound;
pub use checkpoint::{Checkpoint, Header, read_checkpoint};
pub use count::{Asked, CountReport, PartAsked};
pub use event::{Event, EventSink, Title};
pub use execute::{Beginning, Finished, Places, Request, run};
pub use export::weights_of;
pub use fixed::Fixed;
pub use lock::{hold, holder};
pub use probe::{Probed, ProbedEpochs, Probes, probe};
pub use similarity::{Measures, Similarity, similarity};
pub use source::{is_trained, source};
pub use stop::Stop;
