//! The devices of this machine that cells run on, and their slots.

use super::load::Jobs;

/// A device that cells run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepDevice {
    /// The `device` of its cells; `None` uses the spec's.
    pub name: Option<String>,
    /// How many cells it runs at a time.
    pub jobs: Jobs,
}

impl SweepDevice {
    /// The most cells that it may run at a time.
    pub fn most(&self) -> usize {
        match self.jobs {
            Jobs::Fixed(count) => count,
            Jobs::Adaptive { most, .. } => most,
        }
    }
}

/// Slots for one cell each, by the index of their device. Devices alternate, so that the first cells spread over all of
/// them.
pub(super) fn slots(devices: &[SweepDevice]) -> Vec<usize> {
    let most = devices.iter().map(SweepDevice::most).max().unwrap_or(0);
    let of_turn = |turn: usize| (0..devices.len()).filter(move |&device| turn < devices[device].most());
    (0..most).flat_map(of_turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_alternate() {
        let devices = [1, 3, 2].map(|count| SweepDevice { name: None, jobs: Jobs::Fixed(count) });
        assert_eq!(slots(&devices), [0, 1, 2, 1, 2, 1]);
        assert!(slots(&[]).is_empty());
    }
}
