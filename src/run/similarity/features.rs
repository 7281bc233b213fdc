//! From images to matrices: what a network makes of a split.

use anyhow::Result;
use nalgebra::DMatrix;
use rand::seq::SliceRandom;
use tch::{Device, Kind, Tensor, no_grad};

use crate::data;
use crate::error::UserError;
use crate::network::{Flow, Mode, Network};
use crate::seed::{Purpose, stream};
use crate::train::Resident;

/// Images in a batch.
pub(super) const BATCH: usize = 250;

/// Images of a split, on the device, with their true labels.
pub(super) struct Look {
    pub(super) data: Resident,
    pub(super) labels: Vec<u16>,
}

/// What a network makes of them.
pub(super) struct Features {
    /// `[images, features]`, at the pooling.
    pub(super) pooled: DMatrix<f64>,
    /// `[images, classes of the network]`, probabilities.
    pub(super) answers: DMatrix<f64>,
    /// The images' true labels.
    pub(super) labels: Vec<u16>,
}

/// At most `most` images, drawn at random, for a split may be in the order of its classes; the same ones each time.
pub(super) fn chosen(images: &data::Images, most: usize) -> data::Images {
    if images.count() <= most {
        return images.clone();
    }
    let mut order: Vec<usize> = (0..images.count()).collect();
    order.shuffle(&mut stream(0, Purpose::Similarity, 0));
    order.truncate(most);
    let size = images.shape.elements();
    let pixels = order.iter().flat_map(|&index| &images.pixels[index * size..(index + 1) * size]).copied().collect();
    let labels = order.iter().map(|&index| images.labels[index]).collect();
    data::Images { shape: images.shape, pixels, labels }
}

impl Features {
    /// Runs the network over the images.
    pub(super) fn of(network: &Network, look: &Look) -> Result<Self> {
        let batches: Vec<(Tensor, Tensor)> = no_grad(|| {
            let flows = flows(&look.data);
            let pass = |flow| {
                let pooled = network.pool(network.run(0, network.freezable(), flow, Mode::Evaluate), Mode::Evaluate);
                let answers = network.classify(pooled.shallow_clone()).softmax(1, Kind::Double);
                (pooled, answers)
            };
            flows.map(pass).collect()
        });
        let (pooled, answers): (Vec<_>, Vec<_>) = batches.into_iter().unzip();
        let (pooled, answers) = (matrix(&pooled)?, matrix(&answers)?);
        if pooled.iter().chain(&answers).any(|value| !value.is_finite()) {
            let error = UserError::new("the network's features are not finite: its training diverged");
            return Err(error.hint("try a third of the source's learning rate").into());
        }
        Ok(Self { pooled, answers, labels: look.labels.clone() })
    }

    /// The pooled features of the images of a class.
    pub(super) fn of_class(pooled: &DMatrix<f64>, labels: &[u16], class: u16) -> DMatrix<f64> {
        let rows: Vec<usize> = (0..labels.len()).filter(|&image| labels[image] == class).collect();
        pooled.select_rows(&rows)
    }
}

/// The images in batches, ready to go through a network.
pub(super) fn flows(data: &Resident) -> impl Iterator<Item = Flow> {
    let count = data.count();
    let stretch = move |start: usize| Flow::new(data.stretch(start as i64, BATCH.min(count - start) as i64));
    (0..count).step_by(BATCH).map(stretch)
}

/// Batches `[batch, width]` as one matrix of doubles.
fn matrix(batches: &[Tensor]) -> Result<DMatrix<f64>> {
    let whole = Tensor::cat(batches, 0).to_device(Device::Cpu).to_kind(Kind::Double);
    let (rows, columns) = whole.size2()?;
    let values = Vec::<f64>::try_from(whole.contiguous().flatten(0, -1))?;
    Ok(DMatrix::from_row_slice(rows as usize, columns as usize, &values))
}
