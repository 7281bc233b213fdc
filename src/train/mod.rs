//! One phase of training, on any device: resident data, batches, augmentation, optimizer, schedule, evaluation.
//!
//! It knows nothing of files, CSV or terminals: it reports numbers to an observer. Within an epoch the host never
//! waits for the device; sums are kept there and read once.

mod augment;
#[cfg(test)]
mod augmenting;
mod batch_index;
mod batches;
mod bench;
mod captured_work;
mod count;
mod device_split;
mod epoch;
#[cfg(test)]
mod equality;
mod evaluate;
#[cfg(test)]
mod freezing;
mod frozen;
mod linear_fit;
mod memory;
mod nearest;
mod notes;
mod optimizer;
#[cfg(test)]
mod parity;
mod phase;
mod prefix;
mod report;
mod schedule;
mod seen;
mod settings;
mod split;
mod splits;
mod state;
mod step;
#[cfg(test)]
mod stopping;
mod sums;
#[cfg(test)]
mod testing;

pub use bench::{Effort, ObservedSteps, Speeds, product_rate};
pub use count::Counted;
pub use device_split::{DeviceSplit, DeviceSplits};
pub use evaluate::Errors;
pub use frozen::fit_frozen_statistics;
pub use linear_fit::{FitEnd, LinearHead, fit_linear, fit_tuned};
pub use memory::{Activity, OutOfMemory};
pub use nearest::{NEIGHBOURS, nearest_error};
pub use optimizer::Optimizer;
pub use phase::Phase;
pub use report::{Control, Diverged, Due, Ended, EpochReport, Interrupt, Observer, Running};
pub use seen::seen;
pub use settings::{Settings, settings};
pub use state::State;
