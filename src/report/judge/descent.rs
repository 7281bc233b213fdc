//! Whether a curve falls before its first valley: a bump that starts at the end of the measured range has no first descent.

/// The curve before the first valley.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstDescent {
    /// It falls to the first valley.
    Measured,
    /// It was measured, and does not fall.
    Absent,
    /// The first valley is the first place measured.
    OutOfRange,
}

impl FirstDescent {
    /// From the mean errors before the first valley, and the one in it.
    pub(super) fn of(before: impl Iterator<Item = f64>, first_valley: f64) -> Self {
        match before.max_by(f64::total_cmp) {
            None => Self::OutOfRange,
            Some(highest) if highest > first_valley => Self::Measured,
            Some(_) => Self::Absent,
        }
    }

    /// In a sentence about test error.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Measured => "test error first falls to the first valley",
            Self::Absent => "no first descent was measured: test error does not fall before the first valley",
            Self::OutOfRange => "no first descent was measured: test error rises from the left end of the range",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_descent_needs_a_higher_error_before_the_valley() {
        let of = |before: &[f64]| FirstDescent::of(before.iter().copied(), 0.5);
        assert_eq!(of(&[]), FirstDescent::OutOfRange);
        assert_eq!(of(&[0.5, 0.4]), FirstDescent::Absent);
        assert_eq!(of(&[0.6, 0.4]), FirstDescent::Measured);
    }
}
