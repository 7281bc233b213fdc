//! Direct labels: names of series right of the plot, at the ends of their lines.

use crate::figure::font;
use crate::figure::model::Series;
use crate::figure::scene::{Anchor, Paint, Stroke};

use super::Placed;
use super::page::{Page, SMALL, height, level};

/// Space between plot and name, for a leader line.
const LEAD: f64 = 9.0;
/// Largest fraction of a panel's width for names.
const SHARE: f64 = 0.35;
/// Names may extend at most half a line above and below the plot.
const OVER: f64 = 0.5;

/// The width that the names need right of the plot.
pub(super) fn room(series: &[Series], width: f64) -> f64 {
    let names = series.iter().map(|series| font::width(&font::visible(&series.name), SMALL));
    let widest = names.fold(0.0, f64::max);
    if widest > 0.0 { (widest + 0.01).min(width * SHARE) + LEAD } else { 0.0 }
}

/// Writes each name as close to the end of its line as the others allow. A series that does not end in the plot gets no
/// name, and neither do series for which the plot is too low.
pub(super) fn draw(series: &[Series], ends: &[Option<(f64, f64)>], room: f64, placed: &Placed, page: &mut Page) {
    let plot = placed.plot;
    let named = series.iter().zip(ends).filter(|(series, _)| !series.name.is_empty());
    let mut names: Vec<(&Series, (f64, f64))> = named.filter_map(|(series, end)| Some((series, (*end)?))).collect();
    let step = height(SMALL) + 1.0;
    names.truncate((plot.height / step) as usize + 1);
    names.sort_by(|one, other| one.1.1.total_cmp(&other.1.1));
    let wanted: Vec<f64> = names.iter().map(|(_, end)| end.1).collect();
    let places = spread(&wanted, step, plot.top - OVER, plot.bottom() + OVER);
    for ((series, end), middle) in names.into_iter().zip(places) {
        let text = font::fitted(&series.name, SMALL, room - LEAD);
        let lead = Stroke::solid(Paint::Tint(series.style.tint), 0.5);
        page.line((end.0 + 1.5, end.1), (plot.right() + LEAD - 1.5, middle), lead);
        page.write(level(plot.right() + LEAD, middle, text, Anchor::Start, Paint::Ink));
    }
}

/// Positions close to the wanted ones (ascending), at least `step` apart and within bounds if there is room.
fn spread(wanted: &[f64], step: f64, low: f64, high: f64) -> Vec<f64> {
    let mut places: Vec<f64> = Vec::with_capacity(wanted.len());
    // Groups that touch merge, and move to the mean of their wanted positions.
    let mut groups: Vec<(f64, usize)> = Vec::new();
    let clamp = |mean: f64, count: usize| {
        let half = (count - 1) as f64 * step / 2.0;
        mean.min(high - half).max(low + half)
    };
    for &place in wanted {
        groups.push((clamp(place, 1), 1));
        while let [.., before, last] = groups.as_slice() {
            let apart = (before.1 + last.1) as f64 * step / 2.0;
            if last.0 - before.0 >= apart {
                break;
            }
            let count = before.1 + last.1;
            let mean = (before.0 * before.1 as f64 + last.0 * last.1 as f64) / count as f64;
            groups.truncate(groups.len() - 2);
            groups.push((clamp(mean, count), count));
        }
    }
    for (mean, count) in groups {
        let first = mean - (count - 1) as f64 * step / 2.0;
        places.extend((0..count).map(|index| first + index as f64 * step));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_spread_within_the_limits() {
        assert_eq!(spread(&[10.0, 50.0], 8.0, 0.0, 100.0), [10.0, 50.0]);
        assert_eq!(spread(&[50.0, 50.0], 8.0, 0.0, 100.0), [46.0, 54.0]);
        assert_eq!(spread(&[0.0, 1.0, 9.0], 8.0, 0.0, 100.0), [0.0, 8.0, 16.0]);
        assert_eq!(spread(&[99.0, 100.0], 8.0, 0.0, 100.0), [92.0, 100.0]);
        let many = spread(&[50.0; 13], 8.0, 0.0, 100.0);
        assert!(many.windows(2).all(|pair| pair[1] - pair[0] >= 8.0 - 1e-9) && many[0] >= 0.0, "{many:?}");
    }
}
