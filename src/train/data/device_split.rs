//! A whole split of a data set on the device, as u8, and the conversion of its batches to network inputs.

use anyhow::Result;
use tch::{Device, IndexOp, Kind, Tensor};

use crate::blueprint::ImageShape;
use crate::data::{Images, Labels, Normalisation, TaskData};
use crate::native;
use crate::spec::{Augmentation, MemoryFormat};
use crate::train::data::augment::{BatchDraws, Cut};

/// Images and labels on a device.
#[derive(Debug)]
pub struct DeviceSplit {
    /// `[count, channels, height, width]`, u8.
    images: Tensor,
    /// The labels to train on or to measure errors with, `[count]`.
    pub(in crate::train) labels: Tensor,
    /// If labels are corrupted: the true labels and the mask, `[count]` each.
    pub(in crate::train) corruption: Option<Corruption>,
    shape: ImageShape,
    scale: Tensor,
    shift: Tensor,
    kind: Kind,
}

/// The corrupted labels of a split.
#[derive(Debug)]
pub(in crate::train) struct Corruption {
    /// The true labels.
    pub(in crate::train) truth: Tensor,
    /// Whether the given label is wrong.
    pub(in crate::train) mask: Tensor,
    /// Number of wrong labels.
    pub(in crate::train) count: u64,
}

/// The splits of a task on a device.
#[derive(Debug)]
pub struct DeviceSplits {
    /// The training examples.
    pub train: DeviceSplit,
    /// The test examples.
    pub test: DeviceSplit,
    /// The validation examples, if any.
    pub validation: Option<DeviceSplit>,
}

impl DeviceSplits {
    /// Moves the pixels of a task to the device, all splits with one normalisation; `data` keeps its labels.
    pub fn take(data: &mut TaskData, normalisation: &Normalisation, device: Device, kind: Kind) -> Result<Self> {
        let held = data.validation.as_mut().map(Images::hand_over);
        Ok(Self {
            train: DeviceSplit::training(data.train.hand_over(), &data.train_labels, normalisation, device, kind)?,
            test: DeviceSplit::clean(data.test.hand_over(), normalisation, device, kind)?,
            validation: held.map(|held| DeviceSplit::clean(held, normalisation, device, kind)).transpose()?,
        })
    }
}

impl DeviceSplit {
    /// A training split with its labels, which may be noisy. On the CPU the pixels are not copied.
    pub fn training(
        images: Images,
        labels: &Labels,
        normalisation: &Normalisation,
        device: Device,
        kind: Kind,
    ) -> Result<Self> {
        let truth = label_tensor(&images.labels, device);
        let mut split = Self::new(images, &labels.given, normalisation, device, kind)?;
        if labels.corrupted_count() > 0 {
            split.corruption = Some(Corruption {
                truth,
                mask: Tensor::from_slice(&labels.corrupted).to_device(device),
                count: labels.corrupted_count() as u64,
            });
        }
        Ok(split)
    }

    /// A split with true labels.
    pub fn clean(mut images: Images, normalisation: &Normalisation, device: Device, kind: Kind) -> Result<Self> {
        let labels = std::mem::take(&mut images.labels);
        Self::new(images, &labels, normalisation, device, kind)
    }

    fn new(images: Images, labels: &[u16], normalisation: &Normalisation, device: Device, kind: Kind) -> Result<Self> {
        let shape = images.shape;
        let size = [labels.len(), shape.channels, shape.height, shape.width].map(|size| size as i64);
        let per_channel = |values: Vec<f64>| {
            Tensor::from_slice(&values).to_kind(kind).to_device(device).reshape([1, shape.channels as i64, 1, 1])
        };
        let terms = normalisation.mean.iter().zip(&normalisation.deviation);
        let scale = normalisation.deviation.iter().map(|deviation| 1.0 / (255.0 * deviation)).collect();
        let shift = terms.map(|(mean, deviation)| -mean / deviation).collect();
        Ok(Self {
            images: native::adopt(images.pixels, &size)?.to_device(device),
            labels: label_tensor(labels, device),
            corruption: None,
            shape,
            scale: per_channel(scale),
            shift: per_channel(shift),
            kind,
        })
    }

    /// Number of examples.
    pub fn count(&self) -> usize {
        self.labels.size()[0] as usize
    }

    /// The device of the images.
    pub fn device(&self) -> Device {
        self.images.device()
    }

    /// The kind of the network's input.
    pub(in crate::train) fn kind(&self) -> Kind {
        self.kind
    }

