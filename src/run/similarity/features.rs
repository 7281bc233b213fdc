//! Pooled features as matrices: which images of a split are used, and a network's outputs for them.

use anyhow::Result;
use nalgebra::DMatrix;
use rand::seq::SliceRandom;
use tch::{Device, Kind, Tensor, no_grad};

use crate::data;
use crate::error::UserError;
use crate::network::{Flow, Mode, Network};
use crate::run::recovery::stop::Stop;
use crate::seed::{Purpose, stream};
use crate::train::DeviceSplit;

/// Images per batch.
pub(in crate::run) const BATCH: usize = 250;

/// Images of a split, on the device, with their true labels.
pub(in crate::run) struct Look {
    pub(in crate::run) data: DeviceSplit,
    pub(in crate::run) labels: Vec<u16>,
}

/// A network's outputs for some images.
pub(in crate::run) struct PooledFeatures {
    /// Pooled features, `[images, features]`.
    pub(in crate::run) pooled: DMatrix<f64>,
    /// Class probabilities, `[images, classes of the network]`.
    pub(in crate::run) answers: DMatrix<f64>,
    /// The images' true labels.
    pub(in crate::run) labels: Vec<u16>,
}

/// At most `most` images, a fixed random subset: a split may be sorted by class.
pub(in crate::run) fn chosen(images: &data::Images, most: usize) -> data::Images {
    if images.count() <= most {
        return images.clone();
    }
    let mut order: Vec<usize> = (0..images.count()).collect();
    order.shuffle(&mut stream(0, Purpose::Similarity, 0));
    order.truncate(most);
    picked(images, order.into_iter())
}

/// Two halves; each class alternates between them.
pub(in crate::run) fn halves(images: &data::Images) -> [data::Images; 2] {
    let mut seen = vec![0usize; usize::from(u16::MAX) + 1];
    let mut sides = [Vec::new(), Vec::new()];
    for (index, &label) in images.labels.iter().enumerate() {
        let seen = &mut seen[usize::from(label)];
        sides[*seen % 2].push(index);
        *seen += 1;
    }
    sides.map(|side| picked(images, side.into_iter()))
}

fn picked(images: &data::Images, order: impl Iterator<Item = usize> + Clone) -> data::Images {
    let size = images.shape.elements();
    let pixels = order.clone().flat_map(|index| &images.pixels[index * size..(index + 1) * size]).copied().collect();
    data::Images { shape: images.shape, pixels, labels: order.map(|index| images.labels[index]).collect() }
}

impl PooledFeatures {
    /// Runs the network over the images; checks `stop` before every batch.
    pub(in crate::run) fn of(network: &Network, look: &Look, stop: &Stop) -> Result<Self> {
        let batches: Vec<(Tensor, Tensor)> = no_grad(|| {
            let flows = flows(&look.data);
            let pass = |flow| {
                stop.check()?;
                let pooled = network.pool(network.run(0, network.freezable(), flow, Mode::Evaluate), Mode::Evaluate);
                let answers = network.classify(pooled.shallow_clone()).softmax(1, Kind::Double);
                Ok((pooled, answers))
            };
            flows.map(pass).collect::<Result<_>>()
        })?;
        let (pooled, answers): (Vec<_>, Vec<_>) = batches.into_iter().unzip();
        let (pooled, answers) = (matrix(&pooled)?, matrix(&answers)?);
        if pooled.iter().chain(&answers).any(|value| !value.is_finite()) {
            let error = UserError::new("the network's features are not finite: its training diverged");
            return Err(error.hint("try a third of the source's learning rate").into());
        }
        Ok(Self { pooled, answers, labels: look.labels.clone() })
    }

    /// The pooled features of the images of a class.
    pub(in crate::run) fn of_class(pooled: &DMatrix<f64>, labels: &[u16], class: u16) -> DMatrix<f64> {
        let rows: Vec<usize> = (0..labels.len()).filter(|&image| labels[image] == class).collect();
        pooled.select_rows(&rows)
    }
}

/// The images in batches, as inputs of a network.
pub(in crate::run) fn flows(data: &DeviceSplit) -> impl Iterator<Item = Flow> {
    let count = data.count();
    let stretch = move |start: usize| Flow::new(data.stretch(start as i64, BATCH.min(count - start) as i64));
    (0..count).step_by(BATCH).map(stretch)
}

/// Concatenates batches `[batch, width]` into one matrix of doubles.
fn matrix(batches: &[Tensor]) -> Result<DMatrix<f64>> {
    let whole = Tensor::cat(batches, 0).to_device(Device::Cpu).to_kind(Kind::Double);
    let (rows, columns) = whole.size2()?;
    let values = Vec::<f64>::try_from(whole.contiguous().flatten(0, -1))?;
    Ok(DMatrix::from_row_slice(rows as usize, columns as usize, &values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::ImageShape;

    #[test]
    fn images_are_drawn_with_their_labels() {
        let shape = ImageShape { channels: 1, height: 1, width: 2 };
        let pixels = (0..20).collect();
        let images = data::Images { shape, pixels, labels: (0..10).collect() };
        let classes = data::Images { labels: [0, 1, 2, 0, 1, 2, 0, 1, 1, 1].into(), ..images.clone() };
        assert_eq!(chosen(&images, 10), images);
        let four = chosen(&images, 4);
        assert_eq!(four, chosen(&images, 4));
        assert!(four.count() == 4 && four.labels != [0, 1, 2, 3]);
        let belong = |images: &data::Images| {
            let pairs = images.pixels.chunks(2).zip(&images.labels);
            pairs.into_iter().all(|(pixels, &label)| u16::from(pixels[0]) == 2 * label && pixels[1] == pixels[0] + 1)
        };
        assert!(belong(&four));
        let [one, other] = halves(&classes);
        assert_eq!((&one.labels[..], &other.labels[..]), (&[0, 1, 2, 0, 1, 1][..], &[0, 1, 2, 1][..]));
        assert_eq!(other.pixels, [6, 7, 8, 9, 10, 11, 16, 17]);
    }
}
