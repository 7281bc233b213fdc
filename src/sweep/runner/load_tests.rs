use super::*;

/// A simulated GPU with cells of `each` bytes.
struct Simulated {
    load: DeviceLoad,
    memory: u64,
    each: u64,
    next: usize,
}

impl Simulated {
    fn new(most: usize, memory: u64, each: u64) -> Self {
        Self { load: DeviceLoad::new(Jobs::Adaptive { most, memory }), memory, each, next: 0 }
    }

    /// Starts as many cells as allowed and finishes epochs, whose duration depends on the number of cells.
    fn run(&mut self, epochs: usize, seconds: impl Fn(usize) -> f64) {
        for _ in 0..epochs {
            while self.load.has_room() {
                self.load.started(self.next);
                self.next += 1;
            }
            let jobs: Vec<usize> = self.load.jobs.keys().copied().collect();
            let free = self.memory.saturating_sub(self.each * jobs.len() as u64);
            for &job in &jobs {
                self.load.epoch(job, seconds(jobs.len()), Some(free));
            }
        }
    }
}

/// Up to `cells` cells do not slow each other down; more share the time of those.
fn room_for(cells: usize) -> impl Fn(usize) -> f64 {
    move |running| (running as f64 / cells as f64).max(1.0)
}

#[test]
fn the_number_of_cells_that_pays_off_is_found() {
    for (pays, most, expected) in [(1, 16, 1), (2, 16, 2), (3, 16, 3), (5, 16, 5), (8, 4, 4), (4, 1, 1)] {
        let mut gpu = Simulated::new(most, 1 << 40, 1 << 20);
        gpu.run(200, room_for(pays));
        assert_eq!((gpu.load.allowed(), gpu.load.is_searching()), (expected, false), "{pays} pay, at most {most}");
    }
}

/// One more cell stays while the total grows by 5%.
#[test]
fn a_small_slowdown_is_accepted() {
    let mut gpu = Simulated::new(16, 1 << 40, 1 << 20);
    // Every further cell slows all down by 15%: the totals are 1, 1.74, 2.27, 2.63, 2.86 and 2.98.
    gpu.run(300, |running| 1.15f64.powi(running as i32 - 1));
    assert_eq!(gpu.load.allowed(), 5);
}

#[test]
fn memory_limits_the_number_of_cells() {
    for (memory, each, expected) in [(10, 4, 2), (10, 3, 3), (10, 2, 4), (10, 6, 1), (100, 1, 16)] {
        let mut gpu = Simulated::new(16, memory, each);
        gpu.run(400, |_| 1.0);
        assert_eq!(gpu.load.allowed(), expected, "{each} of {memory} each");
    }
    let mut unknown = DeviceLoad::new(Jobs::Adaptive { most: 16, memory: 1 << 30 });
    unknown.started(0);
    (0..20).for_each(|_| unknown.epoch(0, 1.0, None));
    assert_eq!(unknown.allowed(), 1, "unknown memory does not count as free");
}

#[test]
fn out_of_memory_lowers_the_number_permanently() {
    let mut gpu = Simulated::new(16, 1 << 40, 1 << 20);
    gpu.run(200, room_for(3));
    // The fourth, which did not pay off, runs to its end.
    gpu.load.ended(3);
    gpu.load.ended(0);
    assert!(gpu.load.out_of_memory(), "two are beside it");
    assert_eq!(gpu.load.allowed(), 2);
    gpu.run(100, |_| 1.0);
    assert_eq!(gpu.load.allowed(), 2, "it is not tried again");
    gpu.load.ended(1);
    assert!(gpu.load.out_of_memory());
    assert_eq!(gpu.load.allowed(), 1);
    let jobs: Vec<usize> = gpu.load.jobs.keys().copied().collect();
    for job in jobs {
        gpu.load.ended(job);
    }
    assert!(!gpu.load.out_of_memory(), "alone it fails");
}

#[test]
fn a_trial_without_comparison_is_repeated() {
    let mut gpu = Simulated::new(2, 1 << 40, 1 << 20);
    gpu.run(5, |_| 1.0);
    assert_eq!(gpu.load.allowed(), 2, "a trial");
    gpu.load.ended(0);
    assert_eq!(gpu.load.allowed(), 1, "the cell to compare has ended");
    gpu.run(20, |_| 1.0);
    assert_eq!((gpu.load.allowed(), gpu.load.is_searching()), (2, false));
}

#[test]
fn a_fixed_number_does_not_change() {
    let mut load = DeviceLoad::new(Jobs::Fixed(2));
    load.started(0);
    assert!(load.has_room() && !load.is_searching());
    load.started(1);
    (0..20).for_each(|epoch| load.epoch(epoch % 2, 1.0, Some(1 << 40)));
    assert!(!load.has_room());
    load.ended(0);
    assert!(!load.out_of_memory(), "it fails");
}
