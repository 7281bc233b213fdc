//! Number of compute threads: requested and available.

use super::openmp;
use crate::environment;
use crate::error::UserError;
use crate::text::counted;

/// The threads that libtorch computes with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threads {
    /// Number of threads.
    pub count: usize,
    /// A note to the user about this number.
    pub note: Option<String>,
}

/// A requested number of threads, and its origin.
struct ThreadRequest {
    count: usize,
    /// A key of the spec or a variable; `None` if it is the number of cores.
    origin: Option<&'static str>,
}

/// Determines how many threads libtorch gets. More threads than cores are an error, because they would stall each
/// other.
pub fn compute_threads(asked: Option<usize>) -> Result<Threads, UserError> {
    let (wanted, cores) = (asked_for(asked), cores());
    if let Some(origin) = wanted.origin
        && wanted.count > cores
    {
        let message = format!(
            "`{origin}` requests {} threads, but {} can be used by this process",
            wanted.count,
            counted(cores, "core", "cores")
        );
        return Err(UserError::new(message).hint(format!("set `{origin}` to {cores} or less")));
    }
    let count = openmp::granted_threads(wanted.count);
    let note = (count < wanted.count).then(|| {
        let threads = counted(count, "thread", "threads");
        format!("OpenMP grants only {count} of {} threads: using {threads}; check OMP_THREAD_LIMIT", wanted.count)
    });
    Ok(Threads { count, note })
}

/// Number of threads for reading data: as requested, but at most the number of cores.
pub fn reading_threads(asked: Option<usize>) -> usize {
    asked_for(asked).count.min(cores())
}

/// Cores for this program and its children: those that the system allows, at most as many as Slurm allocates.
pub fn own_cores() -> usize {
    let allotted = environment::text("SLURM_CPUS_PER_TASK").and_then(|text| first_of_list(&text));
    allotted.map_or_else(cores, |allotted| allotted.min(cores()))
}

/// Threads of one process, if `OMP_NUM_THREADS` is set.
pub fn omp_threads() -> Option<usize> {
    first_of_list(&environment::text("OMP_NUM_THREADS")?)
}

/// Sets libtorch's number of threads.
pub fn set_threads(count: usize) {
    tch::set_num_threads(count as i32);
}

/// The spec's number, else the one allotted by the environment, else the number of cores.
fn asked_for(asked: Option<usize>) -> ThreadRequest {
    let allotted = |name: &'static str| {
        let count = first_of_list(&environment::text(name)?)?;
        Some(ThreadRequest { count, origin: Some(name) })
    };
    asked
        .map(|count| ThreadRequest { count, origin: Some("threads") })
        .or_else(|| allotted("OMP_NUM_THREADS"))
        .or_else(|| allotted("SLURM_CPUS_PER_TASK"))
        .unwrap_or_else(|| ThreadRequest { count: cores(), origin: None })
}

/// Number of cores that the system lets this process use.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// `OMP_NUM_THREADS` is a number, or a list with one number per nesting level (OpenMP 5.2, section 21.1.2); libtorch
/// only opens regions at the first level. An invalid list is ignored, as OpenMP ignores it with a warning.
fn first_of_list(text: &str) -> Option<usize> {
    let counts: Option<Vec<usize>> =
        text.split(',').map(|count| count.trim().parse().ok().filter(|&count| count > 0)).collect();
    counts?.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_of_a_list_counts() {
        for (text, expected) in [
            ("4", Some(4)),
            (" 2 ", Some(2)),
            ("1,1", Some(1)),
            ("3, 2,1", Some(3)),
            ("0", None),
            ("-1", None),
            ("", None),
            ("two", None),
            (",2", None),
            ("2,", None),
        ] {
            assert_eq!(first_of_list(text), expected, "`{text}`");
        }
    }

    #[test]
    fn openmp_grants_no_more_than_is_asked_for() {
        assert_eq!(openmp::granted_threads(1), 1);
        assert!((1..=2).contains(&openmp::granted_threads(2)));
    }
}
