//! Freezewise: a transfer-learning experiment runner, for the study of double descent over epochs, over frozen layers
//! and over data sizes.
//!
//! The modules stand in the order of the house, its foundations first; nothing imports a module below it, and a test
//! holds the `use` lines to that. `main` and this file are outside the order.
//!
//! - `environment`, `error`, `fault`, `files`, `seed`, `text`: leaves
//! - `analysis`: pure functions on numbers
//! - `catalogue`: what data sets there are, as data
//! - `blueprint`: the network families as data
//! - `figure`: drawing: SVG, PDF, PNG, terminal; contact sheets
//! - `spec`: what the user wrote, and what it means
//! - `rundir`: what a run leaves on disk, to write and to read back
//! - `data`: bytes to images and labels
//! - `native`: what tch does not bind, and the loading of CUDA
//! - `network`: a blueprint made of tensors
//! - `train`: one phase of training
//! - `run`: pretrain, transfer, fine-tune, and what that leaves on disk
//! - `sweep`: a grid of runs
//! - `report`: from directories of runs to findings, figures and pages
//! - `output`: the only place that writes to the terminal
//! - `cli`: what was typed, one file per verb
//!
//! Two things are otherwise than first drawn. A family is no module of `network` but a list of operations in
//! `blueprint`, which one interpreter runs: shapes, costs, tensors and the forward pass then cannot disagree. And the
//! keys of a spec are declared once, as types, from whose JSON schema the checks, the page and the resolved spec are
//! all made.

pub mod environment;
pub mod error;
pub mod fault;
pub mod files;
pub mod seed;
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
