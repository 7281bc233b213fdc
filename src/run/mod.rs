//! A whole run: pretrain, transfer, fine-tune; and everything that it leaves on disk.
//!
//! A run is one spec with every value fixed, one directory, and never more than one process at a time. Whoever
//! listens is told by events; nothing here writes to a terminal.

mod attempt;
mod bench;
mod directory;
mod event;
mod execute;
mod export;
mod lock;
mod machine;
mod metrics;
mod phase;
mod record;
mod similarity;
mod source;
mod summary;
mod transfer;

pub use bench::{BenchReport, Spread, bench};
pub use directory::RunDirectory;
pub use event::{Audience, Event, Title};
pub use execute::{Finished, Places, run};
pub use export::weights_of;
pub use metrics::Row;
pub use similarity::{Measures, Similarity, similarity};
pub use summary::Summary;
