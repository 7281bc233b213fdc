//! Compares fits with scikit-learn's (`scripts/reference/linear_head.py`) and with hand-computed results.

use anyhow::Result;
use tch::{Device, Kind, Tensor};

use super::reference::Reference;
use super::{FitEnd, LinearHead, fit_linear, fit_tuned};

fn largest_difference(one: &Tensor, other: &Tensor) -> f64 {
    (one - other).abs().max().double_value(&[])
}

fn fit(reference: &Reference, penalty: f64) -> Result<LinearHead> {
    fit_linear(&reference.features, &reference.labels, reference.classes, penalty, &mut || false)
}

#[test]
fn weights_and_errors_match_scikit_learn() -> Result<()> {
    let reference = Reference::read()?;
    assert!(reference.fits.len() > 2);
    for expected in &reference.fits {
        let head = fit(&reference, expected.penalty)?;
        let penalty = expected.penalty;
        assert_eq!(head.end, FitEnd::Converged, "{penalty}");
        let away = largest_difference(&head.weight, &expected.weight);
        assert!(away < 1e-5, "{penalty}: weights are {away} off after {} steps", head.steps);
        // The bias is the logit at features of 0, far from the data, so its tolerance is wider.
        let away = largest_difference(&head.bias, &expected.bias);
        assert!(away < 1e-4, "{penalty}: the bias is {away} off");
        let errors = [
            (head.error(&reference.features, &reference.labels), expected.train_error),
            (head.error(&reference.test, &reference.test_labels), expected.test_error),
        ];
        assert!(errors.iter().all(|(found, expected)| (found - expected).abs() < 1e-12), "{penalty}: {errors:?}");
    }
    Ok(())
}

#[test]
fn separable_classes_are_separated() -> Result<()> {
    let reference = Reference::read()?;
    let part = |tensor: &Tensor| tensor.narrow(0, 0, reference.separable);
    let (features, labels) = (part(&reference.features), part(&reference.labels));
    let head = fit_linear(&features, &labels, reference.classes, 0.0, &mut || false)?;
    assert_eq!((head.end, head.error(&features, &labels)), (FitEnd::Separated, 0.0));
    // With a penalty there is a minimum.
    let head = fit_linear(&features, &labels, reference.classes, 0.1, &mut || false)?;
    assert_eq!((head.end, head.error(&features, &labels)), (FitEnd::Converged, 0.0));
    Ok(())
}

/// At the minimum the gradient of the loss is the penalty's, and the bias's is 0: W = −1/λ · Σᵢ (pᵢ − yᵢ) xᵢᵀ.
#[test]
fn the_minimum_has_zero_gradient() -> Result<()> {
    let reference = Reference::read()?;
    let (features, labels) = (&reference.features, &reference.labels);
    for penalty in [1e-3, 1.0, 1e4] {
        let head = fit(&reference, penalty)?;
        let classes = Tensor::arange(reference.classes as i64, (Kind::Int64, Device::Cpu));
        let targets = labels.unsqueeze(1).eq_tensor(&classes).to_kind(Kind::Double);
        let residuals = head.logits(features).softmax(1, Kind::Double) - targets;
        let gradient = residuals.transpose(0, 1).matmul(features) + &head.weight * penalty;
        let scale = features.abs().sum(Kind::Double).double_value(&[]);
        assert!(gradient.abs().max().double_value(&[]) < 1e-7 * scale, "{penalty}: {gradient}");
        let bias = residuals.sum_dim_intlist([0i64].as_slice(), false, Kind::Double);
        assert!(bias.abs().max().double_value(&[]) < 1e-5, "{penalty}");
    }
    Ok(())
}

