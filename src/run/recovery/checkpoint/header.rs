//! What a checkpoint says of itself.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::data::Normalisation;
use crate::error::UserError;
use crate::rundir::MadeWith;
use crate::spec::Side;

/// To be raised when older programs could misread what newer ones write.
pub(in crate::run) const FORMAT: u32 = 1;

/// What a state is of, and what it was made with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointHeader {
    /// The version of this layout.
    pub format: u32,
    /// `source` or `target`.
    pub phase: String,
    /// The hash of the spec, as in the directory's name.
    pub hash: String,
    /// The digest of the images and labels that are trained and tested on.
    pub data: String,
    /// Epochs behind.
    pub epochs: u64,
    /// Steps behind in the epoch under way.
    pub steps: u64,
    /// Seconds of training in the epoch under way.
    pub seconds: f64,
    /// By which images become the network's input.
    pub normalisation: Normalisation,
    /// What it was made with.
    pub made_with: MadeWith,
    /// The half-life in steps of the averaged weights that it has; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub averaged_half_life: Option<f64>,
}

impl CheckpointHeader {
    /// Whether it is of this training.
    pub(in crate::run) fn check(&self, side: Side, hash: &str) -> Result<(), UserError> {
        if self.format != FORMAT {
            let message = format!("it is of format {}, and this program reads format {FORMAT}", self.format);
            return Err(UserError::new(message).hint("resume with the version of freezewise that began the run"));
        }
        if self.phase != side.name() || self.hash != hash {
            return Err(UserError::new(format!(
                "it is of another training, the {} `{}`",
                self.phase.escape_debug(),
                self.hash.escape_debug()
            )));
        }
        Ok(())
    }
}
