//! Centred features along their principal axes.
//!
//! Features of different channels correlate, so the loss is a narrow valley in their coordinates and L-BFGS would take
//! thousands of steps. Along the principal axes, each scaled so that loss and penalty together have curvature 1 where the
//! fit starts, it takes tens. The problem stays the same: a rotation preserves ‖W‖, and the unpenalised bias absorbs the
//! mean.

use anyhow::Result;
use tch::{Device, Kind, Tensor};

use crate::error::UserError;

/// Axes whose variance is below this fraction of the largest are dropped: it is rounding error, of a float32 network even
/// less. Weights along them are 0, as along axes without variance.
const LEAST_VARIANCE: f64 = 1e-13;

/// Features along their principal axes.
pub(super) struct Axes {
    /// `[features]`.
    pub(super) mean: Tensor,
    /// Unit vectors, `[features, axes]`.
    pub(super) directions: Tensor,
    /// Sum of squares of the features along each axis, `[axes]`.
    pub(super) squares: Tensor,
    /// The features, `[count, axes]`.
    pub(super) coordinates: Tensor,
}

impl Axes {
    /// The principal axes of features `[count, features]`, double.
    pub(super) fn of(features: &Tensor) -> Result<Self> {
        let mean = features.mean_dim([0i64].as_slice(), false, Kind::Double);
        let centred = features - &mean;
        let gram = centred.transpose(0, 1).matmul(&centred);
        if gram.isfinite().all().int64_value(&[]) == 0 {
            let error = UserError::new("cannot fit a linear head: the features are not finite, the training diverged");
            return Err(error.hint("try a third of the learning rate").into());
        }
        // On the host: its LAPACK needs no CUDA library that may be missing.
        let (squares, directions) = gram.to_device(Device::Cpu).f_linalg_eigh("L")?;
        let least = LEAST_VARIANCE * squares.max().double_value(&[]).max(0.0);
        let kept = squares.greater(least).nonzero().squeeze_dim(1);
        let on_device = |tensor: Tensor| tensor.to_device(features.device());
        let (squares, directions) =
            (on_device(squares.index_select(0, &kept)), on_device(directions.index_select(1, &kept)));
        let coordinates = centred.matmul(&directions);
        Ok(Self { mean, directions, squares, coordinates })
    }

    pub(super) fn count(&self) -> i64 {
        self.coordinates.size()[0]
    }

    /// Number of axes.
    pub(super) fn axes(&self) -> i64 {
        self.coordinates.size()[1]
    }

    /// The scale of each axis, `[axes]`: the square root of the curvature of mean loss and penalty at W = 0, where all
    /// classes have the same probability.
    pub(super) fn scales(&self, classes: i64, penalty: f64) -> Tensor {
        let count = self.count() as f64;
        (&self.squares / (count * classes as f64) + penalty / count).sqrt()
    }
}
