//! Features about their mean, along the axes in which they vary independently.
//!
//! Features of neighbouring channels are alike, so that the loss is a narrow valley in their coordinates: L-BFGS would take
//! thousands of steps. Along the principal axes, each scaled so that loss and penalty together curve by 1 where the fit
//! begins, it takes tens. A rotation leaves ‖W‖ as it is and the free bias takes up the mean, so the problem stays the
//! same one.

use anyhow::Result;
use tch::{Device, Kind, Tensor};

use crate::error::UserError;

/// Axes along which features vary less than this, relative to the most and squared, are rounding (of a float32 network,
/// far less than that) and are left out: weights along them are 0, as they are where nothing varies.
const LEAST_VARIANCE: f64 = 1e-13;

/// Features in their principal axes.
pub(super) struct Axes {
    /// `[features]`.
    pub(super) mean: Tensor,
    /// `[features, axes]`, of length 1 each.
    pub(super) directions: Tensor,
    /// The features' sum of squares along each, `[axes]`.
    pub(super) squares: Tensor,
    /// The features, `[count, axes]`.
    pub(super) coordinates: Tensor,
}

impl Axes {
    /// Of features `[count, features]`, double.
    pub(super) fn of(features: &Tensor) -> Result<Self> {
        let mean = features.mean_dim([0i64].as_slice(), false, Kind::Double);
        let centred = features - &mean;
        let gram = centred.transpose(0, 1).matmul(&centred);
        if gram.isfinite().all().int64_value(&[]) == 0 {
            let error = UserError::new("the features to fit a linear head on are not finite: the training diverged");
            return Err(error.hint("try a third of the learning rate").into());
        }
        // On the host, whose LAPACK needs no part of CUDA that may be absent.
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

    /// How many axes there are.
    pub(super) fn axes(&self) -> i64 {
        self.coordinates.size()[1]
    }

    /// The scale of each axis, `[axes]`: the root of the curvature of the mean loss and the penalty at W = 0, where each
    /// class has the same probability.
    pub(super) fn scales(&self, classes: i64, penalty: f64) -> Tensor {
        let count = self.count() as f64;
        (&self.squares / (count * classes as f64) + penalty / count).sqrt()
    }
}
