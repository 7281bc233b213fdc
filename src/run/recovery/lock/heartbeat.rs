//! A thread that refreshes the heartbeat of a lock.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use super::holder::{Holder, STALE};
use super::{path, top_generation};
use crate::files;

/// Several beats may fail before the holder counts as dead.
const INTERVAL: Duration = Duration::from_secs(STALE.as_secs() / 10);

/// Beats until it is dropped.
#[derive(Debug)]
pub(in crate::run) struct Heartbeat {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeat {
    pub(in crate::run) fn start(folder: PathBuf, generation: u64) -> Self {
        let (end, ended) = channel::<()>();
        let holder = Holder::own();
        let thread = spawn(move || {
            while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                beat(&folder, generation, &holder);
            }
        });
        Self { end: Some(end), thread: Some(thread) }
    }
}

/// Errors are ignored: the next beat tries again.
fn beat(folder: &Path, generation: u64, holder: &Holder) {
    if top_generation(folder).ok().flatten() == Some(generation)
        && let Ok(bytes) = holder.clone().beating().to_bytes()
    {
        let _ = files::write_atomically(&path(folder, generation), &bytes);
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // The thread does not panic; if it did, it would have ended too.
            let _ = thread.join();
        }
    }
}
