//! What a checkpoint says of itself.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::data::Normalisation;
use crate::error::UserError;
use crate::train::Settings;

/// To be raised when older programs could misread what newer ones write.
pub(in crate::run) const FORMAT: u32 = 1;

/// What a state is of, and what it was made with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
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
}

/// What the last bits of numbers depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeWith {
    /// This program's version.
    pub freezewise: String,
    /// libtorch's.
    pub libtorch: String,
    /// The device's name.
    pub device: String,
    /// The processor's name.
    pub cpu: String,
    /// CPU threads.
    pub threads: usize,
    /// What the spec came to.
    pub compute: Settings,
}

impl Header {
    /// Whether it is of this training.
    pub(super) fn check(&self, phase: &str, hash: &str) -> Result<(), UserError> {
        if self.format != FORMAT {
            let message = format!("it is of format {}, and this program reads format {FORMAT}", self.format);
            return Err(UserError::new(message).hint("go on with the version of freezewise that began the run"));
        }
        if self.phase != phase || self.hash != hash {
            return Err(UserError::new(format!(
                "it is of another training, the {} `{}`",
                self.phase.escape_debug(),
                self.hash.escape_debug()
            )));
        }
        Ok(())
    }
}

impl MadeWith {
    /// What differs, in words; nothing where the numbers go on to the last bit.
    pub(in crate::run) fn differences(&self, now: &Self) -> Vec<String> {
        let parts = [
            ("freezewise", &self.freezewise, &now.freezewise),
            ("libtorch", &self.libtorch, &now.libtorch),
            ("device", &self.device, &now.device),
            ("processor", &self.cpu, &now.cpu),
            ("threads", &self.threads.to_string(), &now.threads.to_string()),
            ("arithmetic", &self.compute.sentence(), &now.compute.sentence()),
        ];
        let changed = parts.into_iter().filter(|(_, then, now)| then != now);
        changed.map(|(name, then, now)| format!("{name} {now} and not {}", then.escape_debug())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_named() {
        let made_with = |threads, cpu: &str| MadeWith {
            freezewise: "1".into(),
            libtorch: "2".into(),
            device: "cpu".into(),
            cpu: cpu.into(),
            threads,
            compute: Settings::PLAIN,
        };
        assert!(made_with(1, "a").differences(&made_with(1, "a")).is_empty());
        assert_eq!(made_with(1, "a").differences(&made_with(2, "b")), ["processor b and not a", "threads 2 and not 1"]);
    }
}
