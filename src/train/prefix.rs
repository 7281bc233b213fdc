//! The outputs of the frozen layers before the first that trains, computed once for all examples of a split and kept.
//!
//! They are what the layers would give in every epoch, where nothing random happens below the boundary. On the CPU in
//! fp32 they are so bit for bit in batches of more than 32; libtorch has other kernels for small ones.

use std::collections::HashMap;
use std::rc::Rc;

use sha2::{Digest, Sha256};
use tch::{Kind, Tensor, no_grad_guard};

use super::memory::{Activity, during};
use super::resident::Resident;
use super::settings::Settings;
use crate::error::UserError;
use crate::native::{self, Autocast};
use crate::network::{Flow, Mode, Network};
use crate::text;

/// The share of free memory that a cache may take: the rest is for the training, and on a CPU for other processes.
const SHARE: f64 = 0.5;

/// What the frozen layers give for every example of a split.
#[derive(Debug)]
pub struct Prefix {
    value: Rows,
    kept: Option<Rows>,
}

/// A tensor of all examples, each example's numbers side by side in the order in which the layer wrote them.
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

/// Bytes of one example of a flow.
fn example_bytes(flow: &Flow) -> u64 {
    let tensors = [Some(&flow.value), flow.kept.as_ref()];
    let bytes = |tensor: &Tensor| tensor.numel() / tensor.size()[0].max(1) as usize * tensor.kind().elt_size_in_bytes();
    tensors.into_iter().flatten().map(|tensor| bytes(tensor) as u64).sum()
}

/// A tensor that lies in memory without gaps, example after example: itself, if it does.
fn dense(tensor: Tensor) -> Tensor {
    let (size, stride) = (tensor.size(), tensor.stride());
    let mut dimensions: Vec<(i64, i64)> = stride[1..].iter().copied().zip(size[1..].iter().copied()).collect();
    dimensions.retain(|&(_, size)| size > 1);
    dimensions.sort_unstable();
    let end = dimensions.iter().try_fold(1, |next, &(stride, size)| (stride == next).then_some(next * size));
    if end.is_some_and(|end| size[0] == 1 || stride[0] == end) { tensor } else { tensor.contiguous() }
}

impl Prefix {
    /// Computes it.
    fn fill(network: &Network, leading: usize, data: &Resident, settings: &Settings) -> Result<Self, UserError> {
        let count = data.count() as i64;
        let batch = settings.evaluation_batch.min(count);
        let mut prefix: Option<Self> = None;
        let mut start = 0;
        while start < count {
            // The last batch reaches back, so that none is small.
            let from = start.min(count - batch);
            let flow = boundary(network, leading, data, from, batch, settings);
            let prefix = match &mut prefix {
                Some(prefix) => prefix,
                empty => empty.insert(Self {
                    value: Rows::like(&flow.value, count),
                    kept: flow.kept.as_ref().map(|kept| Rows::like(kept, count)),
                }),
            };
            prefix.value.put(from, &flow.value);
            if let (Some(rows), Some(kept)) = (&prefix.kept, &flow.kept) {
                rows.put(from, kept);
            }
            start = from + batch;
        }
        prefix.ok_or_else(|| UserError::new("a split without examples has nothing to keep"))
    }

    /// What the frozen layers give for a stretch of examples: the kept numbers themselves, not to be written to.
    pub(super) fn stretch(&self, start: i64, length: i64) -> Flow {
        let part = |rows: &Rows| rows.stretch(start, length);
        Flow { value: part(&self.value), kept: self.kept.as_ref().map(part) }
    }

    /// What the frozen layers give for the examples `indices`, `[batch]`.
    pub(super) fn gather(&self, indices: &Tensor) -> Flow {
        Flow { value: self.value.gather(indices), kept: self.kept.as_ref().map(|kept| kept.gather(indices)) }
    }
}

/// What the first `leading` layers give for a stretch of examples.
fn boundary(network: &Network, leading: usize, data: &Resident, start: i64, length: i64, settings: &Settings) -> Flow {
    // A guard, since memory may run out in here, and what comes after must be as it was before.
    let _no_gradient = no_grad_guard();
    let _autocast = Autocast::new(network.device(), settings.precision);
    let flow = network.run(0, leading, network.enter(data.stretch(start, length)), Mode::Evaluate);
    Flow { value: dense(flow.value), kept: flow.kept.map(dense) }
}

/// What makes two prefixes the same: frozen weights and statistics, which layers, precision, layout, and the images as
/// they enter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PrefixKey([u8; 32]);

