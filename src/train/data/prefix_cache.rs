//! The prefix cache: the outputs of the leading frozen layers, computed once for all examples of a split.
//!
//! They equal what the layers would compute in every epoch, as long as nothing random happens in them: on the CPU in
//! fp32 bit for bit, for batches of more than 32; libtorch has other kernels for smaller ones.

use anyhow::Result;
use tch::{Tensor, no_grad_guard};

use crate::error::UserError;
use crate::native::{self, Autocast};
use crate::network::{Flow, Mode, Network};
use crate::text;
use crate::train::data::device_split::DeviceSplit;
use crate::train::interrupt::{Interrupt, proceed};
use crate::train::out_of_memory::{Activity, during};
use crate::train::settings::Settings;

/// The fraction that the cache may use of the memory that is free, without the state of the training. The rest is for feature
/// maps, and on a CPU for other processes.
pub(in crate::train) const SHARE: f64 = 0.5;

/// The outputs of the frozen layers for every example of a split.
#[derive(Debug)]
pub(in crate::train) struct PrefixCache {
    value: Rows,
    skip: Option<Rows>,
}

/// A tensor of all examples, one row each, in the memory order in which the layer wrote it.
#[derive(Debug)]
struct Rows {
    /// `[count, elements]`.
    table: Tensor,
    /// Shape and strides of one example.
    size: Vec<i64>,
    stride: Vec<i64>,
}

impl Rows {
    /// Room for `count` examples like those of `sample`, `[batch, …]`.
    fn like(sample: &Tensor, count: i64) -> Self {
        let (size, stride) = (sample.size(), sample.stride());
        let elements = size[1..].iter().product::<i64>();
        let table = Tensor::empty([count, elements], (sample.kind(), sample.device()));
        Self { table, size: size[1..].to_vec(), stride: stride[1..].to_vec() }
    }

    fn view(&self, rows: &Tensor) -> Tensor {
        let [count, elements] = [0, 1].map(|dimension| rows.size()[dimension]);
        let (size, stride) = ([&[count], &*self.size].concat(), [&[elements], &*self.stride].concat());
        rows.as_strided(size, stride, None)
    }

    fn put(&self, start: i64, values: &Tensor) {
        self.stretch(start, values.size()[0]).copy_(values);
    }

    fn stretch(&self, start: i64, length: i64) -> Tensor {
        self.view(&self.table.narrow(0, start, length))
    }

    fn gather(&self, indices: &Tensor) -> Tensor {
        self.view(&self.table.index_select(0, indices))
    }
}

/// The tensor itself if it is contiguous in memory, example after example, in any dimension order; otherwise a copy.
fn dense(tensor: Tensor) -> Tensor {
    let (size, stride) = (tensor.size(), tensor.stride());
    let mut dimensions: Vec<(i64, i64)> = stride[1..].iter().copied().zip(size[1..].iter().copied()).collect();
    dimensions.retain(|&(_, size)| size > 1);
    dimensions.sort_unstable();
    let end = dimensions.iter().try_fold(1, |next, &(stride, size)| (stride == next).then_some(next * size));
    if end.is_some_and(|end| size[0] == 1 || stride[0] == end) { tensor } else { tensor.contiguous() }
}

impl PrefixCache {
    /// Computes the outputs for a split.
    fn fill(
        network: &Network,
        leading: usize,
        data: &DeviceSplit,
        settings: &Settings,
        interrupt: Interrupt<'_>,
    ) -> Result<Self> {
        let count = data.count() as i64;
        let batch = settings.evaluation_batch.min(count);
        let mut prefix: Option<Self> = None;
        let mut start = 0;
        while start < count {
            proceed(interrupt)?;
            // The last batch overlaps the one before, so that none is small.
            let from = start.min(count - batch);
            let flow = boundary(network, leading, data, from, batch, settings);
            let prefix = match &mut prefix {
                Some(prefix) => prefix,
                empty => empty.insert(Self {
                    value: Rows::like(&flow.value, count),
                    skip: flow.skip.as_ref().map(|skip| Rows::like(skip, count)),
                }),
            };
            prefix.value.put(from, &flow.value);
            if let (Some(rows), Some(skip)) = (&prefix.skip, &flow.skip) {
                rows.put(from, skip);
            }
            start = from + batch;
        }
        Ok(prefix.ok_or_else(|| UserError::new("the prefix cache needs a split with examples"))?)
    }

