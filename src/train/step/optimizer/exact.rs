//! Compares every option of every optimizer with its formula, in f64 on a problem with two weights. PyTorch's fixtures use
//! the default constants; here each constant has a distinct value, so that mixing up two of them fails.

use tch::{Kind, Tensor};

use super::Optimizer;
use crate::spec;

const START: [f64; 2] = [1.5, -0.75];
const STEPS: usize = 6;

/// The gradient of ½‖A w − b‖².
fn gradient([x, y]: [f64; 2]) -> [f64; 2] {
    let (one, other) = (2.0 * x + 0.5 * y - 1.0, 3.0 * y - x + 0.25);
    [2.0 * one - other, 0.5 * one + 3.0 * other]
}

/// The weights after each step of an optimizer.
fn path(rule: spec::Optimizer, rate: f64) -> Vec<[f64; 2]> {
    let mut optimizer = Optimizer::new(rule, vec![Tensor::from_slice(&START)]);
    let at = |optimizer: &Optimizer| [0, 1].map(|index| optimizer.parameters()[0].double_value(&[index]));
    let step = |_| {
        let gradient = Tensor::from_slice(&gradient(at(&optimizer)));
        optimizer.step(&[gradient], &Tensor::from(rate).to_kind(Kind::Double), None).expect("a step");
        at(&optimizer)
    };
    (0..STEPS).map(step).collect()
}

/// The weights after each step of a formula for one weight, which gets the step from 1, the weight, its gradient and its
/// state.
fn by_formula(mut rule: impl FnMut(i32, f64, f64, &mut [f64; 2]) -> f64) -> Vec<[f64; 2]> {
    let (mut weights, mut kept) = (START, [[0.0; 2]; 2]);
    let mut step = |number| {
        let gradient = gradient(weights);
        for (index, weight) in weights.iter_mut().enumerate() {
            *weight = rule(number, *weight, gradient[index], &mut kept[index]);
        }
        weights
    };
    (1..=STEPS as i32).map(&mut step).collect()
}

fn same(name: &str, found: &[[f64; 2]], expected: &[[f64; 2]]) {
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert!((found - expected).abs() < 1e-13, "{name}: expected {expected}, found {found}");
    }
}

#[test]
fn sgd_follows_its_formula_with_every_option() {
    let rate = 0.03;
    for (momentum, nesterov, weight_decay) in
        [(0.0, false, 0.0), (0.0, false, 0.2), (0.7, false, 0.0), (0.6, false, 0.2), (0.7, true, 0.0), (0.6, true, 0.3)]
    {
        let expected = by_formula(|_, weight, gradient, [velocity, _]| {
            let gradient = gradient + weight_decay * weight;
            *velocity = momentum * *velocity + gradient;
            weight - rate * if nesterov { gradient + momentum * *velocity } else { *velocity }
        });
        let name = format!("momentum {momentum}, nesterov {nesterov}, decay {weight_decay}");
        same(&name, &path(spec::Optimizer::Sgd { momentum, nesterov, weight_decay }, rate), &expected);
    }
}

#[test]
fn adam_and_adamw_follow_their_formula_with_every_option() {
    for (rate, beta1, beta2, epsilon, weight_decay, decoupled) in [
        (0.02, 0.9, 0.999, 1e-8, 0.0, false),
        (0.05, 0.5, 0.999, 1e-8, 0.0, false),
        (0.02, 0.9, 0.8, 1e-8, 0.0, false),
        (0.02, 0.9, 0.999, 0.1, 0.0, false),
        (0.02, 0.6, 0.7, 0.2, 0.3, false),
        (0.02, 0.6, 0.7, 0.2, 0.3, true),
    ] {
        let expected = by_formula(|step, weight, gradient, [mean, square]| {
            let gradient = if decoupled { gradient } else { gradient + weight_decay * weight };
            let decayed = if decoupled { weight * (1.0 - rate * weight_decay) } else { weight };
            *mean = beta1 * *mean + (1.0 - beta1) * gradient;
            *square = beta2 * *square + (1.0 - beta2) * gradient * gradient;
            let (mean, square) = (*mean / (1.0 - beta1.powi(step)), *square / (1.0 - beta2.powi(step)));
            decayed - rate * mean / (square.sqrt() + epsilon)
        });
        let rule = spec::Optimizer::Adam { beta1, beta2, epsilon, weight_decay, decoupled };
        same(&format!("{rule:?}, rate {rate}"), &path(rule, rate), &expected);
    }
}
