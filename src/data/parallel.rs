//! Work on even parts of many items, a thread each.

use anyhow::Result;

/// How many items each of `threads` threads has of `count`.
pub(super) fn share(count: usize, threads: usize) -> usize {
    count.div_ceil(threads.max(1)).max(1)
}

/// Works on each part in a thread of its own. The answers come in the order of the parts.
pub(super) fn in_parallel<P: Send, R: Send>(
    parts: impl IntoIterator<Item = P>,
    work: impl Fn(P) -> R + Sync,
) -> Vec<R> {
    std::thread::scope(|scope| {
        let start = |part| {
            let work = &work;
            scope.spawn(move || work(part))
        };
        let threads: Vec<_> = parts.into_iter().map(start).collect();
        threads.into_iter().map(|thread| thread.join().expect("a reader of images does not panic")).collect()
    })
}

/// The same for work that may fail; the error of the earliest part is the one returned.
pub(super) fn try_in_parallel<P: Send, R: Send>(
    parts: impl IntoIterator<Item = P>,
    work: impl Fn(P) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    in_parallel(parts, work).into_iter().collect()
}
