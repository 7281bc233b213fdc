//! Counts the device work of a training: operators by name, synchronisations, uploads, bytes, by part of the training.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ops::{Add, Mul, Sub};

use serde::Serialize;

use super::shim;

/// The parts of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainingPart {
    /// Everything else.
    Other,
    /// Order of an epoch, and gathering of batches.
    Gather,
    /// Data augmentation.
    Augment,
    /// Network and loss.
    Forward,
    /// Gradients.
    Backward,
    /// Optimizer step.
    Optimizer,
    /// Sums over an epoch.
    Metrics,
    /// Errors of whole splits.
    Evaluation,
}

impl TrainingPart {
    /// All parts, in the order of a step.
    pub const ALL: [Self; 8] = [
        Self::Other,
        Self::Gather,
        Self::Augment,
        Self::Forward,
        Self::Backward,
        Self::Optimizer,
        Self::Metrics,
        Self::Evaluation,
    ];

    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Gather => "gather",
            Self::Augment => "augment",
            Self::Forward => "forward",
            Self::Backward => "backward",
            Self::Optimizer => "optimizer",
            Self::Metrics => "metrics",
            Self::Evaluation => "evaluation",
        }
    }

    /// Assigns the following work to this part, until the guard is dropped. Costs one store, whether or not anything is
    /// being counted.
    #[must_use]
    pub fn begin(self) -> Guard {
        // SAFETY: the function stores a number.
        Guard { before: unsafe { shim::freezewise_set_phase(self as c_int) } }
    }

    fn of(number: c_int) -> Self {
        usize::try_from(number).ok().and_then(|number| Self::ALL.get(number)).copied().unwrap_or(Self::Other)
    }
}

/// A part in progress.
#[derive(Debug)]
pub struct Guard {
    before: c_int,
}

impl Drop for Guard {
    fn drop(&mut self) {
        // SAFETY: as in `begin`.
        unsafe { shim::freezewise_set_phase(self.before) };
    }
}

/// Number of calls of each operator, by name.
pub type Operators = BTreeMap<String, i64>;

/// The work of one part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Amounts {
    /// Operators that launch work on a device.
    pub operators: Operators,
    /// Views, which launch nothing.
    pub views: Operators,
    /// Allocations, which launch nothing.
    pub allocations: Operators,
    /// Times that the host waits for the device: numbers read, and copies to the host.
    pub waits: i64,
    /// Copies from the host to the device.
    pub uploads: i64,
    /// Bytes allocated.
    pub allocated_bytes: i64,
    /// Bytes of inputs and outputs of operators that launch work.
    pub moved_bytes: i64,
}

impl Amounts {
    /// Number of operators that launch work.
    pub fn launches(&self) -> i64 {
        self.operators.values().sum()
    }

    fn joined(&self, other: &Self, join: impl Fn(i64, i64) -> i64) -> Self {
        let lists = |one: &Operators, other: &Operators| {
            let entry = |name: &String| [one, other].map(|list| list.get(name).copied().unwrap_or(0));
            let names = one.keys().chain(other.keys());
            let joined = names.map(|name| {
                let [one, other] = entry(name);
                (name.clone(), join(one, other))
            });
            joined.filter(|(_, times)| *times != 0).collect()
        };
        Self {
            operators: lists(&self.operators, &other.operators),
            views: lists(&self.views, &other.views),
            allocations: lists(&self.allocations, &other.allocations),
            waits: join(self.waits, other.waits),
            uploads: join(self.uploads, other.uploads),
            allocated_bytes: join(self.allocated_bytes, other.allocated_bytes),
            moved_bytes: join(self.moved_bytes, other.moved_bytes),
        }
    }
}

/// The work of all parts that have any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OperatorCounts(pub BTreeMap<TrainingPart, Amounts>);

impl OperatorCounts {
    /// The work of all parts together.
    pub fn total(&self) -> Amounts {
        self.0.values().fold(Amounts::default(), |sum, amounts| sum.joined(amounts, Add::add))
    }

    /// The work of one part.
    pub fn of(&self, part: TrainingPart) -> Amounts {
        self.0.get(&part).cloned().unwrap_or_default()
    }

    fn joined(&self, other: &Self, join: impl Fn(i64, i64) -> i64 + Copy) -> Self {
        let parts = TrainingPart::ALL.map(|part| (part, self.of(part).joined(&other.of(part), join)));
        Self(parts.into_iter().filter(|(_, amounts)| *amounts != Amounts::default()).collect())
    }
}

