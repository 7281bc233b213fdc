//! One phase of training, on any device: data on the device, batches, augmentation, optimizer, schedule, evaluation.
//!
//! It knows no files, CSV or terminals: it reports numbers to an observer. Within an epoch the host never waits for the
//! device; sums stay there and are read once.
//!
//! - `phase`: what to train, on which data, and how; `training_loop`
//! - `data`: splits on the device, their batches, and the prefix cache
//! - `step`: one step, and an epoch of steps
//! - `measure`: errors, averaged weights, norms, and the statistics of frozen norms
//! - `cost`: its cost; `branch`: anneal branches and refitted heads
//! - `numbers`: the reports to an `observer`; `checkpoint_state`: the whole state at a step boundary

mod branch;
mod checkpoint_state;
mod cost;
mod data;
mod interrupt;
mod measure;
mod numbers;
mod observer;
mod out_of_memory;
mod phase;
mod seen;
mod settings;
mod step;
#[cfg(test)]
mod tests;
mod training_loop;

pub use branch::{Annealed, Branch, BranchPlan, Refitted, anneal_steps};
pub use checkpoint_state::TrainingState;
pub use cost::bench::{Effort, ObservedSteps, Speeds, product_rate};
pub use cost::count::PhaseCounts;
pub use cost::footprint::Footprint;
pub use data::device_split::{DeviceSplit, DeviceSplits};
pub use interrupt::Interrupt;
pub use measure::linear_fit::{FitEnd, LinearHead, fit_linear, fit_tuned};
pub use measure::nearest::{NEIGHBOURS, nearest_error};
pub use measure::norm_statistics::fit_frozen_statistics;
pub use numbers::{Correctness, EpochReport, Examples};
pub use observer::{Control, Diverged, Ended, Observer};
pub use out_of_memory::{Activity, OutOfMemory};
pub use phase::Phase;
pub use seen::seen;
pub use settings::{Settings, settings};
pub use step::optimizer::Optimizer;
