//! Stop requests: a signal, or the end of `--max-time`. A signal handler only sets a flag; the run checks it between
//! steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::flag;

use crate::error::UserError;
use crate::fault;
use crate::text;

/// Stored instead of a signal number for a request from code that uses the library.
const REQUEST: usize = usize::MAX;

/// The exit code of a program that Ctrl-C ended: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

const SIGNALS: [(i32, &str); 5] =
    [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM"), (SIGUSR1, "SIGUSR1"), (SIGUSR2, "SIGUSR2"), (SIGHUP, "SIGHUP")];

/// Whether to stop, and why.
#[derive(Debug, Default)]
pub struct Stop {
    /// The last signal received; 0 for none.
    signal: Arc<AtomicUsize>,
    /// The deadline, and the duration it was set from.
    limit: Option<(Instant, Duration)>,
}

impl Stop {
    /// Never requests a stop.
    pub fn never() -> Self {
        Self::default()
    }

    /// Listens for INT, TERM, USR1, USR2 and HUP as long as the process lives; a second SIGINT exits at once. A SIGHUP
    /// that is already ignored, as under `nohup`, stays ignored. `most` is the time limit from now on.
    pub fn listen(most: Option<Duration>) -> Result<Self> {
        let stop =
            Self { limit: most.and_then(|most| Some((Instant::now().checked_add(most)?, most))), ..Self::default() };
        let interrupted = Arc::new(AtomicBool::new(false));
        let listen = || -> std::io::Result<()> {
            // The order matters: at the first SIGINT the shutdown handler finds the flag unset, then it is set.
            flag::register_conditional_shutdown(SIGINT, INTERRUPTED, Arc::clone(&interrupted))?;
            flag::register(SIGINT, interrupted)?;
            for (signal, _) in SIGNALS {
                if signal != SIGHUP || !hangup_is_ignored() {
                    flag::register_usize(signal, Arc::clone(&stop.signal), signal as usize)?;
                }
            }
            Ok(())
        };
        listen().context("cannot listen to signals")?;
        Ok(stop)
    }

    /// Requests a stop, as a signal does.
    pub fn request(&self) {
        self.signal.store(REQUEST, Ordering::Relaxed);
    }

    /// The reason to stop, if a stop was requested.
    pub fn reason(&self) -> Option<String> {
        fault::stop_question();
        let signal = self.signal.load(Ordering::Relaxed);
        if signal == REQUEST {
            return Some("request".to_owned());
        }
        let signal = signal as i32;
        if let Some((_, name)) = SIGNALS.iter().find(|(number, _)| *number == signal) {
            return Some((*name).to_owned());
        }
        let (_, most) = self.limit.filter(|(end, _)| Instant::now() >= *end)?;
        Some(format!("`--max-time` ({})", text::duration(most.as_secs_f64())))
    }

    /// An error if a stop was requested, for work before the first step, which has no checkpoint.
    ///
    /// # Errors
    ///
    /// With exit code 75, if a stop was requested.
    pub fn check(&self) -> Result<()> {
        self.reason().map_or(Ok(()), |reason| Err(stopped(&reason, "before the first step").into()))
    }
}

/// The error for a requested stop.
pub(in crate::run) fn stopped(reason: &str, place: &str) -> UserError {
    UserError::stopped(format!("stopped by {reason}, {place}")).hint("run the same command again to resume")
}

/// Bit 0 of the mask of ignored signals (proc(5)) is SIGHUP's.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignores_hangup(&status)
}

fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_hangup_is_read_from_the_signal_mask() {
        assert!(ignores_hangup("Name:\tfreezewise\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hangup("Name:\tfreezewise\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hangup(""));
    }

    #[test]
    fn the_time_limit_stops_a_run() {
        assert_eq!(Stop::never().reason(), None);
        let over = Stop { limit: Some((Instant::now(), Duration::from_secs(90))), ..Stop::default() };
        assert_eq!(over.reason().as_deref(), Some("`--max-time` (1 min 30 s)"));
        assert!(over.check().is_err_and(|error| UserError::exit_of(&error) == crate::error::Exit::Stopped));
    }
}
