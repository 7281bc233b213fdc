//! The slots of this machine that cells run in.

/// A slot for one cell at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSlot {
    /// The `device` of its cells; `None` uses the spec's.
    pub device: Option<String>,
}

impl DeviceSlot {
    /// `jobs` slots on each device, or on the spec's device if the list is empty. Devices alternate, so that the first
    /// cells spread over all of them.
    pub fn of(devices: &[String], jobs: usize) -> Vec<Self> {
        let one_each: Vec<Self> = if devices.is_empty() {
            vec![Self { device: None }]
        } else {
            devices.iter().map(|device| Self { device: Some(device.clone()) }).collect()
        };
        std::iter::repeat_n(one_each, jobs).flatten().collect()
    }
}
