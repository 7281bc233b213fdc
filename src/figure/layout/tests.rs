//! Whatever a figure contains, its texts stay on the page and do not overlap.

use proptest::prelude::*;

use super::*;
use crate::figure::model::{
    Annotation, Band, Cells, ChartAxis, Contour, Extent, Grid, Hatch, HeatMap, Panel, ReferenceLine, Region, RegionMap,
    Scale, Series, ValueFormat,
};
use crate::figure::scene::Label;
use crate::figure::segment::PathSegment;

/// Describes the first two texts that overlap, or the first that leaves the page.
fn fault(scene: &Scene) -> Option<String> {
    let page = Bounds { left: 0.0, top: 0.0, width: scene.width, height: scene.height };
    let labels: Vec<&Label> = scene.labels().collect();
    for (index, label) in labels.iter().enumerate() {
        if !page.holds(&label.bounds()) {
            return Some(format!("{label:?} leaves {page:?}"));
        }
        // Allows for rounding, since boxes may touch.
        let inner = label.bounds().grown(-0.01);
        if let Some(other) = labels[..index].iter().find(|other| other.bounds().overlaps(&inner)) {
            return Some(format!("{label:?} overlaps {other:?}"));
        }
    }
    let inside = |x: &f64, y: &f64| page.grown(1.0).has((*x, *y));
    for item in &scene.items {
        let (Item::Rectangle { bounds, .. } | Item::Outline { clip: Some(bounds), .. }) = item else {
            if let Item::Outline { segments, .. } = item
                && let Some(segment) = segments.iter().find(|segment| match segment {
                    PathSegment::Move(x, y) | PathSegment::Line(x, y) => !inside(x, y),
                    PathSegment::Cubic(places) => !places.iter().all(|(x, y)| inside(x, y)),
                    PathSegment::Close => false,
                })
            {
                return Some(format!("{segment:?} leaves {page:?}"));
            }
            continue;
        };
        if !page.grown(1.0).holds(bounds) {
            return Some(format!("{bounds:?} leaves {page:?}"));
        }
    }
    None
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ]{0,12}",
        "\\PC{0,60}",
        Just("<img onerror=alert(1)>\n\u{202e}\"'&".to_owned()),
        Just("a very long name of a very long series that nobody would want to read in a legend at all".to_owned()),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![10 => 0.0..1.0f64, 3 => -1e6..1e6f64, 1 => Just(f64::NAN), 1 => Just(1e300), 1 => Just(0.0)]
}

fn axis() -> impl Strategy<Value = ChartAxis> {
    let scale = prop_oneof![
        Just(Scale::Linear),
        Just(Scale::Log),
        prop::collection::vec(name(), 0..20).prop_map(Scale::Ordinal),
    ];
    let format = prop_oneof![Just(ValueFormat::Number), Just(ValueFormat::Percent), Just(ValueFormat::Count)];
    (name(), scale, format).prop_map(|(title, scale, format)| ChartAxis::new(title, scale, format))
}

fn series() -> impl Strategy<Value = Series> {
    let points = prop::collection::vec((number(), number()), 0..60);
    (name(), points, 0..9usize, any::<bool>()).prop_map(|(name, mut points, place, banded)| {
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        let band = banded.then(|| Band(points.iter().map(|(x, y)| (*x, y - 0.1, y + 0.1)).collect()));
        Series { band, ..Series::line(place, name, points) }
    })
}

fn grid() -> impl Strategy<Value = Grid> {
    (1..12usize, 1..12usize, name(), any::<bool>()).prop_map(|(columns, rows, title, heat)| {
        let places = |count: usize| (0..count).map(|index| index as f64 + 1.0).collect::<Vec<f64>>();
        let count = rows * columns;
        if heat {
            let values = (0..count).map(|index| (index % 5 > 0).then_some(index as f64 / 7.0)).collect();
            let contour =
                Some(Contour { name: title.clone(), inside: (0..count).map(|index| index % 3 == 0).collect() });
            let cells = Cells { columns: places(columns), rows: places(rows), values };
            return Grid::Heat(HeatMap { cells, title, format: ValueFormat::Percent, range: None, contour });
        }
        let region = |tint| Region { name: title.clone(), letter: 'O', tint, hatch: Hatch::Crossed };
        let values = (0..count).map(|index| (index % 4 > 0).then_some(index % 3)).collect();
        let cells = Cells { columns: places(columns), rows: places(rows), values };
        Grid::Regions(RegionMap { cells, regions: (0..3).map(region).collect() })
    })
}

