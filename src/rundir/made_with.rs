//! Versions, hardware and settings that bit-identical results depend on.

use serde::{Deserialize, Serialize};

use crate::spec::Settings;

/// What bit-identical results depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeWith {
    /// Version of freezewise.
    pub freezewise: String,
    /// Version of libtorch.
    pub libtorch: String,
    /// Name of the device.
    pub device: String,
    /// Name of the processor.
    pub cpu: String,
    /// Number of CPU threads.
    pub threads: usize,
    /// Resolved compute settings.
    pub compute: Settings,
}

impl MadeWith {
    /// Descriptions of the differences; empty if results stay bit-identical.
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
        changed.map(|(name, then, now)| format!("{name} changed {} → {now}", then.escape_debug())).collect()
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
        assert_eq!(
            made_with(1, "a").differences(&made_with(2, "b")),
            ["processor changed a → b", "threads changed 1 → 2"]
        );
    }
}
