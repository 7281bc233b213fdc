//! What a training was made with: on what the last bits of its numbers depend.

use serde::{Deserialize, Serialize};

use crate::spec::Settings;

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

impl MadeWith {
    /// What differs, in words; nothing where the numbers go on to the last bit.
    pub fn differences(&self, now: &Self) -> Vec<String> {
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
