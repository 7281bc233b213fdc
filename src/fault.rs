//! Fault injection for tests: a full disk, a lost mount, a kill in the middle of a write.
//!
//! `FREEZEWISE_FAULT` names a fault and the operation it hits. `ENOSPC@7` fails the seventh file operation, `ENOSPC@7+`
//! every one from the seventh on. `short@7` writes half of the bytes and fails; `kill@7` writes half and kills the
//! process with SIGKILL. `EINVAL@sync-folder` fails every sync of a folder, like a file system without directory sync.
//! `memory@3` and `device@3` fail the third training step the way libtorch does. When the run checks for the third time
//! whether to stop, `stop@3` sends SIGTERM and `interrupts@3` sends SIGINT twice. `trace@FILE` appends each operation to
//! a file. Without the variable nothing is counted.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use signal_hook::consts::{SIGINT, SIGKILL, SIGTERM};
use signal_hook::low_level::raise;

use crate::environment;

/// A file operation that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileOperation {
    Folder,
    Look,
    Create,
    Write,
    Sync,
    SyncFolder,
    Rename,
    Open,
    Append,
    Remove,
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InjectedFailure {
    /// With an operating system error, by errno.
    System(i32),
    /// With a write error after half of the bytes.
    Short,
    /// With SIGKILL after half of the bytes.
    Kill,
}

/// The fault that the variable requests.
#[derive(Clone, Debug, PartialEq, Eq)]
enum FaultPlan {
    Nothing,
    Trace(String),
    Fail { failure: InjectedFailure, at: u64, from_then_on: bool },
    FailSyncFolder { failure: InjectedFailure },
    Device { message: &'static str, at: u64 },
    Signals { signals: &'static [i32], at: u64 },
}

/// Linux errno values by name.
const ERRORS: [(&str, i32); 7] =
    [("EIO", 5), ("EINVAL", 22), ("ENOSPC", 28), ("EROFS", 30), ("EOPNOTSUPP", 95), ("ESTALE", 116), ("EDQUOT", 122)];

/// Signals that a check for a stop sends, by name.
const SIGNALS: [(&str, &[i32]); 2] = [("stop", &[SIGTERM]), ("interrupts", &[SIGINT, SIGINT])];

/// Instead of a count: every sync of a folder.
const SYNC_FOLDER: &str = "sync-folder";

/// The first line of libtorch's error messages for device failures.
const DEVICE: [(&str, &str); 2] = [
    ("memory", "Torch(\"CUDA out of memory. Tried to allocate 2.00 GiB.\")"),
    ("device", "Torch(\"CUDA error: unspecified launch failure\")"),
];

impl FaultPlan {
    fn read(text: &str) -> Self {
        let Some((name, rest)) = text.split_once('@') else { return Self::Nothing };
        if name == "trace" {
            return Self::Trace(rest.to_owned());
        }
        let error = ERRORS.iter().find(|(error, _)| *error == name).map(|(_, number)| InjectedFailure::System(*number));
        if let (Some(failure), SYNC_FOLDER) = (error, rest) {
            return Self::FailSyncFolder { failure };
        }
        let (count, from_then_on) = rest.strip_suffix('+').map_or((rest, false), |count| (count, true));
        let Ok(at) = count.parse() else { return Self::Nothing };
        if let Some((_, message)) = DEVICE.iter().find(|(device, _)| *device == name) {
            return Self::Device { message, at };
        }
        if let Some((_, signals)) = SIGNALS.iter().find(|(sending, _)| *sending == name) {
            return Self::Signals { signals, at };
        }
        let failure = match name {
            "short" => InjectedFailure::Short,
            "kill" => InjectedFailure::Kill,
            _ => match error {
                Some(failure) => failure,
                None => return Self::Nothing,
            },
        };
        Self::Fail { failure, at, from_then_on }
    }
}

fn plan() -> &'static FaultPlan {
    static PLAN: OnceLock<FaultPlan> = OnceLock::new();
    PLAN.get_or_init(|| environment::text("FREEZEWISE_FAULT").map_or(FaultPlan::Nothing, |text| FaultPlan::read(&text)))
}

/// The failure to inject into this operation, if any.
pub(crate) fn strike(operation: FileOperation, path: &Path) -> Option<InjectedFailure> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    match plan() {
        FaultPlan::Trace(file) => {
            let mut trace = OpenOptions::new().append(true).create(true).open(file).ok()?;
            // If the trace cannot be written, the test that reads it fails.
            let _ = writeln!(trace, "{operation:?} {}", path.display());
            None
        }
        FaultPlan::Fail { failure, at, from_then_on } => {
            let count = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
            (count == *at || (*from_then_on && count > *at)).then_some(*failure)
        }
        FaultPlan::FailSyncFolder { failure } => (operation == FileOperation::SyncFolder).then_some(*failure),
        FaultPlan::Nothing | FaultPlan::Device { .. } | FaultPlan::Signals { .. } => None,
    }
}