#[test]
fn constant_features_give_the_class_frequencies() -> Result<()> {
    // A constant, a varying and a zero feature, in single precision: only one axis has variance.
    let one = Tensor::rand([40, 1], (Kind::Float, Device::Cpu));
    let features = Tensor::cat(&[one.ones_like() * 7.0, &one * 2.0, one.zeros_like()], 1);
    let labels = Tensor::from_slice(&(0..40).map(|index| i64::from(index % 4 == 0)).collect::<Vec<_>>());
    let head = fit_linear(&features.zeros_like(), &labels, 2, 0.0, &mut || false)?;
    assert_eq!(head.end, FitEnd::Converged);
    let probability = head.logits(&features.zeros_like()).softmax(1, Kind::Double);
    assert!((probability.double_value(&[0, 1]) - 0.25).abs() < 1e-7);
    assert_eq!(head.weight, head.weight.zeros_like());
    let (head, _) = fit_tuned(&features, &labels, 2, &mut || false)?;
    assert!(head.weight.isfinite().all().int64_value(&[]) == 1);
    let first = head.weight.select(1, 0);
    assert_eq!(first, first.zeros_like());
    Ok(())
}

/// With many features and few examples with wrong labels, a fit without a penalty fits noise.
#[test]
fn a_tuned_penalty_is_better_where_labels_are_wrong() -> Result<()> {
    let (count, width) = (200, 60);
    let value = |at: i64| ((at * at * 31 + at * 7) % 1009) as f32 / 504.5 - 1.0;
    let draw = |start: i64, count: i64| -> Result<[Tensor; 2]> {
        let values: Vec<f32> = (start..start + count * width).map(value).collect();
        let features = Tensor::from_slice(&values).reshape([count, width]);
        let labels = features.narrow(1, 0, 3).argmax(1, false);
        Ok([features, labels])
    };
    let [features, truth] = draw(0, count)?;
    let [test, test_labels] = draw(70_001, 1000)?;
    let turned = (Tensor::arange(count, (Kind::Int64, Device::Cpu)).remainder(4)).eq(1).to_kind(Kind::Int64);
    let labels = (truth + turned).remainder(3);
    let (head, penalty) = fit_tuned(&features, &labels, 3, &mut || false)?;
    let plain = fit_linear(&features, &labels, 3, 0.0, &mut || false)?;
    let (tuned, untuned) = (head.error(&test, &test_labels), plain.error(&test, &test_labels));
    assert!(tuned + 0.02 < untuned, "{tuned} with λ = {penalty}, {untuned} without");
    // The head is the fit on all examples with that penalty, and reproducible.
    let again = fit_linear(&features, &labels, 3, penalty, &mut || false)?;
    assert_eq!((head.weight, head.bias), (again.weight, again.bias));
    assert_eq!(fit_tuned(&features, &labels, 3, &mut || false)?.1.to_bits(), penalty.to_bits());
    Ok(())
}

#[test]
fn few_examples_fit_and_none_are_an_error() -> Result<()> {
    for count in 1..7 {
        let features = Tensor::arange(count, (Kind::Float, Device::Cpu)).unsqueeze(1);
        let labels = Tensor::arange(count, (Kind::Int64, Device::Cpu)).remainder(2);
        let (head, penalty) = fit_tuned(&features, &labels, 2, &mut || false)?;
        assert!(head.error(&features, &labels) <= 1.0 && penalty.is_finite(), "{count}");
    }
    let none = Tensor::zeros([0, 3], (Kind::Float, Device::Cpu));
    assert!(fit_linear(&none, &Tensor::zeros([0], (Kind::Int64, Device::Cpu)), 2, 1.0, &mut || false).is_err());
    Ok(())
}

#[test]
fn fits_can_be_interrupted_before_any_evaluation() -> Result<()> {
    let reference = Reference::read()?;
    let stopped_at = |at: usize| {
        let mut asked = 0;
        let mut interrupt = || {
            asked += 1;
            asked == at
        };
        let fitted = fit_tuned(&reference.features, &reference.labels, reference.classes, &mut interrupt);
        (fitted.is_err(), asked)
    };
    let (_, all) = stopped_at(0);
    assert!(all > 50, "{all}");
    for at in [1, 2, all / 2, all] {
        assert_eq!(stopped_at(at), (true, at));
    }
    Ok(())
}

#[test]
fn non_finite_features_are_an_error() -> Result<()> {
    let reference = Reference::read()?;
    for wrong in [f64::NAN, f64::INFINITY] {
        let features = reference.features.copy();
        let _ = features.select(0, 3).fill_(wrong);
        let error = fit_linear(&features, &reference.labels, reference.classes, 1.0, &mut || false)
            .expect_err("it is not finite");
        assert!(error.to_string().contains("not finite"), "{error}");
    }
    Ok(())
}
