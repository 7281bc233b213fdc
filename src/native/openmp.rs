//! Asks the OpenMP runtime that libtorch uses how many threads it grants.
//!
//! Variables such as `OMP_THREAD_LIMIT`, `OMP_DYNAMIC` and `OMP_MAX_ACTIVE_LEVELS`, and system limits, decide how many
//! threads a parallel region gets. oneDNN opens a region for `omp_get_max_threads` threads and then waits in a barrier
//! for all of them: if fewer come, it hangs forever and ignores signals.

use std::ffi::{c_int, c_uint, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

use libloading::os::unix::{Library, Symbol};

type Number = unsafe extern "C" fn() -> c_int;
type SetNumber = unsafe extern "C" fn(c_int);
/// A region as compilers call it: body, its argument, number of threads, flags.
type Parallel = unsafe extern "C" fn(extern "C" fn(*mut c_void), *mut c_void, c_uint, c_uint);

struct Team {
    size_of_team: Symbol<Number>,
    size: AtomicUsize,
}

extern "C" fn record_size(team: *mut c_void) {
    // SAFETY: `granted_threads` passes a `Team` that outlives the region, and all threads only share it.
    let team = unsafe { &*team.cast::<Team>() };
    // SAFETY: a function of the runtime that runs this region.
    let size = unsafe { (team.size_of_team)() };
    team.size.store(size.max(1) as usize, Ordering::Relaxed);
}

/// How many threads a parallel region that asks for `asked` gets; never more than `asked`. Later regions get as many,
/// because this switches `OMP_DYNAMIC` off, by which the runtime may choose fewer.
///
/// If libtorch uses no OpenMP, its own threads are all granted.
pub(super) fn granted_threads(asked: usize) -> usize {
    // The program's own handle searches all libraries loaded with it, in the order by which libtorch's calls were bound,
    // so it finds the same runtime, even a preloaded one.
    let program = Library::this();
    // SAFETY: the functions have these signatures in GNU's and LLVM's runtime, the only ones libtorch is built with.
    let functions = unsafe {
        let set_dynamic = program.get::<SetNumber>(b"omp_set_dynamic");
        let size_of_team = program.get::<Number>(b"omp_get_num_threads");
        (set_dynamic, size_of_team, program.get::<Parallel>(b"GOMP_parallel"))
    };
    let (Ok(set_dynamic), Ok(size_of_team), Ok(parallel)) = functions else { return asked };
    let mut team = Team { size_of_team, size: AtomicUsize::new(1) };
    // SAFETY: `record_size` gets a valid `Team`, and the call returns only after all threads have left the region.
    unsafe {
        set_dynamic(0);
        parallel(record_size, (&raw mut team).cast(), asked as c_uint, 0);
    }
    team.size.into_inner().min(asked)
}
