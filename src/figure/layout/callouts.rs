//! Reference lines and text labels, placed so that they cover no other text and as little of the curves as possible.

use crate::figure::font;
use crate::figure::model::{Annotation, ReferenceLine};
use crate::figure::scene::{Anchor, Bounds, Item, Label, Paint, Stroke};

use super::Placed;
use super::markers;
use super::page::{Page, SMALL, height, level};

const RING: f64 = 3.0;
/// Largest fraction of the plot's width for a label.
const SHARE: f64 = 0.7;

/// Draws the lines of marks, below the data.
pub(super) fn draw_lines(marks: &[ReferenceLine], placed: &Placed, page: &mut Page) {
    let plot = placed.plot;
    for mark in marks {
        let (from, to) = match mark {
            ReferenceLine::Vertical { at, .. } if placed.x.shows(*at) => {
                let x = placed.x.at(*at);
                ((x, plot.top), (x, plot.bottom()))
            }
            ReferenceLine::Horizontal { at, .. } if placed.y.shows(*at) => {
                let y = placed.y.at(*at);
                ((plot.left, y), (plot.right(), y))
            }
            _ => continue,
        };
        page.line(from, to, Stroke { paint: Paint::Muted, width: 0.7, dashes: vec![3.0, 2.0] });
        let count = 60;
        page.curves.extend((0..=count).map(|step| {
            let share = f64::from(step) / f64::from(count);
            (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
        }));
    }
}

/// Draws the labels of marks and annotations, above everything else.
pub(super) fn draw_labels(marks: &[ReferenceLine], annotations: &[Annotation], placed: &Placed, page: &mut Page) {
    for note in annotations.iter().filter(|note| placed.x.shows(note.x) && placed.y.shows(note.y)) {
        let place = (placed.x.at(note.x), placed.y.at(note.y));
        let (segments, stroke) = (markers::circle(place, RING), Some(Stroke::solid(Paint::Ink, 0.9)));
        page.items.push(Item::Outline { segments, fill: None, stroke, clip: None });
        page.curves.extend(std::iter::repeat_n(place, 20));
    }
    for mark in marks {
        match mark {
            ReferenceLine::Vertical { at, label } if placed.x.shows(*at) => {
                write(label, candidates_beside(placed.x.at(*at), &placed.plot), placed, page);
            }
            ReferenceLine::Horizontal { at, label } if placed.y.shows(*at) => {
                write(label, candidates_along(placed.y.at(*at), &placed.plot), placed, page);
            }
            _ => {}
        }
    }
    for note in annotations.iter().filter(|note| placed.x.shows(note.x) && placed.y.shows(note.y)) {
        write(&note.label, candidates_around((placed.x.at(note.x), placed.y.at(note.y))), placed, page);
    }
}

/// A candidate position for a label: anchor point, vertical middle, anchor, cost.
type Candidate = (f64, f64, Anchor, f64);

/// Right or left of a vertical line, preferably high up.
fn candidates_beside(x: f64, plot: &Bounds) -> Vec<Candidate> {
    let step = height(SMALL);
    let rows = (plot.height / step) as usize;
    let beside = |row: usize| {
        let middle = plot.top + step * (row as f64 + 0.5) + 1.0;
        let cost = row as f64 * 0.4;
        [(x + 3.0, middle, Anchor::Start, cost), (x - 3.0, middle, Anchor::End, cost + 0.3)]
    };
    (0..rows).flat_map(beside).collect()
}

/// Above or below a horizontal line, at its ends or between.
fn candidates_along(y: f64, plot: &Bounds) -> Vec<Candidate> {
    let away = height(SMALL) / 2.0 + 1.0;
    let across = [(plot.right() - 2.0, Anchor::End, 0.0), (plot.left + 3.0, Anchor::Start, 0.2)];
    let between = (1..8).map(|part| (plot.left + plot.width * f64::from(part) / 8.0, Anchor::Middle, 0.6));
    let places = across.into_iter().chain(between);
    places.flat_map(|(x, anchor, cost)| [(x, y - away, anchor, cost), (x, y + away, anchor, cost + 0.1)]).collect()
}

/// On rings around a point, preferably above it.
fn candidates_around((x, y): (f64, f64)) -> Vec<Candidate> {
    let half = height(SMALL) / 2.0;
    let ring = |distance: f64| {
        let (cost, away, aslant) = (distance * 0.15, distance + half, distance * 0.7);
        [
            (x, y - away, Anchor::Middle, cost),
            (x, y + away, Anchor::Middle, cost + 0.1),
            (x + distance, y, Anchor::Start, cost + 0.2),
            (x - distance, y, Anchor::End, cost + 0.3),
            (x + aslant, y - aslant - half * 0.6, Anchor::Start, cost + 0.1),
            (x - aslant, y - aslant - half * 0.6, Anchor::End, cost + 0.2),
            (x + aslant, y + aslant + half * 0.6, Anchor::Start, cost + 0.2),
            (x - aslant, y + aslant + half * 0.6, Anchor::End, cost + 0.3),
        ]
    };
    [5.0, 9.0, 14.0, 20.0, 27.0].into_iter().flat_map(ring).collect()
}

/// Draws a label at the best candidate, or not at all if every candidate covers text or leaves the plot.
fn write(text: &str, candidates: Vec<Candidate>, placed: &Placed, page: &mut Page) {
    let text = font::fitted(text, SMALL, placed.plot.width * SHARE);
    if text.is_empty() {
        return;
    }
    let labels = candidates.into_iter().filter_map(|(x, middle, anchor, cost)| {
        let label = level(x, middle, text.clone(), anchor, Paint::Ink);
        let bounds = label.bounds();
        let free = placed.plot.holds(&bounds) && !page.taken.iter().any(|other| other.overlaps(&bounds));
        let near = bounds.grown(1.0);
        let covered = page.curves.iter().filter(|place| near.has(**place)).count();
        free.then_some((cost + covered as f64, label, bounds))
    });
    let best: Option<(f64, Label, Bounds)> = labels.min_by(|one, other| one.0.total_cmp(&other.0));
    if let Some((_, label, bounds)) = best {
        page.fill(bounds.grown(0.6), Paint::Paper, 0.7);
        page.write(label);
    }
}
