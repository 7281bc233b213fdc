//! The colour bar of a heat map.

use std::cmp::Ordering;

use crate::figure::font;
use crate::figure::model::{AxisRange, ChartAxis, Grid, HeatMap, Panel, Scale};
use crate::figure::palette::sequential;
use crate::figure::scene::{Anchor, Bounds, Label, Paint, Stroke};
use crate::figure::segment::PathSegment;
use crate::figure::span::Span;
use crate::figure::ticks::Tick;

use super::Placed;
use super::axis_ticks::upright_ticks;
use super::page::{Page, SMALL, TITLE, height, level, sides};

const BEFORE: f64 = 6.0;
const BAR: f64 = 7.0;
const TICK: f64 = 2.0;
const GAP: f64 = 2.0;
const STEPS: usize = 48;

/// Space and ticks of a colour bar.
pub(super) struct ColourBar {
    /// Width of everything right of the plot.
    pub(super) width: f64,
    ticks: Vec<Tick>,
}

/// The heat map of a panel, if it has one.
pub(super) fn of(panel: &Panel) -> Option<&HeatMap> {
    match &panel.grid {
        Some(Grid::Heat(map)) => Some(map),
        _ => None,
    }
}

/// The values at both ends of the colour scale; low < high.
pub(super) fn range(map: &HeatMap) -> (f64, f64) {
    if let Some((low, high)) = map.range.filter(|(low, high)| low < high && (high - low).is_finite()) {
        return (low, high);
    }
    let values = map.cells.values.iter().flatten().filter(|value| value.is_finite());
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    match low.partial_cmp(&high) {
        Some(Ordering::Less) => (low, high),
        Some(Ordering::Equal) => (low - 0.5 * low.abs().max(0.01), high + 0.5 * high.abs().max(0.01)),
        Some(Ordering::Greater) | None => (0.0, 1.0),
    }
}

impl ColourBar {
    pub(super) fn new(map: &HeatMap, length: f64) -> Self {
        let (low, high) = range(map);
        let axis = ChartAxis::new("", Scale::Linear, map.format).ranging(AxisRange::Fixed(low, high));
        let ticks = upright_ticks(&axis, (low, high), length);
        let widths = ticks.iter().filter_map(|tick| tick.label.as_deref()).map(|label| font::width(label, SMALL));
        let title = if map.title.is_empty() { 0.0 } else { 4.0 + height(TITLE) };
        Self { width: BEFORE + BAR + TICK + GAP + widths.fold(0.0, f64::max) + title, ticks }
    }
}

/// Draws the bar right of its plot.
pub(super) fn draw(bar: &ColourBar, map: &HeatMap, placed: &Placed, page: &mut Page) {
    let plot = placed.plot;
    let area = Bounds { left: plot.right() + BEFORE, width: BAR, ..plot };
    for step in 0..STEPS {
        // From the top. Each step covers the lower part of the one before, so that no seam shows.
        let top = area.top + area.height * step as f64 / STEPS as f64;
        let colour = sequential(1.0 - (step as f64 + 0.5) / STEPS as f64);
        page.fill(Bounds { top, height: area.bottom() - top, ..area }, Paint::Fixed(colour), 1.0);
    }
    let span = Span::new(&Scale::Linear, range(map), (area.bottom(), area.top));
    let mut segments = sides(&area);
    for tick in &bar.ticks {
        let at = span.at(tick.value);
        segments.extend([PathSegment::Move(area.right(), at), PathSegment::Line(area.right() + TICK, at)]);
        if let Some(text) = tick.label.clone() {
            page.write(level(area.right() + TICK + GAP, at, text, Anchor::Start, Paint::Ink));
        }
    }
    page.path(segments, Stroke::solid(Paint::Ink, 0.5));
    page.write(Label {
        x: plot.right() + bar.width - font::DESCENT * TITLE,
        y: plot.top + plot.height / 2.0,
        text: font::fitted(&map.title, TITLE, plot.height),
        size: TITLE,
        anchor: Anchor::Middle,
        upwards: true,
        paint: Paint::Ink,
    });
}
