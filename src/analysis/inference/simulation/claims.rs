//! False-positive rates of tests at stated points (bumps, delays, differences, orders, equivalence) on settings that do
//! not differ.

use rand::Rng;

use super::super::bump::{BumpContrasts, bump_evidence};
use super::super::bump_difference::bump_difference;
use super::super::delay::{ReachedEpoch, delay};
use super::super::equivalence::equivalence;
use super::super::holm::{SIGNIFICANCE, holm};
use super::super::sign_flip::{p_mean_nonzero, p_mean_positive};
use super::super::source_order::{SourcePair, order_reversal};
use super::null_curves::{CurveShape, NOISE, NoiseShape, normal, null_curves};
use super::{draws, hold};
use crate::seed::Stream;

const SEEDS: [usize; 3] = [6, 8, 12];
const SHORT: usize = 500;
const LONG: usize = 10_000;

/// Checks the false-positive rate of a test that draws its own seeds and returns a p-value.
fn gate(what: &str, trials: usize, mut p: impl FnMut(usize, &mut Stream) -> f64) {
    for seeds in SEEDS {
        let mut stream = draws(&format!("{what} {seeds}"));
        let rejected = (0..trials).filter(|_| p(seeds, &mut stream) <= SIGNIFICANCE).count();
        hold(&format!("{what}, {seeds} seeds"), rejected, trials);
    }
}

fn column(errors: &[Vec<f64>], point: usize) -> Vec<f64> {
    errors.iter().map(|row| row[point]).collect()
}

/// Valleys and peak stated at the quarters of a curve, the peak where noise may be largest.
fn contrasts(
    shape: CurveShape,
    spread: NoiseShape,
    (seeds, points): (usize, usize),
    stream: &mut Stream,
) -> BumpContrasts {
    let errors = null_curves((shape, spread), (seeds, points), stream);
    let at = |point: usize| column(&errors, point);
    BumpContrasts::new(&at(points / 4), &at(points / 2), &at(3 * points / 4)).expect("one length")
}

fn stated_bumps(trials: usize) {
    for points in [10, 18] {
        for shape in CurveShape::ALL {
            for spread in NoiseShape::ALL {
                gate(&format!("stated bump {shape:?} {spread:?} {points}"), trials, |seeds, stream| {
                    let contrasts = contrasts(shape, spread, (seeds, points), stream);
                    bump_evidence(&contrasts, None).expect("enough seeds").p
                });
            }
        }
    }
}

/// A rise alone has nothing that makes it conservative: on a flat curve its rate is at the level.
fn means(trials: usize) {
    for spread in NoiseShape::ALL {
        let rises = |seeds, stream: &mut Stream| contrasts(CurveShape::Flat, spread, (seeds, 10), stream).rises;
        gate(&format!("one side {spread:?}"), trials, |seeds, stream| {
            p_mean_positive(&rises(seeds, stream)).expect("enough seeds")
        });
        gate(&format!("two sides {spread:?}"), trials, |seeds, stream| {
            p_mean_nonzero(&rises(seeds, stream)).expect("enough seeds")
        });
    }
}

fn families(trials: usize) {
    gate("a family of three", trials, |seeds, stream| {
        let mut p = || p_mean_positive(&(0..seeds).map(|_| normal(stream)).collect::<Vec<_>>()).expect("enough seeds");
        holm(&[p(), p(), p()]).into_iter().fold(1.0, f64::min)
    });
}

/// The same bump in both settings, with three times the noise in one of them.
fn differences(trials: usize) {
    for shape in [CurveShape::Flat, CurveShape::SteepFall, CurveShape::Valley] {
        for noisier_is_larger in [false, true] {
            gate(&format!("difference of bumps {shape:?} {noisier_is_larger}"), trials, |seeds, stream| {
                let quiet = contrasts(shape, NoiseShape::Autocorrelated, (seeds, 10), stream);
                let mut noisy = contrasts(shape, NoiseShape::Autocorrelated, (seeds, 10), stream);
                for value in noisy.rises.iter_mut().chain(&mut noisy.drops) {
                    *value += 3.0 * NOISE * normal(stream);
                }
                let (reference, larger) = if noisier_is_larger { (quiet, noisy) } else { (noisy, quiet) };
                bump_difference(&reference, &larger).expect("pairs").p
            });
        }
    }
}

