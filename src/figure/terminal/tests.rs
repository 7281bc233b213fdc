//! Drawings fit their screen, and names are drawn as text.

use super::*;
use crate::figure::{Annotation, ChartAxis, SeriesStyle};

fn curve(count: usize) -> Panel {
    let error = |epoch: u32| 0.2 + 0.5 / f64::from(epoch) + if (50..70).contains(&epoch) { 0.08 } else { 0.0 };
    let series = (0..count).map(|index| {
        let points = (1..=600).map(|epoch| (f64::from(epoch), error(epoch) + index as f64 * 0.05)).collect();
        Series::line(index, format!("k = {index}"), points)
    });
    Panel::new(ChartAxis::log_epochs(), ChartAxis::error("test error"), series.collect())
}

fn screen(width: usize, height: usize) -> Screen {
    Screen { width, height, charset: Charset::Braille, colour: false }
}

#[test]
fn a_drawing_fits_its_screen() {
    for (width, height) in [(60, 12), (120, 30), (24, 8), (1, 1)] {
        for count in [1, 6, 40] {
            for charset in [Charset::Braille, Charset::Ascii] {
                let text = draw(&curve(count), &Screen { charset, ..screen(width, height) });
                assert!(text.lines().count() <= height.max(8), "{text}");
                assert!(text.lines().all(|line| line.width() <= width.max(24)), "{text}");
                assert!(charset == Charset::Braille || text.is_ascii(), "{text}");
            }
        }
    }
}

#[test]
fn a_line_goes_from_corner_to_corner() {
    let x = ChartAxis::new("step", Scale::Linear, crate::figure::ValueFormat::Count);
    let panel = Panel::new(x, ChartAxis::error("error"), vec![Series::line(0, "test", vec![(0.0, 0.0), (10.0, 1.0)])]);
    let text = draw(&panel, &Screen { charset: Charset::Ascii, ..screen(40, 10) });
    assert_eq!(text.lines().next(), Some("error against step"));
    assert!(text.contains("\n   0%+oooo\n"), "{text}");
    assert!(text.ends_with("o test"), "{text}");
}

#[test]
fn colour_is_used_only_where_enabled() {
    let panel = curve(2);
    let coloured = draw(&panel, &Screen { colour: true, ..screen(60, 12) });
    assert!(coloured.contains("\u{1b}[38;5;32m") && coloured.contains("\u{1b}[0m"));
    assert!(coloured.lines().all(|line| line.matches("\u{1b}[38").count() == line.matches("\u{1b}[0m").count()));
    let plain = draw(&panel, &screen(60, 12));
    assert!(!plain.contains('\u{1b}'));
    let plot: String = plain.lines().skip(1).take(8).collect();
    assert!(plot.contains('o') && plot.contains('x'), "marks tell the series apart:\n{plain}");
}

#[test]
fn marks_notes_and_names_are_shown_as_text() {
    let mut panel = curve(1);
    panel.series[0].name = "a\u{1b}[2Jb".into();
    panel.marks.push(ReferenceLine::Vertical { at: 160.0, label: "interpolation".into() });
    panel.annotations.push(Annotation { x: 60.0, y: 0.29, label: "peak".into() });
    let text = draw(&panel, &screen(80, 16));
    assert!(text.contains('┊') && text.contains("interpolation") && text.contains("O peak"), "{text}");
    assert!(!text.contains('\u{1b}') && text.contains("a\u{fffd}[2Jb"), "{text}");
}

#[test]
fn empty_curves_draw_nothing() {
    assert_eq!(draw(&curve(0), &screen(60, 12)), "");
    let mut panel = curve(1);
    panel.series[0].points = vec![(0.0, 0.5), (1.0, f64::NAN)];
    assert_eq!(draw(&panel, &screen(60, 12)), "");
    panel.series[0].points = vec![(1.0, 0.5)];
    panel.series[0].style = SeriesStyle::nth(0).scattered();
    assert_ne!(draw(&panel, &screen(60, 12)), "", "one point is drawn");
}