/// Returns the injected error of an operation that writes no bytes.
pub(crate) fn check(operation: FileOperation, path: &Path) -> io::Result<()> {
    strike(operation, path).map_or(Ok(()), |failure| Err(failure.error()))
}

/// Writes the bytes, or as many as the injected failure allows.
pub(crate) fn write(mut file: impl Write, bytes: &[u8], operation: FileOperation, path: &Path) -> io::Result<()> {
    let Some(failure) = strike(operation, path) else { return file.write_all(bytes) };
    if !matches!(failure, InjectedFailure::System(_)) {
        file.write_all(&bytes[..bytes.len() / 2])?;
        file.flush()?;
    }
    Err(failure.error())
}

/// Panics like the libtorch bindings if a test requests a device failure at this step.
///
/// # Panics
///
/// If `FREEZEWISE_FAULT` requests a device failure at this step.
pub fn device_step() {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if let FaultPlan::Device { message, at } = plan() {
        assert!(COUNT.fetch_add(1, Ordering::Relaxed) + 1 != *at, "{message}");
    }
}

/// Sends this process the signals that a test requests at this check for a stop.
pub fn stop_question() {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if let FaultPlan::Signals { signals, at } = plan()
        && COUNT.fetch_add(1, Ordering::Relaxed) + 1 == *at
    {
        for signal in *signals {
            // If a signal cannot be sent, the test that waits for it fails.
            let _ = raise(*signal);
        }
    }
}

impl InjectedFailure {
    fn error(self) -> io::Error {
        match self {
            Self::System(number) => io::Error::from_raw_os_error(number),
            Self::Short => io::Error::from(io::ErrorKind::WriteZero),
            Self::Kill => {
                // SIGKILL cannot be caught: nothing after this line runs.
                let _ = raise(SIGKILL);
                io::Error::from(io::ErrorKind::Interrupted)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_plans_are_parsed() {
        let fail = |failure, at, from_then_on| FaultPlan::Fail { failure, at, from_then_on };
        let cases = [
            ("ENOSPC@7", fail(InjectedFailure::System(28), 7, false)),
            ("ESTALE@1+", fail(InjectedFailure::System(116), 1, true)),
            ("short@2", fail(InjectedFailure::Short, 2, false)),
            ("kill@12", fail(InjectedFailure::Kill, 12, false)),
            ("memory@3", FaultPlan::Device { message: DEVICE[0].1, at: 3 }),
            ("stop@4", FaultPlan::Signals { signals: &[SIGTERM], at: 4 }),
            ("interrupts@4", FaultPlan::Signals { signals: &[SIGINT, SIGINT], at: 4 }),
            ("trace@/tmp/a", FaultPlan::Trace("/tmp/a".into())),
            ("EINVAL@sync-folder", FaultPlan::FailSyncFolder { failure: InjectedFailure::System(22) }),
            ("EINVAL@sync", FaultPlan::Nothing),
            ("nonsense@3", FaultPlan::Nothing),
            ("EIO", FaultPlan::Nothing),
            ("EIO@x", FaultPlan::Nothing),
        ];
        for (text, plan) in cases {
            assert_eq!(FaultPlan::read(text), plan, "{text}");
        }
    }

    #[test]
    fn injected_failures_are_system_errors() {
        let mut bytes = Vec::new();
        // The variable is not set in unit tests: nothing fails, and everything is written.
        write(&mut bytes, b"whole", FileOperation::Write, Path::new("a")).expect("nothing fails");
        assert_eq!(bytes, b"whole");
        assert_eq!(InjectedFailure::System(28).error().kind(), io::ErrorKind::StorageFull);
    }
}
