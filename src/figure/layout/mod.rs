//! Lays out a figure as a scene. Texts never overlap or leave the page, and the legend covers no data.

mod arrangement;
mod axes;
mod axis_ticks;
mod callouts;
mod cells;
mod colour_bar;
mod curves;
mod legend;
mod margins;
mod markers;
mod names;
mod page;
#[cfg(test)]
mod tests;

use super::model::{Figure, NamePlacement};
use super::scene::{Bounds, Item, Paint, Scene};
use super::span::Span;
use arrangement::Arrangement;
use margins::Margins;
use page::Page;

/// A figure with everything positioned.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// What to draw.
    pub scene: Scene,
    /// Each panel's plot, in panel order.
    pub panels: Vec<Placed>,
}

/// A panel on the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// Area between its axes.
    pub plot: Bounds,
    /// Maps an x value to points from the left.
    pub x: Span,
    /// Maps a y value to points from the top.
    pub y: Span,
}

/// Lays out a figure.
pub fn lay_out(figure: &Figure) -> Drawing {
    let arrangement = Arrangement::new(figure);
    let mut page = Page::default();
    let mut panels = Vec::with_capacity(figure.panels.len());
    for (index, margins) in arrangement.margins.iter().enumerate() {
        let plot = arrangement.plots[index];
        let x = Span::new(&margins.x.scale, margins.x_range, (plot.left, plot.right()));
        let y = Span::new(&margins.y.scale, margins.y_range, (plot.bottom(), plot.top));
        let placed = Placed { plot, x, y };
        draw_panel(figure, index, margins, &placed, &mut page);
        panels.push(placed);
    }
    let height = legend::draw(figure, &arrangement, &mut page);
    let bounds = Bounds { left: 0.0, top: 0.0, width: figure.extent.width, height };
    page.items.insert(0, Item::Rectangle { bounds, fill: Paint::Paper, opacity: 1.0 });
    let (title, description) = (figure.title.clone(), figure.description.clone());
    Drawing { scene: Scene { width: figure.extent.width, height, title, description, items: page.items }, panels }
}

fn draw_panel(figure: &Figure, index: usize, margins: &Margins, placed: &Placed, page: &mut Page) {
    let panel = &figure.panels[index];
    page.begin_panel();
    match &panel.grid {
        Some(grid) => cells::draw(grid, &margins.x.scale, &margins.y.scale, placed, page),
        None => axes::draw_lines(margins, placed, page),
    }
    callouts::draw_lines(&panel.marks, placed, page);
    let ends = curves::draw(&panel.series, placed, page);
    axes::draw(margins, placed, panel.grid.is_some(), page);
    if let Some((bar, map)) = margins.colour_bar.as_ref().zip(colour_bar::of(panel)) {
        colour_bar::draw(bar, map, placed, page);
    }
    if figure.labelling == NamePlacement::Direct && margins.colour_bar.is_none() {
        names::draw(&panel.series, &ends, margins.right, placed, page);
    }
    callouts::draw_labels(&panel.marks, &panel.annotations, placed, page);
}
