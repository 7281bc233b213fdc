//! Axes: what they measure, how they are spaced, what part of them is shown.

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartAxis {
    /// With the unit, where there is one: `test error`, `time (s)`.
    pub title: String,
    /// How values are spaced.
    pub scale: Scale,
    /// How values are written.
    pub format: ValueFormat,
    /// What part is shown.
    pub range: AxisRange,
}

impl ChartAxis {
    /// An axis that fits its data.
    pub fn new(title: impl Into<String>, scale: Scale, format: ValueFormat) -> Self {
        Self { title: title.into(), scale, format, range: AxisRange::Fit }
    }

    /// The same with a range.
    #[must_use]
    pub fn ranging(self, range: AxisRange) -> Self {
        Self { range, ..self }
    }

    /// Epochs on a logarithmic axis; epoch 0 has no place there.
    pub fn log_epochs() -> Self {
        Self::new("epoch", Scale::Log, ValueFormat::Count)
    }

    /// An error, a fraction in [0, 1], in percent.
    pub fn error(title: impl Into<String>) -> Self {
        Self::new(title, Scale::Linear, ValueFormat::Percent)
    }

    /// Categories in their order: the series' x are 0, 1, 2 and so on.
    pub fn ordinal(title: impl Into<String>, names: impl IntoIterator<Item = String>) -> Self {
        Self::new(title, Scale::Ordinal(names.into_iter().collect()), ValueFormat::Number)
    }
}

/// How values are spaced.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By their logarithm. Values at or below zero are not drawn.
    Log,
    /// Categories: the value is an index into the names.
    Ordinal(Vec<String>),
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueFormat {
    /// As a decimal number.
    Number,
    /// A fraction as percent.
    Percent,
    /// A whole number, from 10,000 on in k, M, G.
    Count,
}

/// What part of an axis is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AxisRange {
    /// All data, with a margin.
    Fit,
    /// For a y axis: what series hold from this x on. Earlier points may leave the plot at its edge. See
    /// [`settled`](crate::figure::settled).
    FitFrom(f64),
    /// From the lower to the higher value.
    Fixed(f64, f64),
}
