//! Margins around each plot, for its title, axis labels, colour bar and direct names.

use crate::figure::font;
use crate::figure::model::{ChartAxis, Figure, NamePlacement, Panel, Scale};
use crate::figure::ranges;
use crate::figure::ticks::Tick;

use super::axis_ticks::upright_ticks;
use super::colour_bar::{self, ColourBar};
use super::names;
use super::page::{SMALL, TITLE, height};

/// Length of a tick, and the gap between it and its label.
pub(super) const TICK: f64 = 3.0;
pub(super) const GAP: f64 = 2.0;
/// Gap between a title and its target.
const TITLE_GAP: f64 = 4.0;
/// Margin right of a plot with nothing there; half a tick label may extend into it.
const RIGHT: f64 = 9.0;
/// Largest fraction of a panel's width for one name of an ordinal axis.
const NAME: f64 = 0.25;

/// Margins of a plot, in points.
pub(super) struct Margins {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    /// Lines of the panel's title.
    pub(super) title: Vec<String>,
    /// The axes, with names shortened to fit.
    pub(super) x: ChartAxis,
    pub(super) y: ChartAxis,
    pub(super) x_range: (f64, f64),
    pub(super) y_range: (f64, f64),
    pub(super) y_ticks: Vec<Tick>,
    pub(super) colour_bar: Option<ColourBar>,
}

impl Margins {
    /// The margins of panel `index`, in a cell of this width.
    pub(super) fn of(figure: &Figure, index: usize, width: f64) -> Self {
        let panel = &figure.panels[index];
        let (x_range, y_range) = ranges::of(panel);
        let (x, y) = (with_fitting_names(&panel.x, width * NAME), with_fitting_names(&panel.y, width * NAME));
        let y_ticks = upright_ticks(&y, y_range, figure.extent.plot_height);
        let labels = y_ticks.iter().filter_map(|tick| tick.label.as_deref());
        let widest = labels.map(|label| font::width(label, SMALL)).fold(0.0, f64::max);
        let beside = if y.title.is_empty() { 0.0 } else { height(TITLE) + TITLE_GAP };
        let below = if x.title.is_empty() { 0.0 } else { height(TITLE) + TITLE_GAP };
        let title = font::wrapped(&lettered(figure, index), TITLE, width * 0.85, 2);
        let over = if title.is_empty() { height(SMALL) / 2.0 } else { TITLE_GAP + height(SMALL) / 2.0 };
        let bar = colour_bar::of(panel).map(|map| ColourBar::new(map, figure.extent.plot_height));
        let right = right(figure, panel, bar.as_ref(), width);
        Self {
            left: beside + widest + TICK + GAP,
            right,
            top: title.len() as f64 * font::LINE * TITLE + over,
            bottom: TICK + GAP + height(SMALL) + below,
            title,
            x,
            y,
            x_range,
            y_range,
            y_ticks,
            colour_bar: bar,
        }
    }
}

/// The title of a panel, with its letter if there are several panels.
fn lettered(figure: &Figure, index: usize) -> String {
    let title = &figure.panels[index].title;
    if figure.panels.len() == 1 {
        return title.clone();
    }
    let letter = char::from(b'a' + (index % 26) as u8);
    format!("({letter}) {title}")
}

fn right(figure: &Figure, panel: &Panel, bar: Option<&ColourBar>, width: f64) -> f64 {
    if let Some(bar) = bar {
        return bar.width;
    }
    match figure.labelling {
        NamePlacement::Direct => names::room(&panel.series, width).max(RIGHT),
        NamePlacement::Legend => RIGHT,
    }
}

fn with_fitting_names(axis: &ChartAxis, room: f64) -> ChartAxis {
    let mut axis = axis.clone();
    if let Scale::Ordinal(names) = &mut axis.scale {
        for name in names {
            *name = font::fitted(name, SMALL, room);
        }
    }
    axis
}
