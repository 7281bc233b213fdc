//! Queries the OpenMP runtime that libtorch uses.
//!
//! Variables such as `OMP_THREAD_LIMIT`, `OMP_DYNAMIC` and `OMP_MAX_ACTIVE_LEVELS`, and limits of the system, determine
//! how many threads a parallel region gets. oneDNN requests `omp_get_max_threads` threads and then waits for all of
//! them in a barrier: if it gets fewer, it hangs forever and ignores signals.

use std::ffi::{c_int, c_uint, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

use libloading::os::unix::{Library, Symbol};

type CountThreads = unsafe extern "C" fn() -> c_int;
type SetNumber = unsafe extern "C" fn(c_int);
/// A parallel region as compilers call it: body, argument, number of threads, flags.
type Parallel = unsafe extern "C" fn(extern "C" fn(*mut c_void), *mut c_void, c_uint, c_uint);

struct Team {
    size_of_team: Symbol<CountThreads>,
    size: AtomicUsize,
}

extern "C" fn record_size(team: *mut c_void) {
    // SAFETY: `granted_threads` passes a `Team` that outlives the region, and threads only share it.
    let team = unsafe { &*team.cast::<Team>() };
    // SAFETY: a function of the active runtime.
    let size = unsafe { (team.size_of_team)() };
    team.size.store(size.max(1) as usize, Ordering::Relaxed);
}

/// How many threads a parallel region gets when it requests `asked`; never more. Later regions get the same number,
/// because this disables dynamic adjustment (`OMP_DYNAMIC`).
///
/// If libtorch does not use OpenMP, it has its own threads, and all are granted.
pub(super) fn granted_threads(asked: usize) -> usize {
    // The program itself represents all libraries loaded with it. The search order is the one by which libtorch's calls
    // were bound, so this finds the same runtime, even a preloaded one.
    let program = Library::this();
    // SAFETY: the functions have these signatures in the GNU and LLVM runtimes, the only ones libtorch is built with.
    let functions = unsafe {
        let set_dynamic = program.get::<SetNumber>(b"omp_set_dynamic");
        let size_of_team = program.get::<CountThreads>(b"omp_get_num_threads");
        (set_dynamic, size_of_team, program.get::<Parallel>(b"GOMP_parallel"))
    };
    let (Ok(set_dynamic), Ok(size_of_team), Ok(parallel)) = functions else { return asked };
    let mut team = Team { size_of_team, size: AtomicUsize::new(1) };
    // SAFETY: `record_size` uses the `Team` it is given, and the call returns once all threads have left it.
    unsafe {
        set_dynamic(0);
        parallel(record_size, (&raw mut team).cast(), asked as c_uint, 0);
    }
    team.size.into_inner().min(asked)
}
