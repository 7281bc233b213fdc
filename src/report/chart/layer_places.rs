//! Numbers of frozen layers on an axis: categories, not to scale, with a break where layers in between were not measured.

use crate::figure::{ChartAxis, Dash, Series};
use crate::report::read::FrozenLayers;

/// The category of a break.
const BREAK: &str = "…";

/// The positions of measured numbers of frozen layers.
pub(super) struct LayerPlaces {
    names: Vec<String>,
    /// The measured numbers.
    counts: Vec<usize>,
    /// The position of each number.
    places: Vec<f64>,
}

impl LayerPlaces {
    /// From all layers frozen to none.
    pub(super) fn of(layers: &[FrozenLayers]) -> Self {
        let (mut names, mut places) = (Vec::new(), Vec::new());
        let mut before: Option<usize> = None;
        for layers in layers {
            if before.is_some_and(|before| before > layers.count + 1) {
                names.push(BREAK.to_owned());
            }
            places.push(names.len() as f64);
            names.push(layers.short());
            before = Some(layers.count);
        }
        Self { names, counts: layers.iter().map(|layers| layers.count).collect(), places }
    }

    /// The position of the number with an index.
    pub(super) fn at(&self, index: usize) -> f64 {
        self.places[index]
    }

    /// The position of a number; not a number, which is not drawn, if it was not measured.
    pub(super) fn of_count(&self, count: usize) -> f64 {
        self.counts.iter().position(|known| *known == count).map_or(f64::NAN, |index| self.places[index])
    }

    /// A sentence for the caption, if there are breaks.
    pub(super) fn note(&self) -> Option<&'static str> {
        (self.names.len() > self.places.len()).then_some(
            " The axis is not to scale: at …, layers in between were not measured, and lines across are dotted.",
        )
    }

    pub(super) fn axis(&self) -> ChartAxis {
        let is_broken = self.note().is_some();
        let title = if is_broken { "frozen layers k (…: gap)" } else { "frozen layers k" };
        ChartAxis::ordinal(title, self.names.iter().cloned())
    }
}

/// A line that is dotted, and without markers, across places where it was not measured.
pub(super) fn broken(series: Series) -> Vec<Series> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut bridges = Vec::new();
    for &point in &series.points {
        if let Some(&last) = points.last().filter(|last| point.0 - last.0 > 1.0) {
            let style = series.style.dashed(Dash::Dotted).plain();
            bridges.push(Series { name: String::new(), points: vec![last, point], band: None, style });
            // A value that is not finite breaks the line.
            points.push((f64::midpoint(last.0, point.0), f64::NAN));
        }
        points.push(point);
    }
    bridges.push(Series { points, ..series });
    bridges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_between_layers_are_marked_and_dotted() {
        let layers = [17, 16, 15, 13, 0].map(|count| FrozenLayers { count, all: Some(17) });
        let places = LayerPlaces::of(&layers);
        assert_eq!(places.names, ["all", "16", "15", "…", "13", "…", "0"]);
        assert_eq!(places.axis().title, "frozen layers k (…: gap)");
        assert!(places.note().is_some_and(|note| note.contains("not to scale")));
        let line = (0..5).map(|index| (places.at(index), 0.5)).collect();
        let lines = broken(Series::line(0, "test", line));
        let drawn: Vec<(&str, usize, bool)> =
            lines.iter().map(|line| (line.name.as_str(), line.points.len(), line.style.marker.is_some())).collect();
        assert_eq!(drawn, [("", 2, false), ("", 2, false), ("test", 7, true)]);
        let whole = LayerPlaces::of(&layers[..3]);
        assert_eq!(broken(Series::line(0, "test", vec![(0.0, 0.5), (1.0, 0.5)])).len(), 1);
        assert_eq!(whole.axis().title, "frozen layers k");
    }
}