    /// The shape of each image.
    pub(in crate::train) fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The same examples, sharing memory.
    pub(in crate::train) fn shared(&self) -> Self {
        let corruption = self.corruption.as_ref().map(|corruption| Corruption {
            truth: corruption.truth.shallow_clone(),
            mask: corruption.mask.shallow_clone(),
            count: corruption.count,
        });
        Self {
            images: self.images.shallow_clone(),
            labels: self.labels.shallow_clone(),
            corruption,
            shape: self.shape,
            scale: self.scale.shallow_clone(),
            shift: self.shift.shallow_clone(),
            kind: self.kind,
        }
    }

    /// The network's input for a range of examples.
    pub fn stretch(&self, start: i64, length: i64) -> Tensor {
        self.normalise(&self.images.i(start..start + length), MemoryFormat::ChannelsFirst)
    }

    /// The network's input for the examples `indices`, `[batch]`, in a memory layout.
    pub(in crate::train) fn gather(&self, indices: &Tensor, layout: MemoryFormat) -> Tensor {
        self.normalise(&self.images.index_select(0, indices), layout)
    }

    /// Like `gather`, with augmentation by `draws`.
    pub(in crate::train) fn augmented(
        &self,
        indices: &Tensor,
        draws: &BatchDraws,
        augmentation: Augmentation,
        layout: MemoryFormat,
    ) -> Tensor {
        let mut pixels = if augmentation.resized_area.is_some() {
            draws.stretched(&self.images.index_select(0, indices).to_kind(self.kind))
        } else {
            self.parts(indices, &draws.cut(augmentation, self.shape))
        };
        if augmentation.jitter > 0.0 {
            pixels = draws.jittered(&pixels.contiguous().to_kind(self.kind), augmentation);
        }
        let input = self.normalise(&pixels, layout);
        if augmentation.cutout > 0 { draws.blanked(&input, augmentation.cutout) } else { input }
    }

    /// Crops each image, in one gather.
    fn parts(&self, indices: &Tensor, cut: &Cut) -> Tensor {
        let (rows, columns) = (cut.rows.unsqueeze(2), cut.columns.unsqueeze(1));
        // Indexing on both sides of a full dimension moves it to the end: [batch, height, width, channels].
        let parts = self.images.index(&[Some(indices.reshape([-1, 1, 1])), None, Some(rows), Some(columns)]);
        let parts = match &cut.inside {
            Some(inside) => parts * inside.unsqueeze(3),
            None => parts,
        };
        parts.permute([0, 3, 1, 2])
    }

    /// Converts a network's input back to u8 pixels.
    pub(in crate::train) fn pixels_of(&self, input: &Tensor) -> Tensor {
        ((input - &self.shift) / &self.scale).round().clamp(0.0, 255.0).to_kind(Kind::Uint8).contiguous()
    }

    /// Converts pixels in any layout to normalised input in the given one, in one copy. With one channel the layouts are
    /// the same.
    fn normalise(&self, pixels: &Tensor, layout: MemoryFormat) -> Tensor {
        let options = (self.kind, pixels.device());
        let mut input = if layout == MemoryFormat::ChannelsLast && self.shape.channels > 1 {
            Tensor::empty_permuted(pixels.size(), [0, 2, 3, 1], options)
        } else {
            Tensor::empty(pixels.size(), options)
        };
        input.copy_(pixels);
        let _ = input.g_mul_(&self.scale);
        input.g_add_(&self.shift)
    }
}

fn label_tensor(labels: &[u16], device: Device) -> Tensor {
    let labels: Vec<i64> = labels.iter().map(|&label| i64::from(label)).collect();
    Tensor::from_slice(&labels).to_device(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images() -> Images {
        let shape = ImageShape { channels: 2, height: 3, width: 3 };
        Images { shape, pixels: (0..36).collect(), labels: vec![0, 1] }
    }

    #[test]
    fn input_is_normalised_by_channel() {
        let normalisation = Normalisation { mean: vec![0.5, 0.25], deviation: vec![0.5, 0.25] };
        let split = DeviceSplit::clean(images(), &normalisation, Device::Cpu, Kind::Double).expect("it fits");
        let input = split.gather(&Tensor::from_slice(&[1i64]), MemoryFormat::ChannelsFirst);
        let expected = |pixel: f64, mean: f64, deviation: f64| (pixel / 255.0 - mean) / deviation;
        assert!((input.double_value(&[0, 0, 0, 0]) - expected(18.0, 0.5, 0.5)).abs() < 1e-12);
        assert!((input.double_value(&[0, 1, 2, 2]) - expected(35.0, 0.25, 0.25)).abs() < 1e-12);
    }
}
