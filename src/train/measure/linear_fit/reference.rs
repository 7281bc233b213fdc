//! scikit-learn's solutions of small problems: `tests/fixtures/linear-head.json`.

use anyhow::{Context, Result};
use serde_json::Value;
use tch::Tensor;

/// The fixture.
pub(in crate::train) struct Reference {
    pub(in crate::train) classes: usize,
    pub(in crate::train) features: Tensor,
    pub(in crate::train) labels: Tensor,
    pub(in crate::train) test: Tensor,
    pub(in crate::train) test_labels: Tensor,
    pub(in crate::train) fits: Vec<PenaltyFit>,
    /// How many examples, from the first, are linearly separable.
    pub(in crate::train) separable: i64,
    pub(in crate::train) nearest: Vec<Nearest>,
}

/// A fit with one penalty.
pub(in crate::train) struct PenaltyFit {
    pub(in crate::train) penalty: f64,
    pub(in crate::train) weight: Tensor,
    pub(in crate::train) bias: Tensor,
    pub(in crate::train) train_error: f64,
    pub(in crate::train) test_error: f64,
}

/// Predictions of nearest neighbours.
pub(in crate::train) struct Nearest {
    pub(in crate::train) neighbours: usize,
    pub(in crate::train) ties: usize,
    pub(in crate::train) answers: Vec<i64>,
    pub(in crate::train) error: f64,
}

impl Reference {
    pub(in crate::train) fn read() -> Result<Self> {
        let whole: Value = serde_json::from_slice(&std::fs::read("tests/fixtures/linear-head.json")?)?;
        let list = |name: &str| whole[name].as_array().context("a list");
        let fit = |fit: &Value| {
            Ok(PenaltyFit {
                penalty: number(&fit["penalty"])?,
                weight: matrix(&fit["weight"])?,
                bias: Tensor::from_slice(&numbers(&fit["bias"])?),
                train_error: number(&fit["train_error"])?,
                test_error: number(&fit["test_error"])?,
            })
        };
        let nearest = |nearest: &Value| {
            Ok(Nearest {
                neighbours: number(&nearest["neighbours"])? as usize,
                ties: number(&nearest["ties"])? as usize,
                answers: integers(&nearest["answers"])?,
                error: number(&nearest["error"])?,
            })
        };
        Ok(Self {
            classes: number(&whole["classes"])? as usize,
            features: matrix(&whole["features"])?,
            labels: Tensor::from_slice(&integers(&whole["labels"])?),
            test: matrix(&whole["test"])?,
            test_labels: Tensor::from_slice(&integers(&whole["test_labels"])?),
            fits: list("fits")?.iter().map(fit).collect::<Result<_>>()?,
            separable: number(&whole["separable"])? as i64,
            nearest: list("nearest")?.iter().map(nearest).collect::<Result<_>>()?,
        })
    }
}

fn number(value: &Value) -> Result<f64> {
    value.as_f64().context("a number")
}

fn numbers(value: &Value) -> Result<Vec<f64>> {
    value.as_array().context("a list")?.iter().map(number).collect()
}

fn integers(value: &Value) -> Result<Vec<i64>> {
    Ok(numbers(value)?.into_iter().map(|number| number as i64).collect())
}

fn matrix(value: &Value) -> Result<Tensor> {
    let rows: Vec<Vec<f64>> = value.as_array().context("a list")?.iter().map(numbers).collect::<Result<_>>()?;
    Ok(Tensor::from_slice2(&rows))
}
