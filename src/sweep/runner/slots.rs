//! Where cells compute on this machine.

/// A place for one cell at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSlot {
    /// The `device` of its cells; `None` leaves it to the spec.
    pub device: Option<String>,
}

impl DeviceSlot {
    /// `jobs` slots on each device, or on whatever the spec names. Neighbours are on different devices, so that the
    /// first cells spread.
    pub fn of(devices: &[String], jobs: usize) -> Vec<Self> {
        let one_each: Vec<Self> = if devices.is_empty() {
            vec![Self { device: None }]
        } else {
            devices.iter().map(|device| Self { device: Some(device.clone()) }).collect()
        };
        std::iter::repeat_n(one_each, jobs).flatten().collect()
    }
}
