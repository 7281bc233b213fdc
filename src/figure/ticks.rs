//! Chooses the ticks of an axis, and which of them have labels: round values that never touch each other.

use super::model::{Scale, ValueFormat};
use super::number;
use super::span::Span;

/// A tick of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    /// `None` for a minor tick.
    pub(super) label: Option<String>,
}

/// The space for labels.
pub(super) struct Room<'a> {
    /// The length of a label along the axis, in the unit of the span.
    pub(super) extent: &'a dyn Fn(&str) -> f64,
    /// Smallest gap between two labels.
    pub(super) gap: f64,
    /// Largest number of labels.
    pub(super) most: usize,
}

impl Room<'_> {
    fn fits(&self, span: &Span, labels: &[(f64, String)]) -> bool {
        let mut ends: Vec<(f64, f64)> = labels
            .iter()
            .map(|(value, label)| {
                let (place, half) = (span.at(*value), (self.extent)(label) / 2.0);
                (place - half, place + half)
            })
            .collect();
        ends.sort_by(|one, other| one.0.total_cmp(&other.0));
        labels.len() <= self.most && ends.windows(2).all(|pair| pair[1].0 - pair[0].1 >= self.gap)
    }
}

/// The ticks of an axis, with as many labels as there is room for.
pub(super) fn choose(span: &Span, scale: &Scale, format: ValueFormat, room: &Room) -> Vec<Tick> {
    match scale {
        Scale::Linear => linear(span, format, room),
        Scale::Log => logarithmic(span, format, room),
        Scale::Ordinal(names) => ordinal(span, names, room),
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn linear(span: &Span, format: ValueFormat, room: &Room) -> Vec<Tick> {
    for count in (1..=room.most).rev() {
        let step = nice_step((span.high - span.low) / count as f64, format);
        let labels = labelled(&multiples(span, step), |_| step, format);
        if !labels.is_empty() && room.fits(span, &labels) {
            return labels.into_iter().map(|(value, label)| Tick { value, label: Some(label) }).collect();
        }
    }
    Vec::new()
}

/// The smallest step of 1, 2 or 5 times a power of ten that is at least `least`; an integer for counts.
fn nice_step(least: f64, format: ValueFormat) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= least * (1.0 - 1e-9));
    let step = step.unwrap_or(10.0 * power);
    if format == ValueFormat::Count { step.max(1.0) } else { step }
}

fn multiples(span: &Span, step: f64) -> Vec<f64> {
    let near = 1e-9;
    let (first, last) = ((span.low / step - near).ceil(), (span.high / step + near).floor());
    if !(first.is_finite() && last.is_finite()) || last - first > 1000.0 {
        return Vec::new();
    }
    // Adding 0.0 turns a negative zero positive.
    (0..=(last - first) as i64).map(|index| (first + index as f64) * step + 0.0).collect()
}

fn labelled(values: &[f64], step: impl Fn(f64) -> f64, format: ValueFormat) -> Vec<(f64, String)> {
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    values.iter().map(|value| (*value, number::tick(*value, step(*value), largest, format))).collect()
}

/// The densest of the usual sets of values that fits, with minor ticks between; evenly spaced round values if less than
/// a third of a decade is shown.
fn logarithmic(span: &Span, format: ValueFormat, room: &Room) -> Vec<Tick> {
    let decades = (span.high / span.low).log10();
    let minor: Vec<f64> = if decades <= 8.0 { within(span, &[1., 2., 3., 4., 5., 6., 7., 8., 9.], 1) } else { vec![] };
    let sets: [(&[f64], i32); 7] = [
        (&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0], 1),
        (&[1.0, 2.0, 5.0], 1),
        (&[1.0, 3.0], 1),
        (&[1.0], 1),
        (&[1.0], 2),
        (&[1.0], 3),
        (&[1.0], 6),
    ];
    for (factors, every) in sets {
        let decade = |value: f64| 10f64.powf((value.log10() + 1e-9).floor());
        let labels = labelled(&within(span, factors, every), decade, format);
        if labels.len() >= 3 && room.fits(span, &labels) {
            return with_minor(labels, &minor);
        }
    }
    let even = linear(span, format, room);
    if even.len() >= 2 && decades < 1.5 {
        return even;
    }
    let ends = labelled(&within(span, &[1.0], 1), |value| value, format);
    let first = ends.into_iter().take(1).collect::<Vec<_>>();
    if first.is_empty() { even } else { with_minor(first, &minor) }
}

/// The factors times every `every`-th power of ten, within the span.
fn within(span: &Span, factors: &[f64], every: i32) -> Vec<f64> {
    // The logarithm of zero would give a range of billions of powers.
    if span.low <= 0.0 || !span.high.is_finite() {
        return Vec::new();
    }
    let (first, last) = (span.low.log10().floor() as i32, span.high.log10().ceil() as i32);
    let powers = (first..=last).filter(|power| power.rem_euclid(every) == 0);
    let values = powers.flat_map(|power| factors.iter().map(move |factor| factor * 10f64.powi(power)));
    values.filter(|value| span.shows(*value)).collect()
}

