//! Freezewise: a transfer-learning experiment runner for the study of double descent over epochs, frozen layers and
//! dataset sizes.
//!
//! Modules are listed in dependency order: none imports a module below it, and a test checks the `use` lines. `main`
//! and this file are exempt. To read a run from its beginning, start with "How a run works" in `docs/extending.md`.
//!
//! - `environment`, `error`, `fault`, `files`, `metrics`, `seed`, `text`: leaves
//! - `analysis`: statistics and similarity measures, as pure functions on numbers
//! - `catalogue`: the published data sets, as data
//! - `blueprint`: network families as data: layers, shapes, parameters, costs
//! - `figure`: drawing: SVG, PDF, PNG, terminal; contact sheets
//! - `spec`: parses and validates what the user wrote
//! - `rundir`: writes and reads the files of a run directory
//! - `data`: decodes files to images and labels
//! - `native`: what tch does not bind, and the loading of CUDA
//! - `network`: builds a blueprint as tensors; reads and writes weights
//! - `train`: trains one phase (source or target)
//! - `run`: one experiment: pretrain, transfer, fine-tune, record
//! - `sweep`: runs a grid of experiments
//! - `report`: turns run directories into findings, figures and pages
//! - `output`: the only module that writes to the terminal
//! - `cli`: the command line, one file per verb
//!
//! Two design decisions. A network family is a list of operations in `blueprint` that one interpreter runs, so shapes,
//! costs, tensors and the forward pass cannot disagree. The keys of a spec are declared once, as Rust types;
//! validation, the documentation of keys and the resolved spec all come from their JSON schema.

pub(crate) mod environment;
pub mod error;
pub(crate) mod fault;
pub(crate) mod files;
pub mod metrics;
pub(crate) mod seed;
pub mod text;

pub mod analysis;
pub mod catalogue;

pub mod blueprint;

pub mod figure;

pub mod spec;

pub mod rundir;

pub mod data;

pub mod native;
pub mod network;

pub mod train;

pub mod run;

pub mod sweep;

pub mod report;

pub mod output;

pub mod cli;
