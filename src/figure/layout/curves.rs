//! Series: bands, lines, markers.

use crate::figure::model::{Band, Series};
use crate::figure::scene::{Bounds, Item, Paint, Stroke};
use crate::figure::segment::PathSegment;
use crate::figure::thin;

use super::Placed;
use super::markers;
use super::page::Page;

/// Points of a series within a column of this width are thinned.
pub(super) const COLUMN: f64 = 0.6;
/// If points are closer than this, only some carry a marker.
const MARKER_SPACE: f64 = 8.0;
/// Distance between such markers.
const MARKER_STEP: f64 = 42.0;
/// Opacity of a band, which is drawn below lines.
const BAND_OPACITY: f64 = 0.18;
/// Margin for clipping, so that lines at the edge of a plot show in full width.
const EDGE: f64 = 0.8;
/// Coordinates are clamped this far outside the page; some viewers cannot handle huge numbers.
const FAR: f64 = 5000.0;

/// Draws series, and returns where each one ends within the plot, if it is visible there.
pub(super) fn draw(series: &[Series], placed: &Placed, page: &mut Page) -> Vec<Option<(f64, f64)>> {
    for series in series {
        if let Some(band) = &series.band {
            draw_band(band, series.style.tint, placed, page);
        }
    }
    series.iter().enumerate().map(|(index, series)| draw_one(index, series, placed, page)).collect()
}

fn draw_one(index: usize, series: &Series, placed: &Placed, page: &mut Page) -> Option<(f64, f64)> {
    let places: Vec<(f64, f64)> = series.points.iter().map(|(x, y)| place(placed, *x, *y)).collect();
    let kept: Vec<(f64, f64)> = thin::kept(&places, COLUMN).into_iter().map(|index| places[index]).collect();
    let style = &series.style;
    if let Some(dash) = style.line {
        let segments = lines(&kept);
        if !segments.is_empty() {
            let dashes = dash.pattern().iter().map(|length| length * style.width).collect();
            let stroke = Some(Stroke { paint: Paint::Tint(style.tint), width: style.width, dashes });
            page.items.push(Item::Outline { segments, fill: None, stroke, clip: Some(placed.plot.grown(EDGE)) });
        }
        sample(&kept, &placed.plot, &mut page.curves);
    }
    let shown: Vec<(f64, f64)> = kept.into_iter().filter(|place| placed.plot.grown(1e-6).has(*place)).collect();
    page.curves.extend(&shown);
    if let Some(marker) = style.marker {
        let marked = marked(index, &shown, &placed.plot, style.line.is_none());
        if !marked.is_empty() {
            page.items.push(markers::at(&marked, marker, style));
        }
    } else if style.line.is_some() {
        lone_points(&series.points, placed, style.tint, style.width, page);
    }
    shown.last().copied()
}

/// A point without neighbours has no line, so it gets a dot.
fn lone_points(points: &[(f64, f64)], placed: &Placed, tint: usize, width: f64, page: &mut Page) {
    let whole = |index: usize| points.get(index).is_some_and(|(_, y)| y.is_finite());
    let lone = (0..points.len()).filter(|&at| whole(at) && !whole(at + 1) && !(at > 0 && whole(at - 1)));
    let places = lone.map(|at| place(placed, points[at].0, points[at].1)).filter(|at| placed.plot.has(*at));
    let segments: Vec<PathSegment> = places.flat_map(|at| markers::circle(at, width)).collect();
    if !segments.is_empty() {
        let fill = Some((Paint::Tint(tint), 1.0));
        page.items.push(Item::Outline { segments, fill, stroke: None, clip: None });
    }
}

fn place(placed: &Placed, x: f64, y: f64) -> (f64, f64) {
    (placed.x.at(x).clamp(-FAR, FAR), placed.y.at(y).clamp(-FAR, FAR))
}

fn is_place(place: &(f64, f64)) -> bool {
    place.0.is_finite() && place.1.is_finite()
}

