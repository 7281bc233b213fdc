//! Which batch is at hand: a number of the host's, or one on the device, where a captured step finds it.

use tch::{Device, Kind, Tensor};

/// An index of batches of one size.
#[derive(Debug)]
pub(super) enum Cursor {
    /// The host's.
    Host(i64),
    /// The device's: `[1]`, and the places in a batch, `[batch]`.
    Device(Tensor, Tensor),
}

impl Cursor {
    /// The first batch, by a number on the device.
    pub(super) fn on(device: Device, batch: i64) -> Self {
        let first = Tensor::zeros([1], (Kind::Int64, device));
        Self::Device(first, Tensor::arange(batch, (Kind::Int64, device)))
    }

    /// The entries of a batch, of a table `[…, count]` whose last dimension has `batch` for each batch.
    pub(super) fn take(&self, table: &Tensor, batch: i64, length: i64) -> Tensor {
        let last = table.dim() as i64 - 1;
        match self {
            Self::Host(index) => table.narrow(last, index * batch, length),
            Self::Device(..) => table.index_select(last, &self.places(batch)),
        }
    }

    /// The entry of a batch, of a table `[batches]`.
    pub(super) fn entry(&self, table: &Tensor) -> Tensor {
        match self {
            Self::Host(index) => table.select(0, *index),
            Self::Device(index, _) => table.index_select(0, index).squeeze_dim(0),
        }
    }

    /// The places of a batch's entries, `[batch]`.
    pub(super) fn places(&self, batch: i64) -> Tensor {
        match self {
            Self::Host(index) => Tensor::arange_start(index * batch, (index + 1) * batch, (Kind::Int64, Device::Cpu)),
            Self::Device(index, places) => index * batch + places,
        }
    }

    /// Goes on to the next.
    pub(super) fn advance(&mut self) {
        match self {
            Self::Host(index) => *index += 1,
            Self::Device(index, _) => {
                let _ = index.g_add_scalar_(1);
            }
        }
    }

    /// Goes to a batch.
    pub(super) fn set(&mut self, to: i64) {
        match self {
            Self::Host(index) => *index = to,
            Self::Device(index, _) => {
                let _ = index.fill_(to);
            }
        }
    }
}
