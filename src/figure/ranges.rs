//! The visible range of each axis of a panel.

use super::model::{AxisRange, ChartAxis, Grid, Panel, ReferenceLine, Scale};

use super::edges;

/// Margins beside the data, as fractions of the axis.
const X_MARGIN: f64 = 0.02;
const Y_MARGIN: f64 = 0.06;

/// Lowest and highest values of both axes; low < high, and above zero on a logarithmic axis.
pub(super) fn of(panel: &Panel) -> ((f64, f64), (f64, f64)) {
    let (columns, rows) = panel.grid.as_ref().map(Grid::places).unwrap_or_default();
    let margin = |margin: f64| if panel.grid.is_some() { 0.0 } else { margin };
    let points = || panel.series.iter().flat_map(|series| &series.points).copied();
    let bands = || panel.series.iter().filter_map(|series| series.band.as_ref()).flat_map(|band| &band.0);
    let notes = || panel.annotations.iter();

    let across = points().map(|(x, _)| x).chain(bands().map(|(x, ..)| *x)).chain(notes().map(|note| note.x));
    let across = across.chain(panel.marks.iter().filter_map(|mark| match mark {
        ReferenceLine::Vertical { at, .. } => Some(*at),
        ReferenceLine::Horizontal { .. } => None,
    }));
    let x = fit(&panel.x, across.chain(edges::of(columns, &panel.x.scale)), margin(X_MARGIN));

    let from = if let AxisRange::FitFrom(from) = panel.y.range { from } else { f64::NEG_INFINITY };
    let counts = |at: f64| at >= from && at >= x.0 && at <= x.1;
    let upwards = points().filter(|(at, _)| counts(*at)).map(|(_, y)| y);
    let upwards = upwards.chain(bands().filter(|(at, ..)| counts(*at)).flat_map(|(_, low, high)| [*low, *high]));
    let upwards = upwards.chain(notes().filter(|note| counts(note.x)).map(|note| note.y));
    let upwards = upwards.chain(panel.marks.iter().filter_map(|mark| match mark {
        ReferenceLine::Horizontal { at, .. } => Some(*at),
        ReferenceLine::Vertical { .. } => None,
    }));
    let y = fit(&panel.y, upwards.chain(edges::of(rows, &panel.y.scale)), margin(Y_MARGIN));
    (x, y)
}

/// The range of an axis over the values it can show.
fn fit(axis: &ChartAxis, values: impl Iterator<Item = f64>, margin: f64) -> (f64, f64) {
    let log = axis.scale == Scale::Log;
    let shown = |value: &f64| value.is_finite() && (!log || *value > 0.0);
    if let AxisRange::Fixed(low, high) = axis.range
        && shown(&low)
        && shown(&high)
        && low < high
    {
        return (low, high);
    }
    if let Scale::Ordinal(names) = &axis.scale {
        return (-0.5, names.len().max(1) as f64 - 0.5);
    }
    let (mut low, mut high) =
        values.filter(shown).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return if log { (1.0, 10.0) } else { (0.0, 1.0) };
    }
    if log {
        if high / low < 1.0 + 1e-6 {
            return (low / 2.0, high * 2.0);
        }
        let factor = (high / low).powf(margin);
        return (low / factor, high * factor);
    }
    let apart = high - low > 1e-9 * high.abs().max(low.abs());
    let room = if apart { (high - low) * margin } else { (high.abs() * 0.1).max(0.01) };
    // The margin does not extend below zero if no value is negative.
    low = if low >= 0.0 { (low - room).max(0.0) } else { low - room };
    high += room;
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::model::{Annotation, Series};

    fn panel(points: Vec<(f64, f64)>) -> Panel {
        Panel::new(ChartAxis::log_epochs(), ChartAxis::error("error"), vec![Series::line(0, "", points)])
    }

    #[test]
    fn ranges_hold_the_data_that_can_be_shown() {
        let mut panel = panel(vec![(0.0, 0.9), (1.0, 0.3), (10.0, 0.2), (100.0, f64::NAN)]);
        let ((left, right), (low, high)) = of(&panel);
        assert!(left < 1.0 && left > 0.8 && right > 100.0 && right < 115.0, "{left} {right}");
        assert!(low < 0.2 && low > 0.19 && high > 0.3 && high < 0.31, "epoch 0 counted: {low} {high}");
        panel.annotations.push(Annotation { x: 10.0, y: 0.5, label: String::new() });
        assert!(of(&panel).1.1 > 0.5);
        panel.y.range = AxisRange::Fixed(0.0, 0.25);
        assert_eq!(of(&panel).1, (0.0, 0.25));
    }

    #[test]
    fn the_range_can_exclude_the_start() {
        let mut panel = panel(vec![(1.0, 0.9), (2.0, 0.3), (10.0, 0.2)]);
        panel.y.range = AxisRange::FitFrom(2.0);
        assert!(of(&panel).1.1 < 0.31);
    }

    #[test]
    fn empty_data_and_single_values_have_a_range() {
        assert_eq!(of(&panel(vec![])), ((1.0, 10.0), (0.0, 1.0)));
        let ((left, right), (low, high)) = of(&panel(vec![(5.0, 0.0)]));
        assert!(left < 5.0 && right > 5.0 && low.abs() < 1e-12 && high > 0.0);
    }
}
