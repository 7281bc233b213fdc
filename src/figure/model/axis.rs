//! Axes: title, scale, number format, range.

/// An axis of a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartAxis {
    /// Title with unit, if there is one: `test error`, `time (s)`.
    pub title: String,
    /// Spacing of values.
    pub scale: Scale,
    /// Number format of its values.
    pub format: ValueFormat,
    /// Visible range.
    pub range: AxisRange,
}

impl ChartAxis {
    /// An axis that fits its data.
    pub fn new(title: impl Into<String>, scale: Scale, format: ValueFormat) -> Self {
        Self { title: title.into(), scale, format, range: AxisRange::Fit }
    }

    /// Sets the range.
    #[must_use]
    pub fn ranging(self, range: AxisRange) -> Self {
        Self { range, ..self }
    }

    /// Epochs on a logarithmic axis, which cannot show epoch 0.
    pub fn log_epochs() -> Self {
        Self::new("epoch", Scale::Log, ValueFormat::Count)
    }

    /// An error in [0, 1], shown in percent.
    pub fn error(title: impl Into<String>) -> Self {
        Self::new(title, Scale::Linear, ValueFormat::Percent)
    }

    /// Categories in order: the x of series are 0, 1, 2 and so on.
    pub fn ordinal(title: impl Into<String>, names: impl IntoIterator<Item = String>) -> Self {
        Self::new(title, Scale::Ordinal(names.into_iter().collect()), ValueFormat::Number)
    }
}

/// Spacing of values.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Linear.
    Linear,
    /// Logarithmic. Values at or below zero are not drawn.
    Log,
    /// Categories: a value is an index into the names.
    Ordinal(Vec<String>),
}

/// Number format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueFormat {
    /// Decimal number.
    Number,
    /// Fraction as percent.
    Percent,
    /// Integer, abbreviated with k, M or G from 10,000 on.
    Count,
}

/// Visible range of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AxisRange {
    /// All data, with a margin.
    Fit,
    /// For a y axis: the values of series from this x on. Earlier points may leave the plot. See
    /// [`settled`](crate::figure::settled).
    FitFrom(f64),
    /// From the lower to the higher value.
    Fixed(f64, f64),
}