/// One subpath for each run of points without a gap.
fn lines(places: &[(f64, f64)]) -> Vec<PathSegment> {
    let runs = places.split(|place| !is_place(place)).filter(|run| run.len() > 1);
    runs.flat_map(|run| {
        run.iter()
            .enumerate()
            .map(|(index, &(x, y))| if index == 0 { PathSegment::Move(x, y) } else { PathSegment::Line(x, y) })
    })
    .collect()
}

/// Points along the lines, close enough together that no label fits between them.
fn sample(places: &[(f64, f64)], plot: &Bounds, curves: &mut Vec<(f64, f64)>) {
    const APART: f64 = 2.5;
    for pair in places.windows(2).filter(|pair| pair.iter().all(is_place)) {
        let Some((from, to)) = within(pair[0], pair[1], plot) else { continue };
        let (across, down) = (to.0 - from.0, to.1 - from.1);
        let count = ((across * across + down * down).sqrt() / APART).ceil().max(1.0);
        curves.extend((0..=count as usize).map(|index| {
            let share = index as f64 / count;
            (from.0 + across * share, from.1 + down * share)
        }));
    }
}

/// The part of a straight line within a plot (Liang and Barsky, 1984).
fn within(from: (f64, f64), to: (f64, f64), plot: &Bounds) -> Option<((f64, f64), (f64, f64))> {
    let (across, down) = (to.0 - from.0, to.1 - from.1);
    let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
    let sides = [
        (-across, from.0 - plot.left),
        (across, plot.right() - from.0),
        (-down, from.1 - plot.top),
        (down, plot.bottom() - from.1),
    ];
    for (step, room) in sides {
        if step < 0.0 {
            enters = enters.max(room / step);
        } else if step > 0.0 {
            leaves = leaves.min(room / step);
        } else if room < 0.0 {
            return None;
        }
    }
    let at = |share: f64| (from.0 + across * share, from.1 + down * share);
    (enters <= leaves).then(|| (at(enters), at(leaves)))
}

/// The points that carry a marker: all if there is space, else some, at different places for each series.
fn marked(index: usize, shown: &[(f64, f64)], plot: &Bounds, all: bool) -> Vec<(f64, f64)> {
    if all || plot.width >= MARKER_SPACE * shown.len().saturating_sub(1) as f64 {
        return shown.to_vec();
    }
    let first = plot.left + MARKER_STEP * ((index as f64 * 0.381_966 + 0.3) % 1.0);
    let wanted = (0..).map(|step| first + MARKER_STEP * f64::from(step)).take_while(|x| *x <= plot.right());
    let mut found: Vec<(f64, f64)> = Vec::new();
    for wanted in wanted {
        let nearest = shown.iter().min_by(|one, other| (one.0 - wanted).abs().total_cmp(&(other.0 - wanted).abs()));
        found.extend(nearest.filter(|place| (place.0 - wanted).abs() < MARKER_STEP / 2.0));
    }
    found
}

fn draw_band(band: &Band, tint: usize, placed: &Placed, page: &mut Page) {
    let low: Vec<(f64, f64)> = band.0.iter().map(|(x, low, _)| place(placed, *x, *low)).collect();
    let high: Vec<(f64, f64)> = band.0.iter().map(|(x, _, high)| place(placed, *x, *high)).collect();
    let mut kept = thin::kept(&low, COLUMN);
    kept.extend(thin::kept(&high, COLUMN));
    kept.sort_unstable();
    kept.dedup();
    let mut segments = Vec::new();
    for run in kept.split(|&index| !is_place(&low[index]) || !is_place(&high[index])).filter(|run| run.len() > 1) {
        let around = run.iter().map(|&index| low[index]).chain(run.iter().rev().map(|&index| high[index]));
        segments.extend(around.enumerate().map(|(index, (x, y))| match index {
            0 => PathSegment::Move(x, y),
            _ => PathSegment::Line(x, y),
        }));
        segments.push(PathSegment::Close);
    }
    if !segments.is_empty() {
        let (fill, clip) = (Some((Paint::Tint(tint), BAND_OPACITY)), Some(placed.plot));
        page.items.push(Item::Outline { segments, fill, stroke: None, clip });
    }
}
