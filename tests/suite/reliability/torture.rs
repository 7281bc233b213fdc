//! Killed at random times and during random writes, a run ends as an uninterrupted one, byte for byte.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::program::{Place, json};
use super::{SMALL, end, only_run, product, start};

/// Pseudo-random numbers, the same in every test run: Marsaglia, "Xorshift RNGs" (2003).
pub struct Draw(pub u64);

impl Draw {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Kills runs `kills` times, half of them at random times and half during a write, and then finishes each run.
fn torture(kills: usize, seed: u64) {
    let expected = product(&Place::with(SMALL).run(&[]));
    let mut draw = Draw(seed);
    let (mut killed, mut finished) = (0, 0);
    while killed < kills {
        let place = Place::with(SMALL);
        let before = killed;
        loop {
            let enough = killed >= kills || killed - before >= 12;
            let fault = format!("kill@{}", 1 + draw.below(250));
            let within_a_write = draw.below(2) == 0;
            let variables = [("FREEZEWISE_FAULT", fault.as_str())];
            let variables: &[_] = if within_a_write && !enough { &variables } else { &[] };
            let mut child = start(&place, variables, &[]);
            if !enough && !within_a_write {
                std::thread::sleep(Duration::from_millis(100 + draw.below(500)));
                // It may already have ended by itself.
                let _ = child.kill();
            }
            let answer = end(child);
            match answer.code {
                -1 => killed += 1,
                0 => break,
                code => panic!("exit code {code} after {killed} kills: {}", answer.stderr),
            }
        }
        finished += 1;
        let directory = only_run(&place);
        assert!(product(&directory) == expected, "after {} kills", killed - before);
        assert_eq!(unfinished(&place.path("runs")), Vec::<PathBuf>::new(), "a temporary file remained");
        assert_eq!(json(&directory.join("run.json"))["status"], "finished");
    }
    eprintln!("{killed} kills, {finished} runs finished");
}

/// Temporary files in a folder and its subfolders that were being written when a process ended.
pub fn unfinished(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".writing")));
    files.extend(folders.iter().flat_map(|folder| unfinished(folder)));
    files
}

#[test]
fn ten_kills_change_nothing() {
    torture(10, 0x5DEE_CE66);
}

#[test]
#[ignore = "takes minutes: scripts/check --full"]
fn a_hundred_kills_change_nothing() {
    torture(100, 0x2545_F491);
}
