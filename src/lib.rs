//! Freezewise: a transfer-learning experiment runner.

pub mod analysis;
pub mod blueprint;
pub mod catalogue;
pub mod cli;
pub mod data;
pub mod error;
pub mod files;
pub mod native;
pub mod network;
pub mod output;
pub mod run;
pub mod seed;
pub mod spec;
pub mod text;
pub mod train;
