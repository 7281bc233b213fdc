//! The index of the current batch: a number on the host, or on the device, where a captured step can read it.

use tch::{Device, Kind, Tensor};

/// An index of batches of one size.
#[derive(Debug)]
pub(in crate::train) enum BatchIndex {
    /// On the host.
    Host(i64),
    /// On the device.
    Device(Counters),
}

/// A batch index on the device, and the positions of the batch's entries.
#[derive(Debug)]
pub(in crate::train) struct Counters {
    /// The index, then the positions, `[1 + length]`: one operation advances both.
    now: Tensor,
    /// Their values for the first batch, and the increment per batch.
    first: Tensor,
    stride: Tensor,
}

impl Counters {
    /// `[1]`.
    fn index(&self) -> Tensor {
        self.now.narrow(0, 0, 1)
    }

    /// `[length]`.
    fn places(&self) -> Tensor {
        self.now.narrow(0, 1, self.now.size()[0] - 1)
    }
}

impl BatchIndex {
    /// An index on the device, at the first batch: of `length` examples, at a stride of `batch`.
    pub(in crate::train) fn on(device: Device, batch: i64, length: i64) -> Self {
        let kind = (Kind::Int64, device);
        let first = Tensor::cat(&[Tensor::zeros([1], kind), Tensor::arange(length, kind)], 0);
        let stride = Tensor::cat(&[Tensor::ones([1], kind), Tensor::full([length], batch, kind)], 0);
        Self::Device(Counters { now: first.copy(), first, stride })
    }

    /// The entries of the batch in a table `[…, count]`, which has `batch` entries per batch in its last dimension.
    pub(in crate::train) fn take(&self, table: &Tensor, batch: i64, length: i64) -> Tensor {
        let last = table.dim() as i64 - 1;
        match self {
            Self::Host(index) => table.narrow(last, index * batch, length),
            Self::Device(counters) => table.index_select(last, &counters.places()),
        }
    }

    /// The entry of the batch in a table `[batches]`.
    pub(in crate::train) fn entry(&self, table: &Tensor) -> Tensor {
        match self {
            Self::Host(index) => table.select(0, *index),
            Self::Device(counters) => table.index_select(0, &counters.index()).squeeze_dim(0),
        }
    }

    /// Writes a number `[]` as the batch's entry into a table `[batches]` of the same kind.
    pub(in crate::train) fn put(&self, table: &mut Tensor, number: &Tensor) {
        match self {
            Self::Host(index) => table.select(0, *index).copy_(number),
            Self::Device(counters) => {
                let _ = table.index_copy_(0, &counters.index(), &number.reshape([1]));
            }
        }
    }

    /// Writes the predictions of logits `[length, classes]` as the batch's entries into a table `[count]`.
    pub(in crate::train) fn put_answers(&self, table: &mut Tensor, batch: i64, logits: &Tensor) {
        match self {
            Self::Host(index) => {
                let entries = table.narrow(0, index * batch, logits.size()[0]);
                let _ = logits.argmax_out(&entries, 1, false);
            }
            Self::Device(counters) => {
                let _ = table.index_copy_(0, &counters.places(), &logits.argmax(1, false));
            }
        }
    }

    /// Writes values `[length]` as the batch's entries into a table `[count]` of the same kind.
    pub(in crate::train) fn put_each(&self, table: &mut Tensor, batch: i64, values: &Tensor) {
        match self {
            Self::Host(index) => table.narrow(0, index * batch, values.size()[0]).copy_(values),
            Self::Device(counters) => {
                let _ = table.index_copy_(0, &counters.places(), values);
            }
        }
    }

    /// The positions of the batch's entries, `[length]`.
    pub(in crate::train) fn places(&self, batch: i64) -> Tensor {
        match self {
            Self::Host(index) => Tensor::arange_start(index * batch, (index + 1) * batch, (Kind::Int64, Device::Cpu)),
            Self::Device(counters) => counters.places(),
        }
    }

    /// Advances to the next batch.
    pub(in crate::train) fn advance(&mut self) {
        match self {
            Self::Host(index) => *index += 1,
            Self::Device(counters) => {
                let _ = counters.now.g_add_(&counters.stride);
            }
        }
    }

    /// Moves to a batch.
    pub(in crate::train) fn set(&mut self, to: i64) {
        match self {
            Self::Host(index) => *index = to,
            Self::Device(counters) => counters.now.copy_(&(&counters.first + &counters.stride * to)),
        }
    }
}
