//! The exploratory test on curves without a bump rejects at most at its nominal rate, and it finds a real bump.

use super::super::holm::SIGNIFICANCE;
use super::super::unstated_bump::unstated_bump;
use super::null_curves::{CurveShape, NOISE, NoiseShape, null_curves};
use super::{draws, hold};

fn false_positives(shape: CurveShape, spread: NoiseShape, (seeds, points): (usize, usize), trials: usize) -> usize {
    let mut stream = draws(&format!("unstated {shape:?} {spread:?} {seeds} {points}"));
    let rejected = |_: &usize| {
        let errors = null_curves((shape, spread), (seeds, points), &mut stream);
        unstated_bump(&errors).expect("seeds and points are enough").p <= SIGNIFICANCE
    };
    (0..trials).filter(rejected).count()
}

fn gate(sizes: &[(usize, usize)], trials: usize) {
    for &size in sizes {
        for shape in CurveShape::ALL {
            for spread in NoiseShape::ALL {
                let rejected = false_positives(shape, spread, size, trials);
                hold(&format!("{shape:?}, {spread:?}, seeds and points {size:?}"), rejected, trials);
            }
        }
    }
}

#[test]
fn noise_alone_is_not_a_bump() {
    gate(&[(6, 10), (6, 18), (8, 10), (8, 18)], 200);
    gate(&[(12, 10), (12, 18)], 20);
}

#[test]
#[ignore = "long"]
fn noise_alone_is_not_a_bump_long() {
    gate(&[(6, 10), (6, 18), (8, 10), (8, 18), (12, 10), (12, 18)], 2000);
}

/// With eight seeds, a bump of three times the noise is found in most draws.
#[test]
fn a_bump_is_found() {
    let mut stream = draws("unstated power");
    let found = |_: &usize| {
        let mut errors = null_curves((CurveShape::SteepFall, NoiseShape::Independent), (8, 10), &mut stream);
        for row in &mut errors {
            row[6] = row[4] + 3.0 * NOISE;
        }
        unstated_bump(&errors).expect("eight seeds").p <= SIGNIFICANCE
    };
    let found = (0..100).filter(found).count();
    assert!(found >= 80, "{found} of 100");
}
