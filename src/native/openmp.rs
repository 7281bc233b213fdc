//! The OpenMP runtime that libtorch uses, asked itself.
//!
//! Variables such as `OMP_THREAD_LIMIT`, `OMP_DYNAMIC` and `OMP_MAX_ACTIVE_LEVELS`, and limits of the system, all
//! decide how many threads a parallel region gets. oneDNN starts a region for as many as `omp_get_max_threads` says
//! and then waits in a barrier for all of them: where fewer come, it waits forever and ignores signals.

use std::ffi::{c_int, c_uint, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

use libloading::os::unix::{Library, Symbol};

type CountThreads = unsafe extern "C" fn() -> c_int;
type SetNumber = unsafe extern "C" fn(c_int);
/// A region as compilers call it: body, its argument, threads asked for, flags.
type Parallel = unsafe extern "C" fn(extern "C" fn(*mut c_void), *mut c_void, c_uint, c_uint);

struct Team {
    size_of_team: Symbol<CountThreads>,
    size: AtomicUsize,
}

extern "C" fn record_size(team: *mut c_void) {
    // SAFETY: `granted_threads` passes a `Team` that outlives the region, and all threads only share it.
    let team = unsafe { &*team.cast::<Team>() };
    // SAFETY: a function of the runtime that is at work.
    let size = unsafe { (team.size_of_team)() };
    team.size.store(size.max(1) as usize, Ordering::Relaxed);
}

/// How many threads a parallel region gets that asks for `asked`: never more. Each later region gets as many, since
/// the runtime may no longer choose fewer by the load of the machine (`OMP_DYNAMIC`).
///
/// Where libtorch uses no OpenMP, threads are its own and all are granted.
pub(super) fn granted_threads(asked: usize) -> usize {
    // The program itself stands for all that is loaded with it. The search order is the one by which libtorch's own
    // calls were bound, so that this finds the same runtime, a preloaded one too.
    let program = Library::this();
    // SAFETY: the functions have these signatures in GNU's and LLVM's runtime, the only ones libtorch is built with.
    let functions = unsafe {
        let set_dynamic = program.get::<SetNumber>(b"omp_set_dynamic");
        let size_of_team = program.get::<CountThreads>(b"omp_get_num_threads");
        (set_dynamic, size_of_team, program.get::<Parallel>(b"GOMP_parallel"))
    };
    let (Ok(set_dynamic), Ok(size_of_team), Ok(parallel)) = functions else { return asked };
    let mut team = Team { size_of_team, size: AtomicUsize::new(1) };
    // SAFETY: `record_size` takes the `Team` it is given, and the call returns once all threads have left it.
    unsafe {
        set_dynamic(0);
        parallel(record_size, (&raw mut team).cast(), asked as c_uint, 0);
    }
    team.size.into_inner().min(asked)
}