fn panel() -> impl Strategy<Value = Panel> {
    let mark = (number(), name(), any::<bool>()).prop_map(|(at, label, upright)| {
        if upright { ReferenceLine::Vertical { at, label } } else { ReferenceLine::Horizontal { at, label } }
    });
    let note = (number(), number(), name()).prop_map(|(x, y, label)| Annotation { x, y, label });
    let lists = (
        prop::collection::vec(series(), 0..5),
        prop::collection::vec(mark, 0..4),
        prop::collection::vec(note, 0..4),
        prop::option::of(grid()),
    );
    (name(), axis(), axis(), lists).prop_map(|(title, x, y, (series, marks, annotations, grid))| Panel {
        title,
        x,
        y,
        grid,
        series,
        marks,
        annotations,
    })
}

fn figure() -> impl Strategy<Value = Figure> {
    let extent = (180.0..600.0f64, 60.0..200.0f64)
        .prop_map(|(width, plot_height)| Extent { width, ..Extent::one_column().with_plot_height(plot_height) });
    (prop::collection::vec(panel(), 0..5), extent, 1..4usize, name(), any::<bool>()).prop_map(
        |(panels, extent, columns, note, direct)| {
            let labelling = if direct { NamePlacement::Direct } else { NamePlacement::Legend };
            Figure { columns, labelling, note, ..Figure::new("any", extent, panels) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn texts_stay_on_the_page_and_off_each_other(figure in figure()) {
        let drawing = lay_out(&figure);
        prop_assert_eq!(fault(&drawing.scene), None);
        prop_assert_eq!(drawing.panels.len(), figure.panels.len());
        prop_assert_eq!(drawing, lay_out(&figure));
    }
}

#[test]
fn plots_of_a_column_are_aligned() {
    let error = |title: &str, high: f64| {
        let points = (1..50).map(|epoch| (f64::from(epoch), high / f64::from(epoch))).collect();
        Panel::new(ChartAxis::log_epochs(), ChartAxis::error(title), vec![Series::line(0, "test", points)])
    };
    let panels = vec![error("a", 0.9), error("b", 0.001), error("c", 0.02), error("d", 0.5)];
    let drawing = lay_out(&Figure::new("four", Extent::two_columns(), panels));
    let plot = |index: usize| drawing.panels[index].plot;
    for (one, other) in [(0, 2), (1, 3)] {
        assert!((plot(one).left - plot(other).left).abs() < 1e-9);
        assert!((plot(one).width - plot(other).width).abs() < 1e-9);
    }
    assert!((plot(0).top - plot(1).top).abs() < 1e-9 && plot(2).top > plot(0).bottom());
    // The same name and style in four panels gives one legend entry.
    assert_eq!(drawing.scene.labels().filter(|label| label.text == "test").count(), 1);
}

#[test]
fn an_annotation_finds_room_beside_its_curve() {
    let points = (0..=100).map(|x| (f64::from(x), 1.0 - f64::from((x - 50) * (x - 50)) / 2500.0)).collect();
    let x = ChartAxis::new("x", Scale::Linear, ValueFormat::Number);
    let mut panel = Panel::new(x, ChartAxis::error("y"), vec![Series::line(0, "", points)]);
    panel.annotations.push(Annotation { x: 50.0, y: 1.0, label: "peak 100% at 50".into() });
    let drawing = lay_out(&Figure::new("peak", Extent::one_column(), vec![panel]));
    let label = drawing.scene.labels().find(|label| label.text.starts_with("peak")).expect("the label");
    let Placed { plot, x, y } = drawing.panels[0];
    assert!(plot.holds(&label.bounds()));
    for step in 0..=1000 {
        let at = f64::from(step) / 10.0;
        let place = (x.at(at), y.at(1.0 - (at - 50.0) * (at - 50.0) / 2500.0));
        assert!(!label.bounds().has(place), "the curve runs through {label:?}");
    }
}
