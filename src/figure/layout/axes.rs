//! Draws axes: lines, ticks, labels, titles.

use crate::figure::font;
use crate::figure::scene::{Anchor, Label, Paint, Stroke};
use crate::figure::segment::PathSegment;

use super::Placed;
use super::axis_ticks::level_ticks;
use super::margins::{GAP, Margins, TICK};
use super::page::{Page, SMALL, TITLE, height, level, sides};

const AXIS: f64 = 0.6;
const LINE: f64 = 0.4;
const MINOR: f64 = 1.8;

/// Draws faint grid lines at the labelled ticks of both axes, below the data.
pub(super) fn draw_lines(margins: &Margins, placed: &Placed, page: &mut Page) {
    let (Placed { plot, x, y }, mut segments) = (placed, Vec::new());
    for tick in margins.y_ticks.iter().filter(|tick| tick.label.is_some()) {
        let at = y.at(tick.value);
        segments.extend([PathSegment::Move(plot.left, at), PathSegment::Line(plot.right(), at)]);
    }
    for tick in level_ticks(&margins.x, x).iter().filter(|tick| tick.label.is_some()) {
        let at = x.at(tick.value);
        segments.extend([PathSegment::Move(at, plot.top), PathSegment::Line(at, plot.bottom())]);
    }
    page.path(segments, Stroke::solid(Paint::Faint, LINE));
}

/// Draws the axes above the data, with a full frame if the plot is filled with cells.
pub(super) fn draw(margins: &Margins, placed: &Placed, framed: bool, page: &mut Page) {
    let Placed { plot, x, y } = placed;
    let lines = if framed {
        sides(plot)
    } else {
        let corner = (plot.left, plot.bottom());
        vec![
            PathSegment::Move(plot.left, plot.top),
            PathSegment::Line(corner.0, corner.1),
            PathSegment::Line(plot.right(), plot.bottom()),
        ]
    };
    page.path(lines, Stroke::solid(Paint::Ink, AXIS));
    let mut ticks = Vec::new();
    for tick in &margins.y_ticks {
        let (at, length) = (y.at(tick.value), if tick.label.is_some() { TICK } else { MINOR });
        ticks.extend([PathSegment::Move(plot.left, at), PathSegment::Line(plot.left - length, at)]);
        if let Some(text) = tick.label.clone() {
            page.write(level(plot.left - TICK - GAP, at, text, Anchor::End, Paint::Ink));
        }
    }
    let page_width = plot.right() + margins.right;
    for tick in level_ticks(&margins.x, x) {
        let (at, length) = (x.at(tick.value), if tick.label.is_some() { TICK } else { MINOR });
        ticks.extend([PathSegment::Move(at, plot.bottom()), PathSegment::Line(at, plot.bottom() + length)]);
        if let Some(text) = tick.label {
            let label = level(at, plot.bottom() + TICK + GAP + height(SMALL) / 2.0, text, Anchor::Middle, Paint::Ink);
            let bounds = label.bounds();
            // A name at the edge can be wider than the margin beside it.
            if bounds.left >= plot.left - margins.left && bounds.right() <= page_width {
                page.write(label);
            }
        }
    }
    page.path(ticks, Stroke::solid(Paint::Ink, AXIS));
    titles(margins, placed, page);
}

fn titles(margins: &Margins, placed: &Placed, page: &mut Page) {
    let plot = &placed.plot;
    let (left, bottom) = (plot.left - margins.left, plot.bottom() + margins.bottom);
    let label = |x, y, text, anchor, upwards| Label { x, y, text, size: TITLE, anchor, upwards, paint: Paint::Ink };
    let across = font::fitted(&margins.x.title, TITLE, plot.width);
    let middle = plot.left + plot.width / 2.0;
    page.write(label(middle, bottom - font::DESCENT * TITLE, across, Anchor::Middle, false));
    let upwards = font::fitted(&margins.y.title, TITLE, plot.height);
    let middle = plot.top + plot.height / 2.0;
    page.write(label(left + font::ASCENT * TITLE, middle, upwards, Anchor::Middle, true));
    for (index, line) in margins.title.iter().enumerate() {
        let y = plot.top - margins.top + font::ASCENT * TITLE + index as f64 * font::LINE * TITLE;
        page.write(label(left, y, line.clone(), Anchor::Start, false));
    }
}
