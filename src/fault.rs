//! Faults that a test asks for: the disk that is full, the mount that is gone, the kill in the middle of a write.
//!
//! `FREEZEWISE_FAULT` names one, at a count of operations: `ENOSPC@7` fails the seventh operation of this layer,
//! `ENOSPC@7+` every one from then on, `short@7` writes half of it first, `kill@7` does that and ends the process as
//! SIGKILL does. `EINVAL@sync-folder` fails every sync of a folder, as a file system does that has none. `memory@3` and
//! `device@3` fail the third step of a training as libtorch would. `stop@3` has SIGTERM come when a run asks for the third
//! time whether to stop. `trace@FILE` lists the operations in a file. Without the variable nothing is counted.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::environment;

/// What is about to be done.
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

/// How an operation is to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InjectedFailure {
    /// With an error of the system, by its number.
    System(i32),
    /// The same, half of the bytes written.
    Short,
    /// With the process, half of the bytes written.
    Kill,
}

/// What the variable asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum FaultPlan {
    Nothing,
    Trace(String),
    Fail { failure: InjectedFailure, at: u64, from_then_on: bool },
    FailSyncFolder { failure: InjectedFailure },
    Device { message: &'static str, at: u64 },
    Stop { at: u64 },
}

/// Linux's numbers, as a test names them.
const ERRORS: [(&str, i32); 7] =
    [("EIO", 5), ("EINVAL", 22), ("ENOSPC", 28), ("EROFS", 30), ("EOPNOTSUPP", 95), ("ESTALE", 116), ("EDQUOT", 122)];

/// In the place of a count: every operation of this kind.
const SYNC_FOLDER: &str = "sync-folder";

/// What libtorch says where a device fails, cut to its first line.
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
        if name == "stop" {
            return Self::Stop { at };
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

/// The failure that this operation is to have.
pub(crate) fn strike(operation: FileOperation, path: &Path) -> Option<InjectedFailure> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    match plan() {
        FaultPlan::Trace(file) => {
            let mut trace = OpenOptions::new().append(true).create(true).open(file).ok()?;
            // A trace that cannot be written is a test that fails by itself.
            let _ = writeln!(trace, "{operation:?} {}", path.display());
            None
        }
        FaultPlan::Fail { failure, at, from_then_on } => {
            let count = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
            (count == *at || (*from_then_on && count > *at)).then_some(*failure)
        }
        FaultPlan::FailSyncFolder { failure } => (operation == FileOperation::SyncFolder).then_some(*failure),
        FaultPlan::Nothing | FaultPlan::Device { .. } | FaultPlan::Stop { .. } => None,
    }
}

/// Fails where an operation without bytes of its own is to fail.
pub(crate) fn check(operation: FileOperation, path: &Path) -> io::Result<()> {
    strike(operation, path).map_or(Ok(()), |failure| Err(failure.error()))
}

/// Writes bytes, or as many as the failure lets through.
pub(crate) fn write(mut file: impl Write, bytes: &[u8], operation: FileOperation, path: &Path) -> io::Result<()> {
    let Some(failure) = strike(operation, path) else { return file.write_all(bytes) };
    if !matches!(failure, InjectedFailure::System(_)) {
        file.write_all(&bytes[..bytes.len() / 2])?;
        file.flush()?;
    }
    Err(failure.error())
}

/// Where a test wants a device to fail at this step, does what the bindings to libtorch do then.
///
/// # Panics
///
/// In that test alone.
pub fn device_step() {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if let FaultPlan::Device { message, at } = plan() {
        assert!(COUNT.fetch_add(1, Ordering::Relaxed) + 1 != *at, "{message}");
    }
}

/// Where a test wants SIGTERM at this question whether to stop, sends it to this process.
pub fn stop_question() {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if let FaultPlan::Stop { at } = plan()
        && COUNT.fetch_add(1, Ordering::Relaxed) + 1 == *at
    {
        // A signal that cannot be sent is a test that fails by itself.
        let _ = signal_hook::low_level::raise(signal_hook::consts::SIGTERM);
    }
}

impl InjectedFailure {
    fn error(self) -> io::Error {
        match self {
            Self::System(number) => io::Error::from_raw_os_error(number),
            Self::Short => io::Error::from(io::ErrorKind::WriteZero),
            Self::Kill => {
                // SIGKILL cannot be caught: nothing after this line runs.
                let _ = signal_hook::low_level::raise(signal_hook::consts::SIGKILL);
                io::Error::from(io::ErrorKind::Interrupted)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read() {
        let fail = |failure, at, from_then_on| FaultPlan::Fail { failure, at, from_then_on };
        let cases = [
            ("ENOSPC@7", fail(InjectedFailure::System(28), 7, false)),
            ("ESTALE@1+", fail(InjectedFailure::System(116), 1, true)),
            ("short@2", fail(InjectedFailure::Short, 2, false)),
            ("kill@12", fail(InjectedFailure::Kill, 12, false)),
            ("memory@3", FaultPlan::Device { message: DEVICE[0].1, at: 3 }),
            ("stop@4", FaultPlan::Stop { at: 4 }),
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
    fn a_failure_is_the_systems() {
        let mut bytes = Vec::new();
        // No variable is set in tests: the plan is nothing, and all of it is written.
        write(&mut bytes, b"whole", FileOperation::Write, Path::new("a")).expect("nothing fails");
        assert_eq!(bytes, b"whole");
        assert_eq!(InjectedFailure::System(28).error().kind(), io::ErrorKind::StorageFull);
    }
}
