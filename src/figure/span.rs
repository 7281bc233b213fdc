//! Maps values to positions on a page or in a terminal.

use super::model::Scale;

/// A range of values mapped to a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Whether the scale is logarithmic.
    pub log: bool,
    /// Lowest value.
    pub low: f64,
    /// Highest value.
    pub high: f64,
    /// Position of the lowest value.
    pub from: f64,
    /// Position of the highest value.
    pub to: f64,
}

impl Span {
    /// Maps values from `low` to `high` to positions. A logarithmic scale needs `low` above zero.
    pub fn new(scale: &Scale, (low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        Self { log: *scale == Scale::Log, low, high, from, to }
    }

    /// The position of a value; not finite if it has none, such as zero on a logarithmic scale.
    pub fn at(&self, value: f64) -> f64 {
        let share = if self.log {
            if value <= 0.0 {
                return f64::NAN;
            }
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + share * (self.to - self.from)
    }

    /// Whether a value is in the range, up to rounding.
    pub fn shows(&self, value: f64) -> bool {
        let (place, near) = (self.at(value), (self.to - self.from).abs() * 1e-9);
        place >= self.from.min(self.to) - near && place <= self.from.max(self.to) + near
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_map_to_positions() {
        let linear = Span::new(&Scale::Linear, (0.0, 10.0), (100.0, 0.0));
        assert_eq!((linear.at(0.0), linear.at(2.5), linear.at(20.0)), (100.0, 75.0, -100.0));
        assert!(linear.shows(10.0) && !linear.shows(10.1) && !linear.shows(f64::NAN));
        let log = Span::new(&Scale::Log, (1.0, 100.0), (0.0, 10.0));
        assert!((log.at(10.0) - 5.0).abs() < 1e-12 && log.at(0.0).is_nan() && !log.shows(-1.0));
    }
}
