//! The legend and the note below all panels.

use crate::figure::font;
use crate::figure::model::{Figure, Grid, NamePlacement, Region, Series};
use crate::figure::scene::{Anchor, Bounds, Item, Paint, Stroke};
use crate::figure::segment::PathSegment;

use super::arrangement::{Arrangement, BORDER};
use super::cells::{REGION_OPACITY, contour_strokes, hatched};
use super::colour_bar;
use super::markers;
use super::page::{Page, SMALL, level};

const SWATCH: f64 = 19.0;
const SWATCH_GAP: f64 = 3.0;
const ENTRY_GAP: f64 = 11.0;
const LINE: f64 = font::LINE * SMALL;
const BEFORE: f64 = 5.0;
const NOTE_LINES: usize = 6;

enum Swatch<'a> {
    Series(&'a Series),
    Region(&'a Region),
    Contour,
}

struct LegendEntry<'a> {
    swatch: Swatch<'a>,
    name: String,
    width: f64,
}

/// Draws both, and returns the height of the page.
pub(super) fn draw(figure: &Figure, arrangement: &Arrangement, page: &mut Page) -> f64 {
    let room = figure.extent.width - 2.0 * BORDER;
    let mut bottom = arrangement.bottom;
    let lines = flow(entries(figure, room), room);
    if !lines.is_empty() {
        bottom += BEFORE;
    }
    for line in lines {
        let width = line.iter().map(|entry| entry.width + ENTRY_GAP).sum::<f64>() - ENTRY_GAP;
        let mut left = (figure.extent.width - width) / 2.0;
        for entry in line {
            let middle = bottom + LINE / 2.0;
            draw_swatch(&entry.swatch, left, middle, page);
            page.write(level(left + SWATCH + SWATCH_GAP, middle, entry.name, Anchor::Start, Paint::Ink));
            left += entry.width + ENTRY_GAP;
        }
        bottom += LINE + 1.5;
    }
    let note = font::wrapped(&figure.note, SMALL, room, NOTE_LINES);
    if !note.is_empty() {
        bottom += BEFORE;
    }
    for line in note {
        page.write(level(BORDER, bottom + LINE / 2.0, line, Anchor::Start, Paint::Muted));
        bottom += LINE;
    }
    bottom + BORDER
}

/// One entry for each distinct name and style, in order of first use.
fn entries(figure: &Figure, room: f64) -> Vec<LegendEntry<'_>> {
    let mut entries: Vec<LegendEntry> = Vec::new();
    let mut add = |swatch, name: &str| {
        let name = font::fitted(name, SMALL, room - SWATCH - SWATCH_GAP);
        let width = SWATCH + SWATCH_GAP + font::width(&name, SMALL);
        entries.push(LegendEntry { swatch, name, width });
    };
    let mut seen: Vec<&Series> = Vec::new();
    for panel in &figure.panels {
        // A colour bar takes the place of direct names.
        let listed = figure.labelling == NamePlacement::Legend || colour_bar::of(panel).is_some();
        let series = if listed { panel.series.as_slice() } else { &[] };
        for series in series.iter().filter(|series| !series.name.is_empty()) {
            if !seen.iter().any(|other| (&other.name, other.style) == (&series.name, series.style)) {
                seen.push(series);
                add(Swatch::Series(series), &series.name);
            }
        }
    }
    let mut regions: Vec<&Region> = Vec::new();
    let mut contours: Vec<&str> = Vec::new();
    for panel in &figure.panels {
        match &panel.grid {
            Some(Grid::Regions(map)) => {
                for region in &map.regions {
                    if !regions.contains(&region) {
                        regions.push(region);
                        add(Swatch::Region(region), &format!("{}: {}", region.letter, region.name));
                    }
                }
            }
            Some(Grid::Heat(map)) => {
                let contour = map.contour.as_ref().map(|contour| contour.name.as_str());
                if let Some(name) = contour.filter(|name| !name.is_empty() && !contours.contains(name)) {
                    contours.push(name);
                    add(Swatch::Contour, name);
                }
            }
            None => {}
        }
    }
    entries
}

fn flow(entries: Vec<LegendEntry>, room: f64) -> Vec<Vec<LegendEntry>> {
    let mut lines: Vec<Vec<LegendEntry>> = Vec::new();
    let mut used = f64::INFINITY;
    for entry in entries {
        if used + ENTRY_GAP + entry.width > room {
            lines.push(Vec::new());
            used = -ENTRY_GAP;
        }
        used += ENTRY_GAP + entry.width;
        if let Some(line) = lines.last_mut() {
            line.push(entry);
        }
    }
    lines
}

fn draw_swatch(swatch: &Swatch, left: f64, middle: f64, page: &mut Page) {
    let area = Bounds { left: left + 2.0, top: middle - 3.5, width: SWATCH - 4.0, height: 7.0 };
    let across = vec![PathSegment::Move(left, middle), PathSegment::Line(left + SWATCH, middle)];
    match swatch {
        Swatch::Series(series) => {
            let style = &series.style;
            if series.band.is_some() {
                page.fill(Bounds { left, width: SWATCH, ..area }, Paint::Tint(style.tint), 0.18);
            }
            if let Some(dash) = style.line {
                let dashes = dash.pattern().iter().map(|length| length * style.width).collect();
                page.path(across, Stroke { paint: Paint::Tint(style.tint), width: style.width, dashes });
            }
            page.items.extend(style.marker.map(|marker| markers::at(&[(left + SWATCH / 2.0, middle)], marker, style)));
        }
        Swatch::Region(region) => {
            page.fill(area, Paint::Tint(region.tint), REGION_OPACITY);
            page.path(hatched(&area, region.hatch), Stroke::solid(Paint::Tint(region.tint), 0.6));
        }
        Swatch::Contour => {
            for stroke in contour_strokes() {
                let (segments, stroke) = (across.clone(), Some(stroke));
                page.items.push(Item::Outline { segments, fill: None, stroke, clip: None });
            }
        }
    }
}
