//! Shapes of markers.

use crate::figure::model::{Marker, SeriesStyle};
use crate::figure::scene::{Item, Paint, Stroke};
use crate::figure::segment::PathSegment;

/// From centre to edge, in line widths.
const RADIUS: f64 = 1.9;

/// The markers of one series at these places, as one item.
pub(super) fn at(places: &[(f64, f64)], marker: Marker, style: &SeriesStyle) -> Item {
    let (radius, paint) = (RADIUS * style.width.max(0.8), Paint::Tint(style.tint));
    let segments = places.iter().flat_map(|place| outline(*place, marker, radius)).collect();
    let (fill, stroke) = match marker {
        Marker::Cross | Marker::Plus => (None, Some(Stroke::solid(paint, style.width))),
        Marker::Ring => (Some((Paint::Paper, 1.0)), Some(Stroke::solid(paint, style.width * 0.9))),
        _ => (Some((paint, 1.0)), Some(Stroke::solid(Paint::Paper, 0.4))),
    };
    Item::Outline { segments, fill, stroke, clip: None }
}

/// A circle of four cubic curves (control points at 0.5523 of the radius, the usual approximation, 0.03% off).
pub(super) fn circle((x, y): (f64, f64), radius: f64) -> Vec<PathSegment> {
    let control = radius * 0.5523;
    let quarter = |c1: (f64, f64), c2: (f64, f64), end: (f64, f64)| {
        PathSegment::Cubic([(x + c1.0, y + c1.1), (x + c2.0, y + c2.1), (x + end.0, y + end.1)])
    };
    vec![
        PathSegment::Move(x + radius, y),
        quarter((radius, control), (control, radius), (0.0, radius)),
        quarter((-control, radius), (-radius, control), (-radius, 0.0)),
        quarter((-radius, -control), (-control, -radius), (0.0, -radius)),
        quarter((control, -radius), (radius, -control), (radius, 0.0)),
        PathSegment::Close,
    ]
}

fn outline((x, y): (f64, f64), marker: Marker, radius: f64) -> Vec<PathSegment> {
    let polygon = |corners: &[(f64, f64)]| {
        let mut segments = vec![PathSegment::Move(x + corners[0].0 * radius, y + corners[0].1 * radius)];
        segments
            .extend(corners[1..].iter().map(|corner| PathSegment::Line(x + corner.0 * radius, y + corner.1 * radius)));
        segments.push(PathSegment::Close);
        segments
    };
    let strokes = |a: (f64, f64), b: (f64, f64)| {
        let ends = [a, (-a.0, -a.1), b, (-b.0, -b.1)].map(|end| (x + end.0 * radius, y + end.1 * radius));
        vec![
            PathSegment::Move(ends[0].0, ends[0].1),
            PathSegment::Line(ends[1].0, ends[1].1),
            PathSegment::Move(ends[2].0, ends[2].1),
            PathSegment::Line(ends[3].0, ends[3].1),
        ]
    };
    match marker {
        Marker::Disc => circle((x, y), radius),
        Marker::Ring => circle((x, y), radius * 0.9),
        Marker::Square => polygon(&[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)]),
        Marker::Triangle => polygon(&[(0.0, -1.15), (1.05, 0.75), (-1.05, 0.75)]),
        Marker::Diamond => polygon(&[(0.0, -1.25), (1.0, 0.0), (0.0, 1.25), (-1.0, 0.0)]),
        Marker::Cross => strokes((0.8, 0.8), (0.8, -0.8)),
        Marker::Plus => strokes((1.1, 0.0), (0.0, 1.1)),
    }
}
