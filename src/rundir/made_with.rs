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
    /// Whether the prefix cache was in use, which also depends on free memory; `None` before that is decided, and in files
    /// of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<bool>,
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
            ("attention", &self.compute.attention.name().to_owned(), &now.compute.attention.name().to_owned()),
            ("evaluation batch", &self.compute.evaluation_batch.to_string(), &now.compute.evaluation_batch.to_string()),
        ];
        let changed = parts.into_iter().filter(|(_, then, now)| then != now);
        let named = changed.map(|(name, then, now)| format!("{name} changed {} → {now}", then.escape_debug()));
        named.chain(self.cache_difference(now.cached)).collect()
    }

    /// Describes a change of the prefix cache, if it is known.
    pub fn cache_difference(&self, now: Option<bool>) -> Option<String> {
        let word = |cached| if cached { "on" } else { "off" };
        let (then, now) = self.cached.zip(now).filter(|(then, now)| then != now)?;
        Some(format!("cache changed {} → {}", word(then), word(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Attention;

    #[test]
    fn changes_are_named() {
        let made_with = |threads, cpu: &str| MadeWith {
            freezewise: "1".into(),
            libtorch: "2".into(),
            device: "cpu".into(),
            cpu: cpu.into(),
            threads,
            compute: Settings::PLAIN,
            cached: None,
        };
        assert!(made_with(1, "a").differences(&made_with(1, "a")).is_empty());
        assert_eq!(
            made_with(1, "a").differences(&made_with(2, "b")),
            ["processor changed a → b", "threads changed 1 → 2"]
        );
        let cached = |cached| MadeWith { cached, ..made_with(1, "a") };
        assert_eq!(cached(Some(true)).differences(&cached(Some(false))), ["cache changed on → off"]);
        assert!(cached(None).differences(&cached(Some(false))).is_empty(), "an earlier version did not record it");
        let plain = Settings { attention: Attention::Plain, evaluation_batch: 7, ..Settings::PLAIN };
        assert_eq!(
            made_with(1, "a").differences(&MadeWith { compute: plain, ..made_with(1, "a") }),
            ["attention changed fused → plain", "evaluation batch changed 500 → 7"]
        );
    }
}
