//! What work asks of a device: operators by name, waits, uploads, bytes; by the part of a training that asks.

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
    /// What no part claims.
    Other,
    /// The order of an epoch, and the examples of a batch.
    Gather,
    /// What is done to images at random.
    Augment,
    /// The network and its loss.
    Forward,
    /// Gradients.
    Backward,
    /// The update.
    Optimizer,
    /// What an epoch adds up.
    Metrics,
    /// Errors of whole splits.
    Evaluation,
}

impl TrainingPart {
    /// All of them, in the order of a step.
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

    /// For people.
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

    /// Has what follows belong to this part, until the guard goes. Costs a store, whether anybody counts or not.
    #[must_use]
    pub fn begin(self) -> Guard {
        // SAFETY: the function stores a number.
        Guard { before: unsafe { shim::freezewise_set_phase(self as c_int) } }
    }

    fn of(number: c_int) -> Self {
        usize::try_from(number).ok().and_then(|number| Self::ALL.get(number)).copied().unwrap_or(Self::Other)
    }
}

/// A part that has begun.
#[derive(Debug)]
pub struct Guard {
    before: c_int,
}

impl Drop for Guard {
    fn drop(&mut self) {
        // SAFETY: as for `begin`.
        unsafe { shim::freezewise_set_phase(self.before) };
    }
}

/// How often operators were called, by name.
pub type Operators = BTreeMap<String, i64>;

/// What a part asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Amounts {
    /// Operators that launch work on a device.
    pub operators: Operators,
    /// Views, which launch nothing.
    pub views: Operators,
    /// Allocations, which launch nothing.
    pub allocations: Operators,
    /// Times that the host waits for a device: numbers that are read, and copies to the host.
    pub waits: i64,
    /// Copies from the host.
    pub uploads: i64,
    /// Bytes allocated.
    pub allocated_bytes: i64,
    /// Bytes of the inputs and the outputs of operators that launch work.
    pub moved_bytes: i64,
}

impl Amounts {
    /// How many operators launch work.
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

/// What all parts asked for; those that asked for nothing are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OperatorCounts(pub BTreeMap<TrainingPart, Amounts>);

impl OperatorCounts {
    /// What all parts together asked for.
    pub fn total(&self) -> Amounts {
        self.0.values().fold(Amounts::default(), |sum, amounts| sum.joined(amounts, Add::add))
    }

    /// What a part asked for.
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

/// Counts while it lives: operators on all threads, memory on this one and on autograd's, which is why it stays on its
/// thread.
#[derive(Debug)]
pub struct Counting {
    handle: u64,
    on_this_thread: PhantomData<*const ()>,
}

impl Counting {
    /// Starts to count. One at a time.
    pub fn start() -> Self {
        // SAFETY: the function takes nothing and adds an observer to libtorch's list.
        Self { handle: unsafe { shim::freezewise_count() }, on_this_thread: PhantomData }
    }

    /// What there was, and the most bytes that were held beyond those at the start; counting ends.
    pub fn end(self) -> (OperatorCounts, u64) {
        let mut counts = OperatorCounts::default();
        let seer = (&raw mut counts).cast::<c_void>();
        // SAFETY: the handle is that of `start`, and given back once; the two functions take the counts, which live
        // through the call, and names that end with a zero.
        let peak = unsafe { shim::freezewise_counted(self.handle, seer, see_operator, see_amounts) };
        (counts, peak)
    }
}

/// The kinds of operators, by number; as in `native/count.cpp`.
const LAUNCH: c_int = 0;
const VIEW: c_int = 1;

extern "C" fn see_operator(seer: *mut c_void, part: c_int, kind: c_int, name: *const c_char, times: u64) {
    // SAFETY: `Counting::end` gives its own counts, and nobody else has them during the call; the name ends with a zero.
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
    fn an_operator_counts_once_whatever_it_calls_and_a_view_launches_nothing() {
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