impl PrefixKey {
    fn new(network: &Network, leading: usize, data: &Resident, settings: &Settings) -> Result<Self, UserError> {
        let mut digest = Sha256::new();
        digest.update(format!("{leading} {} {:?}\n", settings.sentence(), network.kind()));
        let frozen: Vec<_> = network.tensors().filter(|named| named.layer < leading).collect();
        let values = native::download(&frozen.iter().map(|named| named.tensor).collect::<Vec<_>>())?;
        for (named, value) in frozen.iter().zip(&values) {
            digest.update(format!("{} {:?}\n", named.path, value.size()));
            update(&mut digest, value);
        }
        for tensor in data.input_tensors() {
            digest.update(format!("{:?}\n", tensor.size()));
            update(&mut digest, tensor);
        }
        Ok(Self(digest.finalize().into()))
    }
}

/// Adds a tensor's numbers to a digest, a part at a time.
fn update(digest: &mut Sha256, tensor: &Tensor) {
    const PART: i64 = 1 << 22;
    let flat = tensor.detach().contiguous().view([-1]);
    let (mut start, count) = (0, flat.numel() as i64);
    while start < count {
        let length = PART.min(count - start);
        let part = flat.narrow(0, start, length).to_device(tch::Device::Cpu).contiguous();
        let bytes = part.view_dtype(Kind::Uint8);
        digest.update(Vec::<u8>::try_from(bytes).expect("a view of bytes is a vector of bytes"));
        start += length;
    }
}

/// The prefixes of a process, for all the runs in it: those with the same key are computed once.
#[derive(Debug, Default)]
pub struct Shelf {
    prefixes: HashMap<PrefixKey, Rc<Prefix>>,
}

/// What became of the wish for a cache.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    /// A prefix for each split, and the bytes of them all.
    Prefixes(Vec<Rc<Prefix>>, u64),
    /// They do not fit: the bytes that they would take, and those that are free.
    TooLarge(u64, u64),
    /// Memory ran out while they were computed: the bytes that they would have taken.
    DidNotFit(u64),
    /// They change from batch to batch.
    Moving,
}

impl Kept {
    /// For people.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Prefixes(_, bytes) => format!("frozen layers computed once and kept: {}", text::bytes(*bytes)),
            Self::TooLarge(bytes, free) => format!(
                "frozen layers computed in every step: kept, they would take {}, more than half of the {} that are free",
                text::bytes(*bytes),
                text::bytes(*free),
            ),
            Self::DidNotFit(bytes) => format!(
                "frozen layers computed in every step: memory ran out while {} of them were computed to be kept",
                text::bytes(*bytes),
            ),
            Self::Moving => {
                "frozen layers computed in every step: their batch norms see each batch's statistics".to_owned()
            }
        }
    }
}

impl Shelf {
    /// The prefixes of splits, found or computed, unless they do not fit.
    pub(super) fn prefixes(
        &mut self,
        network: &Network,
        leading: usize,
        splits: &[&Resident],
        settings: &Settings,
    ) -> Result<Kept, UserError> {
        let examples: u64 = splits.iter().map(|data| data.count() as u64).sum();
        let bytes = examples * example_bytes(&boundary(network, leading, splits[0], 0, 1, settings));
        // Where a system does not tell, there is nothing to go by.
        let free = native::free_bytes(network.device()).unwrap_or(u64::MAX);
        if bytes as f64 > SHARE * free as f64 {
            return Ok(Kept::TooLarge(bytes, free));
        }
        let Ok(found) = during(Activity::Keeping, || self.fill(network, leading, splits, settings)) else {
            native::empty_cache(network.device())?;
            return Ok(Kept::DidNotFit(bytes));
        };
        Ok(Kept::Prefixes(found?, bytes))
    }

    fn fill(
        &mut self,
        network: &Network,
        leading: usize,
        splits: &[&Resident],
        settings: &Settings,
    ) -> Result<Vec<Rc<Prefix>>, UserError> {
        let mut found = Vec::new();
        for data in splits {
            let key = PrefixKey::new(network, leading, data, settings)?;
            let prefix = match self.prefixes.get(&key) {
                Some(prefix) => Rc::clone(prefix),
                None => Rc::new(Prefix::fill(network, leading, data, settings)?),
            };
            self.prefixes.insert(key, Rc::clone(&prefix));
            found.push(prefix);
        }
        Ok(found)
    }

    /// How many prefixes are kept.
    pub fn count(&self) -> usize {
        self.prefixes.len()
    }
}
