//! Grids of cells: values or categories as colours, missing cells, borders.

use crate::figure::font;
use crate::figure::model::{Cells, Contour, Grid, Hatch, HeatMap, RegionMap, Scale};
use crate::figure::number;
use crate::figure::palette::{Rgb, sequential};
use crate::figure::scene::{Anchor, Bounds, Label, Paint, Stroke};
use crate::figure::segment::PathSegment;

use super::Placed;
use super::colour_bar;
use super::page::{Page, SMALL, TINY};
use crate::figure::edges;

/// Overlap of neighbouring cells, so that no viewer shows the page between them.
const SEAM: f64 = 0.25;
/// Spacing of hatch lines.
const HATCH: f64 = 3.2;
pub(super) const REGION_OPACITY: f64 = 0.55;

/// The rectangles of a grid's cells.
struct Rectangles {
    columns: Vec<f64>,
    rows: Vec<f64>,
    plot: Bounds,
}

impl Rectangles {
    fn new((columns, rows): (&[f64], &[f64]), (x, y): (&Scale, &Scale), placed: &Placed) -> Self {
        let plot = placed.plot;
        let across = |edge: f64| placed.x.at(edge).clamp(plot.left, plot.right());
        let upwards = |edge: f64| placed.y.at(edge).clamp(plot.top, plot.bottom());
        Self {
            columns: edges::of(columns, x).into_iter().map(across).collect(),
            rows: edges::of(rows, y).into_iter().map(upwards).collect(),
            plot,
        }
    }

    fn at(&self, row: usize, column: usize) -> Bounds {
        let (left, right) = (self.columns[column], self.columns[column + 1]);
        let (bottom, top) = (self.rows[row], self.rows[row + 1]);
        Bounds { left, top, width: right - left, height: bottom - top }
    }

    /// The same, extended over its right and lower neighbours by the overlap.
    fn filled(&self, row: usize, column: usize) -> Bounds {
        let cell = self.at(row, column);
        let width = (cell.width + SEAM).min(self.plot.right() - cell.left);
        Bounds { width, height: (cell.height + SEAM).min(self.plot.bottom() - cell.top), ..cell }
    }

    fn all(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (rows, columns) = (self.rows.len().saturating_sub(1), self.columns.len().saturating_sub(1));
        (0..rows).rev().flat_map(move |row| (0..columns).map(move |column| (row, column)))
    }
}

pub(super) fn draw(grid: &Grid, x: &Scale, y: &Scale, placed: &Placed, page: &mut Page) {
    let rectangles = Rectangles::new(grid.places(), (x, y), placed);
    match grid {
        Grid::Heat(map) => draw_heat(map, &rectangles, page),
        Grid::Regions(map) => draw_regions(map, &rectangles, page),
    }
}

fn draw_heat(map: &HeatMap, rectangles: &Rectangles, page: &mut Page) {
    let (low, high) = colour_bar::range(map);
    let value_at = |row, column| map.cells.at(row, column).filter(|value: &f64| value.is_finite());
    draw_missing(|row, column| value_at(row, column).is_none(), rectangles, page);
    for (row, column) in rectangles.all() {
        if let Some(value) = value_at(row, column) {
            let colour = sequential((value - low) / (high - low));
            page.fill(rectangles.filled(row, column), Paint::Fixed(colour), 1.0);
        }
    }
    // Either all cells show their values, or none.
    let text = |row, column| value_at(row, column).map(|value| (number::value(value, map.format), value));
    let fits = |(row, column)| {
        let cell = rectangles.at(row, column);
        let width = text(row, column).map_or(0.0, |(text, _)| font::width(&text, TINY));
        width + 3.0 <= cell.width && TINY * 1.4 <= cell.height
    };
    if rectangles.all().all(fits) {
        for (row, column) in rectangles.all() {
            if let Some((text, value)) = text(row, column) {
                let light = sequential((value - low) / (high - low)).is_light();
                let paint = Paint::Fixed(Rgb(if light { [0; 3] } else { [255; 3] }));
                page.write(inside(&rectangles.at(row, column), text, TINY, paint));
            }
        }
    }
    if let Some(contour) = &map.contour {
        draw_contour(contour, &map.cells, rectangles, page);
    }
}

fn inside(cell: &Bounds, text: String, size: f64, paint: Paint) -> Label {
    let (x, middle) = (cell.left + cell.width / 2.0, cell.top + cell.height / 2.0);
    let y = middle + (font::ASCENT - font::DESCENT) / 2.0 * size;
    Label { x, y, text, size, anchor: Anchor::Middle, upwards: false, paint }
}

/// Missing cells are faint, with a diagonal line.
fn draw_missing(is_missing: impl Fn(usize, usize) -> bool, rectangles: &Rectangles, page: &mut Page) {
    let mut crossed = Vec::new();
    for (row, column) in rectangles.all().filter(|(row, column)| is_missing(*row, *column)) {
        let cell = rectangles.at(row, column);
        page.fill(rectangles.filled(row, column), Paint::Faint, 1.0);
        crossed.extend([PathSegment::Move(cell.left, cell.bottom()), PathSegment::Line(cell.right(), cell.top)]);
    }
    page.path(crossed, Stroke::solid(Paint::Muted, 0.4));
}

