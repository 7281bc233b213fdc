//! The mean loss with its penalty, as a function of scaled weights along the principal axes and of the bias.

use anyhow::Result;
use tch::{Kind, Tensor};

use super::axes::Axes;
use super::lbfgs::Objective;
use crate::train::interrupt::{Interrupt, proceed};

/// Without a penalty a fit may stop at this loss: practically 0, and larger weights would hardly move the boundary.
const SMALL_LOSS: f64 = 1e-3;

/// The objective. A point is the weights `[classes, axes]`, each times its axis's scale, followed by the bias.
pub(super) struct PenalizedLoss<'a> {
    axes: &'a Axes,
    /// `[count]`.
    labels: &'a Tensor,
    /// One-hot labels, `[count, classes]`.
    targets: &'a Tensor,
    scales: Tensor,
    penalty: f64,
    interrupt: Interrupt<'a>,
    /// Logits at the last evaluated point.
    logits: Tensor,
}

impl<'a> PenalizedLoss<'a> {
    pub(super) fn new(
        axes: &'a Axes,
        [labels, targets]: [&'a Tensor; 2],
        penalty: f64,
        interrupt: Interrupt<'a>,
    ) -> Self {
        let scales = axes.scales(targets.size()[1], penalty);
        Self { axes, labels, targets, scales, penalty, interrupt, logits: Tensor::new() }
    }

    /// Unscaled weights `[classes, axes]` and bias `[classes]` of a point.
    pub(super) fn weights(&self, point: &[f64]) -> [Tensor; 2] {
        let (classes, axes) = (self.targets.size()[1], self.axes.axes());
        let point = Tensor::from_slice(point).to_device(self.targets.device());
        let weights = point.narrow(0, 0, classes * axes).reshape([classes, axes]) / &self.scales;
        [weights, point.narrow(0, classes * axes, classes)]
    }

    /// The point of unscaled weights and bias.
    pub(super) fn point(&self, [weights, bias]: [&Tensor; 2]) -> Result<Vec<f64>> {
        read(&[&(weights * &self.scales), bias])
    }
}

impl Objective for PenalizedLoss<'_> {
    fn at(&mut self, point: &[f64]) -> Result<(f64, Vec<f64>)> {
        proceed(&mut *self.interrupt)?;
        let count = self.axes.count() as f64;
        let [weights, bias] = self.weights(point);
        self.logits = self.axes.coordinates.matmul(&weights.transpose(0, 1)) + bias;
        let logarithms = self.logits.log_softmax(1, Kind::Double);
        let loss = -(self.targets * &logarithms).sum(Kind::Double) / count;
        let value = loss + (&weights * &weights).sum(Kind::Double) * (self.penalty / (2.0 * count));
        let residuals = (logarithms.exp() - self.targets) / count;
        let slopes = residuals.transpose(0, 1).matmul(&self.axes.coordinates) + weights * (self.penalty / count);
        let bias_slopes = residuals.sum_dim_intlist([0i64].as_slice(), false, Kind::Double);
        let mut all = read(&[&value.reshape([1]), &(slopes / &self.scales), &bias_slopes])?;
        let gradient = all.split_off(1);
        Ok((all[0], gradient))
    }

    fn suffices(&mut self, value: f64) -> bool {
        let wrong = || self.logits.argmax(1, false).not_equal_tensor(self.labels).any().int64_value(&[]) != 0;
        self.penalty == 0.0 && value < SMALL_LOSS && !wrong()
    }
}

/// Reads several tensors in one transfer.
fn read(tensors: &[&Tensor]) -> Result<Vec<f64>> {
    let flat: Vec<Tensor> = tensors.iter().map(|tensor| tensor.reshape([-1])).collect();
    Ok(Vec::try_from(Tensor::cat(&flat, 0).to_device(tch::Device::Cpu))?)
}
