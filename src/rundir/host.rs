//! Which machine this is, and whether a process on it is still there.

use std::fs;

use sha2::{Digest, Sha256};

use crate::environment;
use crate::text;

/// Names this machine in a test that needs two of them.
const OTHER_HOST: &str = "FREEZEWISE_HOST";

/// The machine's name, for people.
pub fn name() -> String {
    if let Some(name) = environment::text(OTHER_HOST) {
        return name;
    }
    line("/proc/sys/kernel/hostname").unwrap_or_else(|| "an unnamed host".into())
}

/// What tells this machine from every other: its name, its boot, and the space that its process numbers count in, since
/// containers of one machine have each their own.
pub fn identity() -> String {
    let boot = boot();
    let space = fs::read_link("/proc/self/ns/pid").map(|space| space.display().to_string()).unwrap_or_default();
    format!("{} {boot} {space}", name())
}

/// Names this boot of the machine; empty where the system does not.
pub fn boot() -> String {
    line("/proc/sys/kernel/random/boot_id").unwrap_or_default()
}

/// Names the installation of the operating system, which tells machines of one name apart and outlives a reboot; empty
/// where there is none, as in many containers. machine-id(5) asks that the number itself stay on the machine, so this
/// is a digest of it.
pub fn installation() -> String {
    let id = line("/etc/machine-id").filter(|id| id != "uninitialized");
    id.map(|id| text::hex(&Sha256::digest(format!("freezewise {id}")))[..16].to_owned()).unwrap_or_default()
}

/// What is known of a process of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessState {
    /// It runs, and is the one that started then.
    Alive,
    /// It is gone, or another has its number now.
    Dead,
    /// The system hides it from this user.
    Hidden,
}

/// The process of a number that started at `born`, by the kernel's clock.
pub fn process(pid: u32, born: u64) -> ProcessState {
    match stat(pid) {
        Some((state, start)) if start == born && !['Z', 'X'].contains(&state) => ProcessState::Alive,
        Some(_) => ProcessState::Dead,
        // Process 1 is always there: if it cannot be seen, others cannot either.
        None if stat(1).is_some() => ProcessState::Dead,
        None => ProcessState::Hidden,
    }
}

/// When this process started, by the kernel's clock.
pub fn own_birth() -> u64 {
    stat(std::process::id()).map_or(0, |(_, start)| start)
}

/// State and start of a process: fields 3 and 22 of `/proc/PID/stat` (proc(5)). The second field is a name in
/// parentheses that may hold anything, so the fields are counted from its end.
fn stat(pid: u32) -> Option<(char, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

/// The processor's name.
pub fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| std::env::consts::ARCH.into(), |(_, name)| name.trim().to_owned())
}

/// The NVIDIA driver's version, where there is one.
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
    fn processes_are_told_apart() -> std::io::Result<()> {
        assert_eq!(process(std::process::id(), own_birth()), ProcessState::Alive);
        assert_eq!(process(std::process::id(), own_birth() + 1), ProcessState::Dead);
        let mut child = std::process::Command::new("sleep").arg("60").spawn()?;
        let (_, born) = stat(child.id()).expect("it runs");
        assert_eq!(process(child.id(), born), ProcessState::Alive);
        child.kill()?;
        // Not waited for yet: its number is still taken, and it is dead all the same.
        while stat(child.id()).is_some_and(|(state, _)| state != 'Z') {
            std::thread::yield_now();
        }
        assert_eq!(process(child.id(), born), ProcessState::Dead);
        child.wait()?;
        assert_eq!(process(child.id(), born), ProcessState::Dead);
        Ok(())
    }
}
