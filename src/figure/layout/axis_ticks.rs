//! The ticks of an axis, as many as its labels leave room for.

use crate::figure::font;
use crate::figure::model::{ChartAxis, Scale};
use crate::figure::span::Span;
use crate::figure::ticks::{self, Room, Tick};

use super::page::{SMALL, height};

/// Gaps between the labels of a horizontal axis, and those of a vertical axis.
const BETWEEN_LEVEL: f64 = 6.0;
const BETWEEN_UPRIGHT: f64 = 5.0;

/// The ticks of a vertical axis of this length.
pub(super) fn upright_ticks(axis: &ChartAxis, range: (f64, f64), length: f64) -> Vec<Tick> {
    let span = Span::new(&axis.scale, range, (length, 0.0));
    let most = if matches!(axis.scale, Scale::Ordinal(_)) { usize::MAX } else { 7 };
    ticks::choose(&span, &axis.scale, axis.format, &Room { extent: &|_| height(SMALL), gap: BETWEEN_UPRIGHT, most })
}

/// The ticks of a horizontal axis.
pub(super) fn level_ticks(axis: &ChartAxis, span: &Span) -> Vec<Tick> {
    let most = if matches!(axis.scale, Scale::Ordinal(_)) { usize::MAX } else { 10 };
    let extent = |label: &str| font::width(label, SMALL);
    ticks::choose(span, &axis.scale, axis.format, &Room { extent: &extent, gap: BETWEEN_LEVEL, most })
}
