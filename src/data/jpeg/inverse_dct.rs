//! The inverse DCT of a block, bit-identical to libjpeg's accurate integer method.
//!
//! C. Loeffler, A. Ligtenberg, G. Moschytz: Practical Fast 1-D DCT Algorithms with 11 Multiplications, ICASSP 1989,
//! with 13-bit factors, and two extra bits of precision between columns and rows.

use std::num::Wrapping;

use super::scan::{CoefficientBlock, ZIGZAG};

/// Wraps around for out-of-range coefficients of damaged files.
type WrappingInt = Wrapping<i32>;

const FACTOR_BITS: usize = 13;
const KEPT_BITS: usize = 2;

/// A fixed-point factor.
const fn factor(value: f64) -> WrappingInt {
    let scaled = value * (1 << FACTOR_BITS) as f64;
    Wrapping((scaled + if scaled < 0.0 { -0.5 } else { 0.5 }) as i32)
}

/// Writes the samples of a block to `samples`, which starts at its first sample and has `stride` samples per row.
/// `quantisation` is in zigzag order.
pub(super) fn block(coefficients: &CoefficientBlock, quantisation: &[u16; 64], samples: &mut [u8], stride: usize) {
    let mut values = [Wrapping(0); 64];
    for (&place, &step) in ZIGZAG.iter().zip(quantisation) {
        values[place] = Wrapping(i32::from(coefficients[place])) * Wrapping(i32::from(step));
    }
    for column in 0..8 {
        let results = one_dimension(std::array::from_fn(|row| values[8 * row + column]));
        for (row, result) in results.into_iter().enumerate() {
            values[8 * row + column] = rounded(result, FACTOR_BITS - KEPT_BITS);
        }
    }
    for (row, out) in samples.chunks_mut(stride).take(8).enumerate() {
        let results = one_dimension(std::array::from_fn(|column| values[8 * row + column]));
        for (out, result) in out.iter_mut().zip(results) {
            // The three extra bits divide by 8, the scale of a two-dimensional DCT.
            *out = (rounded(result, FACTOR_BITS + KEPT_BITS + 3).0.saturating_add(128)).clamp(0, 255) as u8;
        }
    }
}

fn rounded(value: WrappingInt, bits: usize) -> WrappingInt {
    (value + Wrapping(1 << (bits - 1))) >> bits
}

/// The sums and differences of the even and the odd half.
fn one_dimension(x: [WrappingInt; 8]) -> [WrappingInt; 8] {
    let (even, odd) = (even_half([x[0], x[2], x[4], x[6]]), odd_half([x[1], x[3], x[5], x[7]]));
    std::array::from_fn(|at| if at < 4 { even[at] + odd[at] } else { even[7 - at] - odd[7 - at] })
}

fn even_half([x0, x2, x4, x6]: [WrappingInt; 4]) -> [WrappingInt; 4] {
    let turned = (x2 + x6) * const { factor(0.541_196_100) };
    let upper = turned + x2 * const { factor(0.765_366_865) };
    let lower = turned + x6 * const { factor(-1.847_759_065) };
    let (sum, difference) = ((x0 + x4) << FACTOR_BITS, (x0 - x4) << FACTOR_BITS);
    [sum + upper, difference + lower, difference - lower, sum - upper]
}

fn odd_half([x1, x3, x5, x7]: [WrappingInt; 4]) -> [WrappingInt; 4] {
    let common = (x1 + x3 + x5 + x7) * const { factor(1.175_875_602) };
    let from_37 = (x3 + x7) * const { factor(-1.961_570_560) } + common;
    let from_15 = (x1 + x5) * const { factor(-0.390_180_644) } + common;
    let from_17 = (x1 + x7) * const { factor(-0.899_976_223) };
    let from_35 = (x3 + x5) * const { factor(-2.562_915_447) };
    [
        x1 * const { factor(1.501_321_110) } + from_17 + from_15,
        x3 * const { factor(3.072_711_026) } + from_35 + from_37,
        x5 * const { factor(2.053_119_869) } + from_35 + from_15,
        x7 * const { factor(0.298_631_336) } + from_17 + from_37,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the definition (ITU-T T.81, A.3.3) in floating point.
    #[test]
    fn samples_match_the_definition_within_one_level() {
        let mut coefficients = [0; 64];
        for (at, coefficient) in coefficients.iter_mut().enumerate() {
            *coefficient = (at * 37 % 23) as i16 - 11;
        }
        let mut samples = [0; 80];
        block(&coefficients, &[3; 64], &mut samples, 10);
        let half = |at: usize| if at == 0 { 0.5_f64.sqrt() } else { 1.0 };
        let wave = |x: usize, u: usize| ((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0).cos() * half(u);
        for (y, x) in (0..8).flat_map(|y| (0..8).map(move |x| (y, x))) {
            let terms = (0..64).map(|at| f64::from(3 * coefficients[at]) * wave(y, at / 8) * wave(x, at % 8));
            let expected = (terms.sum::<f64>() / 4.0 + 128.0).clamp(0.0, 255.0);
            assert!((f64::from(samples[10 * y + x]) - expected).abs() < 1.0, "{y} {x}");
        }
    }
}
