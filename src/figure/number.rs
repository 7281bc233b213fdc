//! Formats values for axes, cells and hover.

use crate::text::grouped;

use super::ValueFormat;

/// From this value on, an axis of counts writes thousands as `k`.
const SHORT_FROM: f64 = 10_000.0;

/// A tick label with as many decimals as `step`, the distance between ticks, requires. `largest` is the largest value
/// on the axis: all labels use the same unit.
pub(super) fn tick(value: f64, step: f64, largest: f64, format: ValueFormat) -> String {
    let usual = if format == ValueFormat::Number { 1e-4..1e7 } else { 1e-6..1e12 };
    if largest != 0.0 && !usual.contains(&largest) {
        let powers = format!("{value:.1e}").replace(".0e", "e").replace('-', "−");
        return if value == 0.0 { "0".to_owned() } else { powers };
    }
    match format {
        ValueFormat::Percent => format!("{}%", decimal(value * 100.0, decimals(step * 100.0))),
        ValueFormat::Count if largest >= SHORT_FROM && value >= 1000.0 => {
            let (unit, letter) = match value {
                1e9.. => (1e9, "G"),
                1e6.. => (1e6, "M"),
                _ => (1e3, "k"),
            };
            format!("{}{letter}", decimal(value / unit, decimals(step / unit)))
        }
        ValueFormat::Number | ValueFormat::Count => decimal(value, decimals(step)),
    }
}

/// A value by itself: percent with one decimal, integers for counts, four significant digits otherwise.
pub(super) fn value(value: f64, format: ValueFormat) -> String {
    match format {
        _ if !value.is_finite() => "none".to_owned(),
        ValueFormat::Percent if value.abs() < 1e6 => format!("{}%", decimal(value * 100.0, 1)),
        ValueFormat::Count if (0.0..1e15).contains(&value) && value.fract() == 0.0 => grouped(value as u64),
        ValueFormat::Percent | ValueFormat::Number | ValueFormat::Count => {
            let magnitude = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
            if !(-4..7).contains(&magnitude) {
                return format!("{value:.3e}").replace('-', "−");
            }
            let text = decimal(value, (3 - magnitude).max(0) as usize);
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
        }
    }
}

/// The number of decimals needed to distinguish values `step` apart.
fn decimals(step: f64) -> usize {
    if step <= 0.0 || !step.is_finite() {
        return 0;
    }
    // 0.05 has two decimals, and so does 0.25.
    let digits = -(step.log10() + 1e-9).floor();
    let digits = if digits < 0.0 { 0 } else { (digits as usize).min(12) };
    let scaled = step * 10f64.powi(digits as i32);
    digits + usize::from((scaled - scaled.round()).abs() > 1e-6)
}

/// With a typographic minus sign, and no sign before zero.
fn decimal(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|letter| matches!(letter, '0' | '.')) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_have_the_decimals_of_their_distance() {
        use ValueFormat::{Count, Number, Percent};
        let cases = [
            (0.2, 0.05, 0.3, Percent, "20%"),
            (0.2, 0.005, 0.3, Percent, "20.0%"),
            (0.0, 0.05, 0.3, Percent, "0%"),
            (-0.05, 0.05, 0.3, Number, "−0.05"),
            (-1e-17, 0.05, 0.3, Number, "0.00"),
            (0.25, 0.25, 1.0, Number, "0.25"),
            (1e-6, 1e-6, 1e-5, Number, "1e−6"),
            (500.0, 100.0, 600.0, Count, "500"),
            (5000.0, 1000.0, 20_000.0, Count, "5k"),
            (1_500_000.0, 500_000.0, 2e6, Count, "1.5M"),
            (2500.0, 500.0, 5000.0, Count, "2500"),
            (2e299, 1e299, 1e300, Percent, "2e299"),
            (0.0, 1e299, 1e300, Count, "0"),
        ];
        for (value, step, largest, format, text) in cases {
            assert_eq!(tick(value, step, largest, format), text);
        }
    }

    #[test]
    fn single_values_read_well() {
        use ValueFormat::{Count, Number, Percent};
        let cases = [
            (0.2617, Percent, "26.2%"),
            (11_171_146.0, Count, "11,171,146"),
            (0.5, Number, "0.5"),
            (1234.56, Number, "1235"),
            (0.000_012, Number, "1.200e−5"),
            (f64::NAN, Percent, "none"),
            (1e300, Percent, "1.000e300"),
        ];
        for (number, format, text) in cases {
            assert_eq!(value(number, format), text);
        }
    }
}