/// Interpolation epochs from one distribution for both settings; some runs do not interpolate.
fn delays(trials: usize) {
    for budget in [1000u64, 120, 60] {
        gate(&format!("delay within {budget}"), trials, |seeds, stream| {
            let mut run = |seed: f64| {
                let epoch = (80.0 * (0.3 * seed + 0.3 * normal(stream)).exp()).ceil() as u64;
                ReachedEpoch { epoch: (epoch <= budget).then_some(epoch), budget }
            };
            let (reference, delayed): (Vec<_>, Vec<_>) =
                (0..seeds).map(|seed| seed as f64 / seeds as f64).map(|seed| (run(seed), run(seed))).unzip();
            delay(&reference, &delayed).expect("pairs").p
        });
    }
}

/// The first source is better at both points, or they are equal at the second: no reversal.
fn orders(trials: usize) {
    for advantage in [0.0, 0.02] {
        gate(&format!("reversal {advantage}"), trials, |seeds, stream| {
            let mut errors = |mean: f64| (0..seeds).map(|_| mean + NOISE * normal(stream)).collect::<Vec<_>>();
            let at_first = (errors(0.3), errors(0.35));
            let at_second = (errors(0.3), errors(0.3 + advantage));
            let first = SourcePair { first: &at_first.0, second: &at_first.1 };
            let second = SourcePair { first: &at_second.0, second: &at_second.1 };
            order_reversal(first, second).expect("pairs").p
        });
    }
}

/// Settings that differ by exactly the margin are not equivalent.
fn equivalences(trials: usize) {
    for sign in [-1.0, 1.0] {
        gate(&format!("equivalent {sign}"), trials, |seeds, stream| {
            let margin = 3.0 * NOISE;
            let mut errors = |mean: f64| (0..seeds).map(|_| mean + NOISE * normal(stream)).collect::<Vec<_>>();
            equivalence(&errors(0.3), &errors(0.3 + sign * margin), margin).expect("pairs").p
        });
    }
}

#[test]
fn settings_that_do_not_differ() {
    stated_bumps(SHORT / 2);
    means(SHORT);
    families(SHORT);
    differences(SHORT);
    delays(SHORT);
    orders(SHORT);
    equivalences(SHORT);
}

#[test]
#[ignore = "long"]
fn settings_that_do_not_differ_long() {
    stated_bumps(LONG / 2);
    means(LONG);
    families(LONG);
    differences(LONG);
    delays(LONG);
    orders(LONG);
    equivalences(LONG);
}

/// Power: with eight seeds, most draws detect an effect of three times the noise.
#[test]
fn settings_that_differ() {
    let mut stream = draws("power");
    let mut found = [0; 4];
    for _ in 0..100 {
        let mut errors = |mean: f64| (0..8).map(|_| mean + NOISE * normal(&mut stream)).collect::<Vec<_>>();
        let (low, high) = (0.3, 0.3 + 3.0 * NOISE);
        let bump = BumpContrasts::new(&errors(low), &errors(high), &errors(low)).expect("one length");
        let none = BumpContrasts::new(&errors(low), &errors(low), &errors(low)).expect("one length");
        let (better, worse) = (errors(low), errors(high));
        let first = SourcePair { first: &better, second: &worse };
        let second = SourcePair { first: &worse, second: &better };
        let p = [
            bump_evidence(&bump, None).expect("seeds").p,
            bump_difference(&none, &bump).expect("pairs").p,
            order_reversal(first, second).expect("pairs").p,
            equivalence(&better, &errors(low), 3.0 * NOISE).expect("pairs").p,
        ];
        found.iter_mut().zip(p).for_each(|(found, p)| *found += usize::from(p <= SIGNIFICANCE));
    }
    assert!(found.iter().all(|&found| found >= 80), "{found:?} of 100");
}

/// Draws depend only on a seed and a name.
#[test]
fn draws_are_repeatable() {
    assert_eq!(draws("one").next_u64(), draws("one").next_u64());
    assert_ne!(draws("one").next_u64(), draws("two").next_u64());
}