/// The stroke of a contour, and the halo below it.
pub(super) fn contour_strokes() -> [Stroke; 2] {
    [Stroke::solid(Paint::Fixed(Rgb([255; 3])), 2.4), Stroke::solid(Paint::Fixed(Rgb([0; 3])), 1.1)]
}

fn draw_contour(contour: &Contour, cells: &Cells<f64>, rectangles: &Rectangles, page: &mut Page) {
    let count = (cells.rows.len(), cells.columns.len());
    let is_inside = |row: usize, column: usize| contour.inside.get(row * count.1 + column).copied().unwrap_or(false);
    let mut segments = Vec::new();
    for (row, column) in rectangles.all() {
        let (cell, inside) = (rectangles.at(row, column), is_inside(row, column));
        if column + 1 < count.1 && inside != is_inside(row, column + 1) {
            segments
                .extend([PathSegment::Move(cell.right(), cell.top), PathSegment::Line(cell.right(), cell.bottom())]);
        }
        if row + 1 < count.0 && inside != is_inside(row + 1, column) {
            segments.extend([PathSegment::Move(cell.left, cell.top), PathSegment::Line(cell.right(), cell.top)]);
        }
    }
    for stroke in contour_strokes() {
        page.path(segments.clone(), stroke);
    }
}

fn draw_regions(map: &RegionMap, rectangles: &Rectangles, page: &mut Page) {
    let region_at = |row, column| map.cells.at(row, column).and_then(|index| map.regions.get(index));
    draw_missing(|row, column| region_at(row, column).is_none(), rectangles, page);
    for region in &map.regions {
        let mut hatch = Vec::new();
        for (row, column) in rectangles.all() {
            if region_at(row, column) == Some(region) {
                let cell = rectangles.at(row, column);
                page.fill(cell, Paint::Tint(region.tint), REGION_OPACITY);
                hatch.extend(hatched(&cell, region.hatch));
            }
        }
        page.path(hatch, Stroke::solid(Paint::Tint(region.tint), 0.6));
    }
    let mut borders = Vec::new();
    for (row, column) in rectangles.all() {
        let cell = rectangles.at(row, column);
        borders.extend([PathSegment::Move(cell.left, cell.bottom()), PathSegment::Line(cell.left, cell.top)]);
        borders.push(PathSegment::Line(cell.right(), cell.top));
    }
    page.path(borders, Stroke::solid(Paint::Paper, 0.8));
    for (row, column) in rectangles.all() {
        let cell = rectangles.at(row, column);
        if let Some(region) = region_at(row, column) {
            let text = font::visible(&region.letter.to_string());
            let label = inside(&cell, text, SMALL, Paint::Ink);
            let bounds = label.bounds().grown(0.8);
            if bounds.width <= cell.width && bounds.height <= cell.height {
                page.fill(bounds, Paint::Paper, 0.75);
                page.write(label);
            }
        }
    }
}

/// Hatch lines within a rectangle; those of adjacent rectangles connect.
pub(super) fn hatched(cell: &Bounds, hatch: Hatch) -> Vec<PathSegment> {
    let mut segments = Vec::new();
    let mut diagonals = |sign: f64| {
        // On a diagonal, y - sign·x is a multiple of the spacing.
        let corners = [cell.left, cell.right()].map(|x| [cell.top, cell.bottom()].map(|y| y - sign * x));
        let (low, high) = corners
            .iter()
            .flatten()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
        let mut offset = (low / HATCH).ceil() * HATCH;
        while offset < high {
            let ends = [cell.top, cell.bottom()].map(|y| (y - offset) / sign);
            let (left, right) = (ends[0].min(ends[1]).max(cell.left), ends[0].max(ends[1]).min(cell.right()));
            if left < right {
                segments.push(PathSegment::Move(left, sign * left + offset));
                segments.push(PathSegment::Line(right, sign * right + offset));
            }
            offset += HATCH;
        }
    };
    if matches!(hatch, Hatch::Falling | Hatch::Crossed) {
        diagonals(1.0);
    }
    if matches!(hatch, Hatch::Rising | Hatch::Crossed) {
        diagonals(-1.0);
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hatches_stay_in_their_cell() {
        let cell = Bounds { left: 10.0, top: 20.0, width: 17.0, height: 9.0 };
        assert!(hatched(&cell, Hatch::Plain).is_empty());
        for hatch in [Hatch::Rising, Hatch::Falling, Hatch::Crossed] {
            let segments = hatched(&cell, hatch);
            assert!(segments.len() >= 12, "{hatch:?}");
            for segment in segments {
                let (PathSegment::Move(x, y) | PathSegment::Line(x, y)) = segment else { panic!("{segment:?}") };
                assert!(cell.grown(1e-9).has((x, y)), "{hatch:?} {x} {y}");
            }
        }
    }
}