    /// The outputs for a range of examples: a view of the cache, which must not be written to.
    pub(in crate::train) fn stretch(&self, start: i64, length: i64) -> Flow {
        let part = |rows: &Rows| rows.stretch(start, length);
        Flow { value: part(&self.value), skip: self.skip.as_ref().map(part) }
    }

    /// The outputs for the examples `indices`, `[batch]`.
    pub(in crate::train) fn gather(&self, indices: &Tensor) -> Flow {
        Flow { value: self.value.gather(indices), skip: self.skip.as_ref().map(|skip| skip.gather(indices)) }
    }
}

/// Runs the first `leading` layers on a range of examples.
fn boundary(
    network: &Network,
    leading: usize,
    data: &DeviceSplit,
    start: i64,
    length: i64,
    settings: &Settings,
) -> Flow {
    // A guard, not `no_grad`: a panic at out-of-memory must restore the gradient mode.
    let _no_gradient = no_grad_guard();
    let _autocast = Autocast::new(network.device(), settings.precision);
    let flow = network.run(0, leading, network.enter(data.stretch(start, length)), Mode::Evaluate);
    Flow { value: dense(flow.value), skip: flow.skip.map(dense) }
}

/// Whether the prefix is cached, or why not.
#[derive(Debug)]
pub(in crate::train) enum PrefixCaching {
    /// A prefix per split, and their total bytes.
    Prefixes(Vec<PrefixCache>, u64),
    /// Too large: the bytes needed, the bytes free, and those of them that the state of the training will take.
    TooLarge(u64, u64, u64),
    /// Memory ran out while filling it: the bytes needed, and libtorch's message.
    DidNotFit(u64, String),
    /// The outputs change from batch to batch.
    Moving,
}

impl PrefixCaching {
    /// One line for the log.
    pub(in crate::train) fn sentence(&self) -> String {
        match self {
            Self::Prefixes(_, bytes) => format!("prefix cache on: frozen layers run once, {}", text::bytes(*bytes)),
            Self::TooLarge(bytes, free, state) => format!(
                "prefix cache off: needs {}, limit is half of the free {} less {} of training state",
                text::bytes(*bytes),
                text::bytes(*free),
                text::bytes(*state),
            ),
            Self::DidNotFit(bytes, cause) => {
                format!("prefix cache off: memory ran out while filling it with {}: {cause}", text::bytes(*bytes))
            }
            Self::Moving => "prefix cache off: frozen batch norms use the statistics of each batch".to_owned(),
        }
    }
}

/// Whether a cache of this size is tried.
fn fits(bytes: u64, free: u64, state: u64) -> bool {
    bytes as f64 <= SHARE * free.saturating_sub(state) as f64
}

/// Fills the prefix cache of all splits or of none. `state`: bytes that the training will allocate for its state afterwards.
/// `interrupt` is called before every batch.
pub(in crate::train) fn cache_prefixes(
    network: &Network,
    leading: usize,
    splits: &[&DeviceSplit],
    settings: &Settings,
    state: u64,
    interrupt: Interrupt<'_>,
) -> Result<PrefixCaching> {
    proceed(interrupt)?;
    let examples: u64 = splits.iter().map(|data| data.count() as u64).sum();
    let bytes = examples * boundary(network, leading, splits[0], 0, 1, settings).bytes();
    // If the system does not report free memory, assume that it fits.
    let free = native::free_bytes(network.device()).unwrap_or(u64::MAX);
    if !fits(bytes, free, state) {
        return Ok(PrefixCaching::TooLarge(bytes, free, state));
    }
    let fill = || {
        let prefix = |data: &&DeviceSplit| PrefixCache::fill(network, leading, data, settings, &mut *interrupt);
        splits.iter().map(prefix).collect::<Result<Vec<_>>>()
    };
    match during(Activity::CachingPrefix, fill) {
        Ok(prefixes) => Ok(PrefixCaching::Prefixes(prefixes?, bytes)),
        Err(out) => {
            native::empty_cache(network.device())?;
            Ok(PrefixCaching::DidNotFit(bytes, out.cause))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_state_counts_against_free_memory() {
        assert!(fits(50, 100, 0) && !fits(51, 100, 0));
        assert!(fits(30, 100, 40) && !fits(31, 100, 40));
        assert!(!fits(1, 100, 200) && fits(1, u64::MAX, 200));
    }
}
