//! Counts what a training asks of a device, by part of the training: operators by name, waits, uploads, bytes.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ops::{Add, Mul, Sub};

use serde::Serialize;

use super::shim;

/// The parts of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Anything outside the other parts.
    Other,
    /// Shuffling an epoch, and gathering the examples of a batch.
    Gather,
    /// Random augmentation of images.
    Augment,
    /// The network and its loss.
    Forward,
    /// Gradients.
    Backward,
    /// The update.
    Optimizer,
    /// Sums over an epoch.
    Metrics,
    /// Errors of whole splits.
    Evaluation,
}

impl Part {
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

    /// Its name in tables.
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

    /// Attributes the work that follows to this part until the guard is dropped. Costs one store, counting or not.
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

/// The counts of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Amounts {
    /// Operators that launch a kernel.
    pub operators: Operators,
    /// Views, which launch nothing.
    pub views: Operators,
    /// Allocations, which launch nothing.
    pub allocations: Operators,
    /// How often the host waits for the device: to read a number, or to copy to the host.
    pub waits: i64,
    /// Copies from the host.
    pub uploads: i64,
    /// Bytes allocated.
    pub allocated_bytes: i64,
    /// Bytes of inputs and outputs of operators that launch a kernel.
    pub moved_bytes: i64,
}

impl Amounts {
    /// The number of operators that launch a kernel.
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

/// The counts of all parts; parts that did nothing are omitted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Counts(pub BTreeMap<Part, Amounts>);

impl Counts {
    /// The sum over all parts.
    pub fn total(&self) -> Amounts {
        self.0.values().fold(Amounts::default(), |sum, amounts| sum.joined(amounts, Add::add))
    }

    /// The counts of a part.
    pub fn of(&self, part: Part) -> Amounts {
        self.0.get(&part).cloned().unwrap_or_default()
    }

    fn joined(&self, other: &Self, join: impl Fn(i64, i64) -> i64 + Copy) -> Self {
        let parts = Part::ALL.map(|part| (part, self.of(part).joined(&other.of(part), join)));
        Self(parts.into_iter().filter(|(_, amounts)| *amounts != Amounts::default()).collect())
    }
}

impl Add<&Counts> for Counts {
    type Output = Self;

    fn add(self, other: &Self) -> Self {
        self.joined(other, Add::add)
    }
}

impl Sub<&Counts> for Counts {
    type Output = Self;

    fn sub(self, other: &Self) -> Self {
        self.joined(other, Sub::sub)
    }
}

impl Mul<i64> for &Counts {
    type Output = Counts;

    fn mul(self, times: i64) -> Counts {
        self.joined(&Counts::default(), |amount, _| amount * times)
    }
}

/// Counts operators on all threads, and memory on this thread and on autograd's; therefore it must stay on its thread.
#[derive(Debug)]
pub struct Counting {
    handle: u64,
    on_this_thread: PhantomData<*const ()>,
}

impl Counting {
    /// Starts counting. Only one can count at a time.
    pub fn start() -> Self {
        // SAFETY: the function takes nothing and adds an observer to libtorch's list.
        Self { handle: unsafe { shim::freezewise_count() }, on_this_thread: PhantomData }
    }

    /// Stops counting; returns the counts and the peak memory beyond that at the start.
    pub fn end(self) -> (Counts, u64) {
        let mut counts = Counts::default();
        let seer = (&raw mut counts).cast::<c_void>();
        // SAFETY: the handle came from `start` and is returned once; the two functions get the counts, which outlive the
        // call, and zero-terminated names.
        let peak = unsafe { shim::freezewise_counted(self.handle, seer, see_operator, see_amounts) };
        (counts, peak)
    }
}

/// Kinds of operators, numbered as in `native/count.cpp`.
const LAUNCH: c_int = 0;
const VIEW: c_int = 1;

extern "C" fn see_operator(seer: *mut c_void, part: c_int, kind: c_int, name: *const c_char, times: u64) {
    // SAFETY: `Counting::end` passes its own counts, which nothing else uses during the call; the name is zero-terminated.
    let (counts, name) = unsafe { (&mut *seer.cast::<Counts>(), CStr::from_ptr(name)) };
    let amounts = counts.0.entry(Part::of(part)).or_default();
    let list = match kind {
        LAUNCH => &mut amounts.operators,
        VIEW => &mut amounts.views,
        _ => &mut amounts.allocations,
    };
    *list.entry(name.to_string_lossy().into_owned()).or_default() += times as i64;
}

extern "C" fn see_amounts(seer: *mut c_void, part: c_int, waits: u64, uploads: u64, allocated: u64, moved: u64) {
    // SAFETY: as for operators.
    let counts = unsafe { &mut *seer.cast::<Counts>() };
    let amounts = counts.0.entry(Part::of(part)).or_default();
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
            let _part = Part::Forward.begin();
            let _ = matrix.transpose(0, 1).matmul(&matrix);
            let _inner = Part::Metrics.begin();
            let _ = matrix.to_kind(Kind::Double).double_value(&[0, 0]);
        }
        let (counts, peak) = counting.end();
        let forward = counts.of(Part::Forward);
        assert_eq!(forward.operators, Operators::from([("mm".into(), 1)]));
        assert!(forward.views.contains_key("transpose"), "{forward:?}");
        assert_eq!((forward.allocated_bytes, forward.moved_bytes), (64, 2 * 128 + 64));
        let metrics = counts.of(Part::Metrics);
        assert_eq!((metrics.operators, metrics.waits), (Operators::from([("copy_".into(), 1)]), 1));
        assert!((64..=1024).contains(&peak), "{peak}");
        assert_eq!(counts.clone() - &counts, Counts::default());
        assert_eq!(&counts * 2, counts.clone() + &counts);
    }
}