impl Add<&OperatorCounts> for OperatorCounts {
    type Output = Self;

    fn add(self, other: &Self) -> Self {
        self.joined(other, Add::add)
    }
}

impl Sub<&OperatorCounts> for OperatorCounts {
    type Output = Self;

    fn sub(self, other: &Self) -> Self {
        self.joined(other, Sub::sub)
    }
}

impl Mul<i64> for &OperatorCounts {
    type Output = OperatorCounts;

    fn mul(self, times: i64) -> OperatorCounts {
        self.joined(&OperatorCounts::default(), |amount, _| amount * times)
    }
}

/// Counts until dropped: operators on all threads, memory on this thread and on autograd's. Because of the latter it
/// must stay on its thread.
#[derive(Debug)]
pub struct Counting {
    handle: u64,
    on_this_thread: PhantomData<*const ()>,
}

impl Counting {
    /// Starts counting. Only one count may run at a time.
    pub fn start() -> Self {
        // SAFETY: the function takes no arguments and adds an observer to libtorch's list.
        Self { handle: unsafe { shim::freezewise_count() }, on_this_thread: PhantomData }
    }

    /// Stops counting. Returns the counts, and the peak of bytes held beyond those at the start.
    pub fn end(self) -> (OperatorCounts, u64) {
        let mut counts = OperatorCounts::default();
        let seer = (&raw mut counts).cast::<c_void>();
        // SAFETY: the handle is from `start` and used once; the two callbacks get the counts, which outlive the call,
        // and zero-terminated names.
        let peak = unsafe { shim::freezewise_counted(self.handle, seer, see_operator, see_amounts) };
        (counts, peak)
    }
}

/// Operator kinds by number, as in `native/count.cpp`.
const LAUNCH: c_int = 0;
const VIEW: c_int = 1;

extern "C" fn see_operator(seer: *mut c_void, part: c_int, kind: c_int, name: *const c_char, times: u64) {
    // SAFETY: `Counting::end` passes its own counts, to which nobody else has access during the call; the name is
    // zero-terminated.
    let (counts, name) = unsafe { (&mut *seer.cast::<OperatorCounts>(), CStr::from_ptr(name)) };
    let amounts = counts.0.entry(TrainingPart::of(part)).or_default();
    let list = match kind {
        LAUNCH => &mut amounts.operators,
        VIEW => &mut amounts.views,
        _ => &mut amounts.allocations,
    };
    *list.entry(name.to_string_lossy().into_owned()).or_default() += times as i64;
}

extern "C" fn see_amounts(seer: *mut c_void, part: c_int, waits: u64, uploads: u64, allocated: u64, moved: u64) {
    // SAFETY: as for operators.
    let counts = unsafe { &mut *seer.cast::<OperatorCounts>() };
    let amounts = counts.0.entry(TrainingPart::of(part)).or_default();
    (amounts.waits, amounts.uploads) = (waits as i64, uploads as i64);
    (amounts.allocated_bytes, amounts.moved_bytes) = (allocated as i64, moved as i64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind, Tensor};

    #[test]
    fn nested_operators_count_once_and_views_launch_nothing() {
        let matrix = Tensor::ones([8, 4], (Kind::Float, Device::Cpu));
        let counting = Counting::start();
        {
            let _part = TrainingPart::Forward.begin();
            let _ = matrix.transpose(0, 1).matmul(&matrix);
            let _inner = TrainingPart::Metrics.begin();
            let _ = matrix.to_kind(Kind::Double).double_value(&[0, 0]);
        }
        let (counts, peak) = counting.end();
        let forward = counts.of(TrainingPart::Forward);
        assert_eq!(forward.operators, Operators::from([("mm".into(), 1)]));
        assert!(forward.views.contains_key("transpose"), "{forward:?}");
        assert_eq!((forward.allocated_bytes, forward.moved_bytes), (64, 2 * 128 + 64));
        let metrics = counts.of(TrainingPart::Metrics);
        assert_eq!((metrics.operators, metrics.waits), (Operators::from([("copy_".into(), 1)]), 1));
        assert!((64..=1024).contains(&peak), "{peak}");
        assert_eq!(counts.clone() - &counts, OperatorCounts::default());
        assert_eq!(&counts * 2, counts.clone() + &counts);
    }
}
