//! Splits work over many items into equal parts, one thread each.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard};

use anyhow::Result;

/// Number of items per thread, for `count` items and `threads` threads.
pub(super) fn share(count: usize, threads: usize) -> usize {
    count.div_ceil(threads.max(1)).max(1)
}

/// Processes each part in its own thread. The results are in the order of the parts.
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

/// The same for fallible work; returns the error of the earliest part.
pub(super) fn try_in_parallel<P: Send, R: Send>(
    parts: impl IntoIterator<Item = P>,
    work: impl Fn(P) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    in_parallel(parts, work).into_iter().collect()
}

/// Makes `count` items in `threads` threads, including the caller's; each thread takes the next item when it is free.
/// The caller passes them to `take` in order. At most `ahead` items are made before they are needed; an error of `take`
/// ends the work.
pub(super) fn in_order<R: Send>(
    count: usize,
    [threads, ahead]: [usize; 2],
    make: impl Fn(usize) -> R + Sync,
    mut take: impl FnMut(usize, R) -> Result<()>,
) -> Result<()> {
    let state =
        Mutex::new(QueueState { count, ahead: ahead.max(1), begun: 0, taken: 0, made: BTreeMap::new(), broken: false });
    let line = OrderedQueue { state, moved: Condvar::new() };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| {
                let _end = EndInPanic(&line);
                while let Some(at) = line.next() {
                    line.put(at, make(at));
                }
            });
        }
        let _end = EndInPanic(&line);
        let taken = (0..count).try_for_each(|at| {
            loop {
                match line.turn(at) {
                    Turn::Take(item) => return take(at, item),
                    Turn::Make(other) => line.put(other, make(other)),
                }
            }
        });
        line.end();
        taken
    })
}

/// Items between the threads that make them and the one that takes them.
struct OrderedQueue<R> {
    state: Mutex<QueueState<R>>,
    moved: Condvar,
}

struct QueueState<R> {
    count: usize,
    ahead: usize,
    /// Number of items started.
    begun: usize,
    /// Number of items taken.
    taken: usize,
    /// Finished items that wait to be taken.
    made: BTreeMap<usize, R>,
    /// Whether a thread panicked, so that its item never comes.
    broken: bool,
}

/// Ends the other threads if one panics; otherwise they would wait forever.
struct EndInPanic<'a, R>(&'a OrderedQueue<R>);

impl<R> Drop for EndInPanic<'_, R> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.locked().broken = true;
            self.0.end();
        }
    }
}

/// What the caller does next.
enum Turn<R> {
    Take(R),
    Make(usize),
}

impl<R> QueueState<R> {
    fn is_full(&self) -> bool {
        self.begun >= self.taken + self.ahead
    }

    /// Starts the next item and returns its index; `None` after the last one, or if too many wait.
    fn begin(&mut self) -> Option<usize> {
        let free = self.begun < self.count && !self.is_full();
        self.begun += usize::from(free);
        free.then(|| self.begun - 1)
    }
}

impl<R> OrderedQueue<R> {
    fn locked(&self) -> MutexGuard<'_, QueueState<R>> {
        self.state.lock().expect("nothing panics under the lock")
    }

    fn wait<'a>(&self, state: MutexGuard<'a, QueueState<R>>) -> MutexGuard<'a, QueueState<R>> {
        self.moved.wait(state).expect("nothing panics under the lock")
    }

    /// The next item to make, once there is room for it; `None` after the last one.
    fn next(&self) -> Option<usize> {
        let mut state = self.locked();
        while state.begun < state.count && state.is_full() {
            state = self.wait(state);
        }
        state.begin()
    }

    fn put(&self, at: usize, item: R) {
        self.locked().made.insert(at, item);
        self.moved.notify_all();
    }

    /// The item at an index, or another one to make until it is finished.
    fn turn(&self, at: usize) -> Turn<R> {
        let mut state = self.locked();
        loop {
            if let Some(item) = state.made.remove(&at) {
                state.taken = at + 1;
                self.moved.notify_all();
                return Turn::Take(item);
            }
            let broken = state.broken;
            match state.begin() {
                Some(other) => return Turn::Make(other),
                None if broken => {
                    drop(state);
                    panic!("a thread that made an item panicked");
                }
                None => state = self.wait(state),
            }
        }
    }

    /// Ends the work for all threads waiting for items.
    fn end(&self) {
        let mut state = self.locked();
        state.begun = state.count;
        self.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn items_arrive_in_order_and_not_far_ahead() {
        let taken = AtomicUsize::new(0);
        for (threads, ahead) in [(0, 0), (1, 1), (2, 3), (8, 2), (3, 1000)] {
            taken.store(0, Ordering::SeqCst);
            let make = |at: usize| {
                assert!(at < taken.load(Ordering::SeqCst) + ahead.max(1) + 1, "{at} is made too early");
                // Makes later items ready before earlier ones.
                std::thread::sleep(std::time::Duration::from_micros(if at.is_multiple_of(3) { 300 } else { 10 }));
                at * at
            };
            let mut found = Vec::new();
            let done = in_order(50, [threads, ahead], make, |at, item| {
                found.push((at, item));
                taken.store(at + 1, Ordering::SeqCst);
                Ok(())
            });
            assert!(done.is_ok());
            assert_eq!(found, (0..50).map(|at| (at, at * at)).collect::<Vec<_>>());
        }
        assert!(in_order(0, [2, 2], |at| at, |_, _| anyhow::bail!("there is none")).is_ok());
    }

    #[test]
    fn a_panic_of_either_side_ends_the_work() {
        let make = |broken: usize| move |at: usize| assert_ne!(at, broken, "a broken item");
        let all = |make: &(dyn Fn(usize) + Sync), take: &dyn Fn(usize)| {
            let work = || {
                in_order(100, [3, 4], make, |at, ()| {
                    take(at);
                    Ok(())
                })
            };
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err()
        };
        assert!(all(&make(7), &|_| ()));
        assert!(all(&|_| (), &make(7)));
        assert!(!all(&|_| (), &|_| ()));
    }

    #[test]
    fn an_error_ends_the_work() {
        let count = AtomicUsize::new(0);
        let make = |_| count.fetch_add(1, Ordering::SeqCst);
        let done = in_order(1_000_000, [3, 4], make, |at, _| if at == 7 { anyhow::bail!("full") } else { Ok(()) });
        assert_eq!(done.expect_err("it failed").to_string(), "full");
        assert!(count.load(Ordering::SeqCst) <= 7 + 1 + 4 + 3);
    }
}