fn with_minor(labels: Vec<(f64, String)>, minor: &[f64]) -> Vec<Tick> {
    let near = |one: f64, other: f64| (one / other - 1.0).abs() < 1e-9;
    let unlabelled = minor.iter().filter(|value| !labels.iter().any(|(labelled, _)| near(*labelled, **value)));
    let mut ticks: Vec<Tick> = unlabelled.map(|value| Tick { value: *value, label: None }).collect();
    ticks.extend(labels.into_iter().map(|(value, label)| Tick { value, label: Some(label) }));
    ticks.sort_by(|one, other| one.value.total_cmp(&other.value));
    ticks
}

/// Every name, or every second, third and so on; always including the last one, which is often a word.
fn ordinal(span: &Span, names: &[String], room: &Room) -> Vec<Tick> {
    let shown: Vec<usize> = (0..names.len()).filter(|index| span.shows(*index as f64)).collect();
    let Some(&last) = shown.last() else { return Vec::new() };
    let named = |index: usize| (index as f64, names[index].clone());
    for every in 1..=shown.len() {
        let mut chosen: Vec<usize> = shown.iter().copied().step_by(every).filter(|index| *index != last).collect();
        loop {
            let labels: Vec<_> = chosen.iter().copied().chain([last]).map(named).collect();
            if room.fits(span, &labels) {
                let label = |index: usize| (chosen.contains(&index) || index == last).then(|| names[index].clone());
                return shown.iter().map(|&index| Tick { value: index as f64, label: label(index) }).collect();
            }
            // Only its neighbour may be dropped to make room for the last one.
            let before: Vec<_> = chosen.iter().copied().map(named).collect();
            if !room.fits(span, &before) || chosen.pop().is_none() {
                break;
            }
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale, range: (f64, f64), length: f64, format: ValueFormat) -> Vec<String> {
        let span = Span::new(scale, range, (0.0, length));
        let extent = |label: &str| label.chars().count() as f64 * 4.0;
        let ticks = choose(&span, scale, format, &Room { extent: &extent, gap: 4.0, most: 9 });
        ticks.into_iter().filter_map(|tick| tick.label).collect()
    }

    #[test]
    fn linear_ticks_are_round() {
        use ValueFormat::{Count, Number, Percent};
        assert_eq!(labels(&Scale::Linear, (0.17, 0.27), 100.0, Percent), ["18%", "20%", "22%", "24%", "26%"]);
        assert_eq!(labels(&Scale::Linear, (-1.0, 1.0), 200.0, Number).first().map(String::as_str), Some("−1.0"));
        assert_eq!(labels(&Scale::Linear, (0.0, 3.0), 300.0, Count), ["0", "1", "2", "3"]);
    }

    #[test]
    fn logarithmic_ticks_suit_their_range() {
        let log = |range, length| labels(&Scale::Log, range, length, ValueFormat::Count);
        assert_eq!(log((1.0, 600.0), 200.0), ["1", "2", "5", "10", "20", "50", "100", "200", "500"]);
        assert_eq!(log((1.0, 600.0), 60.0), ["1", "10", "100"]);
        assert_eq!(log((1.0, 4000.0), 160.0), ["1", "3", "10", "30", "100", "300", "1000", "3000"]);
        assert_eq!(log((520.0, 640.0), 120.0), ["520", "540", "560", "580", "600", "620", "640"]);
        assert_eq!(log((1e3, 1e7), 130.0), ["1k", "10k", "100k", "1M", "10M"]);
    }

    #[test]
    fn ordinal_ticks_keep_the_last_name() {
        let names = Scale::Ordinal((0..18).map(|index| index.to_string()).chain(["all".to_owned()]).collect());
        let shown = labels(&names, (-0.5, 18.5), 150.0, ValueFormat::Number);
        assert_eq!(shown, ["0", "2", "4", "6", "8", "10", "12", "14", "all"]);
        assert_eq!(labels(&Scale::Ordinal(vec![]), (-0.5, 0.5), 50.0, ValueFormat::Number), Vec::<String>::new());
    }

    proptest::proptest! {
        #[test]
        fn labels_never_touch(low in -1e6..1e6f64, width in 1e-6..1e7f64, length in 5.0..400.0f64, kind in 0..3usize) {
            let (scale, range) = match kind {
                0 => (Scale::Linear, (low, low + width)),
                1 => (Scale::Log, (low.abs() + 1e-9, (low.abs() + 1e-9) * (1.0 + width))),
                _ => (Scale::Ordinal((0..30).map(|index| format!("{index}")).collect()), (-0.5, 29.5)),
            };
            let span = Span::new(&scale, range, (length, 0.0));
            let extent = |label: &str| label.chars().count() as f64 * 4.0;
            let room = Room { extent: &extent, gap: 4.0, most: 9 };
            let ticks = choose(&span, &scale, ValueFormat::Number, &room);
            let shown: Vec<_> = ticks.iter().filter_map(|tick| Some((tick.value, tick.label.clone()?))).collect();
            proptest::prop_assert!(room.fits(&span, &shown));
            proptest::prop_assert!(ticks.iter().all(|tick| span.shows(tick.value)));
        }
    }
}
