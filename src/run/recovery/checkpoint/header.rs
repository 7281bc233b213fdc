//! The metadata of a checkpoint.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::data::Normalisation;
use crate::error::UserError;
use crate::rundir::MadeWith;
use crate::spec::Side;

/// Raise this when an older program could misread what a newer one writes.
pub(in crate::run) const FORMAT: u32 = 1;

/// Which training a state belongs to, and what it was made with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointHeader {
    /// The version of this layout.
    pub format: u32,
    /// `source` or `target`.
    pub phase: String,
    /// The hash of the spec, as in the directory's name.
    pub hash: String,
    /// The digest of the training and test images and labels.
    pub data: String,
    /// Whole epochs trained.
    pub epochs: u64,
    /// Steps trained in the current epoch.
    pub steps: u64,
    /// Seconds of training in the current epoch.
    pub seconds: f64,
    /// Mean and deviation that images are normalised with.
    pub normalisation: Normalisation,
    /// Versions, device, threads and settings.
    pub made_with: MadeWith,
    /// Half-life of the averaged weights in steps; absent if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub averaged_half_life: Option<f64>,
}

impl CheckpointHeader {
    /// An error if it belongs to another run or has another format.
    pub(in crate::run) fn check(&self, side: Side, hash: &str) -> Result<(), UserError> {
        if self.format != FORMAT {
            let message = format!("expected format {FORMAT}, found {}", self.format);
            return Err(UserError::new(message).hint("resume with the version of freezewise that began the run"));
        }
        if self.phase != side.name() || self.hash != hash {
            return Err(UserError::new(format!(
                "it belongs to another run, the {} `{}`",
                self.phase.escape_debug(),
                self.hash.escape_debug()
            )));
        }
        Ok(())
    }
}
