//! The holder of a lock, as its file describes it.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::rundir::host::{self, ProcessState};

/// A holder on another machine counts as dead after this long without a heartbeat.
pub(in crate::run) const STALE: Duration = Duration::from_secs(300);

/// Larger lock files are cut.
const LONGEST: u64 = 64 * 1024;

/// A process that holds a lock, or held it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::run) struct Holder {
    host: String,
    pid: u32,
    /// RFC 3339.
    since: String,
    /// Identifies its machine and boot.
    machine: String,
    /// Identifies the operating system's installation across reboots; empty if unknown, and in files of earlier versions.
    #[serde(default)]
    installation: String,
    /// Identifies the boot; empty in the same cases.
    #[serde(default)]
    boot: String,
    /// When the process started, on its machine's clock since boot: process ids are reused.
    born: u64,
    /// Seconds since 1970.
    heartbeat: u64,
    released: bool,
}

impl Holder {
    /// This process, now.
    pub(in crate::run) fn own() -> Self {
        Self {
            host: host::name(),
            pid: std::process::id(),
            since: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            machine: host::identity(),
            installation: host::installation(),
            boot: host::boot(),
            born: host::own_birth(),
            heartbeat: now(),
            released: false,
        }
    }

    /// The same process, having released the lock.
    pub(in crate::run) fn released(self) -> Self {
        Self { released: true, ..self }
    }

    /// The same process, with a heartbeat of now.
    pub(in crate::run) fn beating(self) -> Self {
        Self { heartbeat: now(), ..self }
    }

    /// For messages: `process 12 on host since 2026-11-24T10:00:00Z`.
    pub(in crate::run) fn who(&self) -> String {
        format!("process {} on {} since {}", self.pid, self.host.escape_debug(), self.since.escape_debug())
    }

    /// Reads the holder from a lock file; `None` if the file is gone. A malformed file gives an unknown holder, last seen
    /// when the file was written.
    pub(in crate::run) fn read(path: &Path) -> std::io::Result<Option<Self>> {
        let read = || -> std::io::Result<Self> {
            let file = std::fs::File::open(path)?;
            let written = file.metadata()?.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let mut bytes = Vec::new();
            file.take(LONGEST).read_to_end(&mut bytes)?;
            Ok(serde_json::from_slice(&bytes).unwrap_or_else(|_| Self::unknown(written.unwrap_or_default())))
        };
        match read() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    fn unknown(seen: Duration) -> Self {
        Self {
            host: "an unknown host".into(),
            pid: 0,
            since: "an unknown time".into(),
            machine: String::new(),
            installation: String::new(),
            boot: String::new(),
            born: 0,
            heartbeat: seen.as_secs(),
            released: false,
        }
    }

    pub(in crate::run) fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Whether the holder still runs, as far as this machine can tell.
    pub(in crate::run) fn is_alive(&self) -> bool {
        let beats = || now().saturating_sub(self.heartbeat) <= STALE.as_secs();
        if self.released || self.is_of_earlier_boot(&Self::own(), host::boot_time()) {
            return false;
        }
        if self.machine != host::identity() {
            return beats();
        }
        match host::process(self.pid, self.born) {
            ProcessState::Alive => true,
            ProcessState::Dead => false,
            ProcessState::Hidden => beats(),
        }
    }
}

impl Holder {
    /// Whether it ran on the machine of `own`, which booted at `booted`, before that, and so is dead. Containers of many
    /// machines can share a host name, and even an installation: a holder that was seen since the boot may be alive on
    /// another of them. A file without a boot or an installation tells nothing.
    fn is_of_earlier_boot(&self, own: &Self, booted: Option<u64>) -> bool {
        let known = ![&self.boot, &own.boot, &self.installation].into_iter().any(String::is_empty);
        let is_here = self.host == own.host && self.installation == own.installation;
        known && is_here && self.boot != own.boot && booted.is_some_and(|booted| self.heartbeat < booted)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
impl Holder {
    pub(in crate::run) fn of_process(self, pid: u32) -> Self {
        Self { pid, ..self }
    }

    pub(in crate::run) fn of_host(self, host: &str) -> Self {
        Self { host: host.into(), machine: host.into(), ..self }
    }

    /// Of another boot; earlier versions wrote an empty one.
    pub(in crate::run) fn of_boot(self, boot: &str) -> Self {
        Self { boot: boot.into(), machine: format!("{} {boot}", self.host), ..self }
    }

    pub(in crate::run) fn of_installation(self, installation: &str) -> Self {
        Self { installation: installation.into(), ..self }
    }

    pub(in crate::run) fn seen_before(self, age: Duration) -> Self {
        Self { heartbeat: self.heartbeat - age.as_secs(), ..self }
    }

    pub(in crate::run) fn seen_ahead(self, lead: Duration) -> Self {
        Self { heartbeat: self.heartbeat + lead.as_secs(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_holders_last_seen_before_boot_are_of_an_earlier_boot() {
        const BOOTED: u64 = 1_000_000;
        let own = Holder::own().of_boot("now").of_installation("ours");
        let before = Holder { heartbeat: BOOTED - 1, ..own.clone().of_boot("earlier") };
        assert!(before.is_of_earlier_boot(&own, Some(BOOTED)));
        assert!(!before.is_of_earlier_boot(&own, None));
        let nameless = own.clone().of_installation("");
        assert!(!before.clone().of_installation("").is_of_earlier_boot(&nameless, Some(BOOTED)), "a container");
        for alive in [
            Holder { heartbeat: BOOTED, ..before.clone() },
            before.clone().of_host("elsewhere"),
            before.clone().of_installation("another"),
            before.clone().of_boot(""),
            before.of_boot("now"),
        ] {
            assert!(!alive.is_of_earlier_boot(&own, Some(BOOTED)), "{alive:?}");
        }
    }
}
