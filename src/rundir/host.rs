//! Identifies this machine, and checks whether a process on it is still alive.

use std::fs;

use sha2::{Digest, Sha256};

use crate::environment;
use crate::text;

/// Set by tests that need two machines.
const OTHER_HOST: &str = "FREEZEWISE_HOST";

/// Host name, for messages.
pub fn name() -> String {
    if let Some(name) = environment::text(OTHER_HOST) {
        return name;
    }
    line("/proc/sys/kernel/hostname").unwrap_or_else(|| "an unnamed host".into())
}

/// Identifies this machine: host name, boot, and process number namespace, because each container of a machine has its
/// own.
pub fn identity() -> String {
    let boot = boot();
    let space = fs::read_link("/proc/self/ns/pid").map(|space| space.display().to_string()).unwrap_or_default();
    format!("{} {boot} {space}", name())
}

/// Identifier of this boot; empty if the system has none.
pub fn boot() -> String {
    line("/proc/sys/kernel/random/boot_id").unwrap_or_default()
}

/// When this machine booted, in seconds since 1970: `btime` in `/proc/stat` (proc(5)).
pub fn boot_time() -> Option<u64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// Identifier of the operating system installation, which distinguishes machines of the same name and survives a
/// reboot; empty if there is none, as in many containers. machine-id(5) asks not to expose the ID itself, so this is a
/// digest of it.
pub fn installation() -> String {
    let id = line("/etc/machine-id").filter(|id| id != "uninitialized");
    id.map(|id| text::hex(&Sha256::digest(format!("freezewise {id}")))[..16].to_owned()).unwrap_or_default()
}

/// Whether a process of this machine is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessState {
    /// It runs, and it is the process that started at that time.
    Alive,
    /// It has ended, or another process has its number now.
    Dead,
    /// The system hides it from this user.
    Hidden,
}

/// Looks up a process by its number and its start time `born` (kernel clock).
pub fn process(pid: u32, born: u64) -> ProcessState {
    match stat(pid) {
        Some((state, start)) if start == born && !['Z', 'X'].contains(&state) => ProcessState::Alive,
        Some(_) => ProcessState::Dead,
        // Process 1 always exists: if it is not visible, other processes may be hidden too.
        None if stat(1).is_some() => ProcessState::Dead,
        None => ProcessState::Hidden,
    }
}

/// Start time of this process, by the kernel's clock.
pub fn own_birth() -> u64 {
    stat(std::process::id()).map_or(0, |(_, start)| start)
}

/// State and start time of a process: fields 3 and 22 of `/proc/PID/stat` (proc(5)). Field 2 is a name in parentheses
/// that can contain anything, so fields are counted from its end.
fn stat(pid: u32) -> Option<(char, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

/// Name of the processor.
pub fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| std::env::consts::ARCH.into(), |(_, name)| name.trim().to_owned())
}

/// Version of the NVIDIA driver, if there is one.
pub fn driver() -> Option<String> {
    line("/sys/module/nvidia/version")
}

fn line(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn living_and_dead_processes_are_distinguished() -> std::io::Result<()> {
        assert_eq!(process(std::process::id(), own_birth()), ProcessState::Alive);
        assert_eq!(process(std::process::id(), own_birth() + 1), ProcessState::Dead);
        let mut child = std::process::Command::new("sleep").arg("60").spawn()?;
        let (_, born) = stat(child.id()).expect("it runs");
        assert_eq!(process(child.id(), born), ProcessState::Alive);
        child.kill()?;
        // Not waited for yet: the number is still taken, but the process is dead.
        while stat(child.id()).is_some_and(|(state, _)| state != 'Z') {
            std::thread::yield_now();
        }
        assert_eq!(process(child.id(), born), ProcessState::Dead);
        child.wait()?;
        assert_eq!(process(child.id(), born), ProcessState::Dead);
        Ok(())
    }
}
