//! How many threads to compute with: what was requested, and what OpenMP grants.

use super::openmp;
use crate::environment;
use crate::error::UserError;
use crate::text::counted;

/// The threads that libtorch computes with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threads {
    /// Number of threads.
    pub count: usize,
    /// A note for the user if they are fewer than requested.
    pub note: Option<String>,
}

/// A requested number of threads.
struct ThreadRequest {
    count: usize,
    /// The key or environment variable that requested it; `None` if it is the number of cores.
    origin: Option<&'static str>,
}

/// Finds how many threads libtorch gets. Requesting more than there are cores is an error: they would stall each other.
pub fn compute_threads(asked: Option<usize>) -> Result<Threads, UserError> {
    let (wanted, cores) = (asked_for(asked), cores());
    if let Some(origin) = wanted.origin
        && wanted.count > cores
    {
        let message = format!(
            "`{origin}` requests {} threads, but only {} available",
            wanted.count,
            counted(cores, "core is", "cores are")
        );
        return Err(UserError::new(message).hint(format!("set `{origin}` to {cores} or less")));
    }
    let count = openmp::granted_threads(wanted.count);
    let note = (count < wanted.count).then(|| {
        let threads = counted(count, "thread", "threads");
        format!(
            "OpenMP grants {count} of {} threads: running with {threads}; `OMP_THREAD_LIMIT` is a common cause",
            wanted.count
        )
    });
    Ok(Threads { count, note })
}

/// How many threads to read data with: as requested, but at most the number of cores.
pub fn reading_threads(asked: Option<usize>) -> usize {
    asked_for(asked).count.min(cores())
}

/// Sets the number of threads that libtorch computes with.
pub fn set_threads(count: usize) {
    tch::set_num_threads(count as i32);
}

/// The spec's `threads`, else the environment's, else the number of cores.
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

/// The cores available to this process.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// `OMP_NUM_THREADS` is a number or a list with one number per nesting level (OpenMP 5.2, section 21.1.2); libtorch only
/// opens regions at the first level. An invalid list is ignored, as OpenMP does with a warning.
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
