//! The data a page needs to show values under the pointer or by keyboard: the plot of each panel and the points of each
//! series with their positions, from the same layout as the picture.

use serde::Serialize;

use super::font;
use super::layout::{Drawing, Placed};
use super::model::{ChartAxis, Figure, Grid, Panel, Scale, Series, ValueFormat};
use super::number;
use super::thin;

/// Hover data of one figure. It serialises to plain JSON; a page must still insert names as text, and escape `<` if the
/// JSON is in a script element. Names contain no letters that change the direction of text or hide other letters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hover {
    /// Width of the view box.
    pub width: f64,
    /// Height of the view box.
    pub height: f64,
    /// Panels, in the order of the figure.
    pub panels: Vec<HoverPanel>,
}

/// One panel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HoverPanel {
    /// Title, without the panel's letter.
    pub title: String,
    /// Title of the x axis.
    pub x: String,
    /// Title of the y axis.
    pub y: String,
    /// Left, top, width and height of the plot, in points.
    pub plot: [f64; 4],
    /// Named series with points in the plot.
    pub series: Vec<HoverSeries>,
    /// Cells of a heat map or region map.
    pub cells: Vec<HoverCell>,
}

/// The visible points of one series.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HoverSeries {
    /// Name in the legend.
    pub name: String,
    /// Index into the tints.
    pub tint: usize,
    /// Positions in points from the left and the top, x increasing.
    pub places: Vec<[f64; 2]>,
    /// x and y of each point, formatted.
    pub values: Vec<[String; 2]>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HoverCell {
    /// Centre, in points from the left and the top.
    pub place: [f64; 2],
    /// x and y, formatted.
    pub at: [String; 2],
    /// Value, formatted, or `missing`.
    pub value: String,
}

/// A column of this width keeps at most four points of a series. Wider than for drawing, because pointing is less
/// precise.
const COLUMN: f64 = 1.5;

/// The values of a figure, and their positions in its drawing.
pub fn describe(figure: &Figure, drawing: &Drawing) -> Hover {
    let panels = figure.panels.iter().zip(&drawing.panels).map(|(panel, placed)| describe_panel(panel, placed));
    Hover { width: tenths(drawing.scene.width), height: tenths(drawing.scene.height), panels: panels.collect() }
}

fn describe_panel(panel: &Panel, placed: &Placed) -> HoverPanel {
    let plot = placed.plot;
    let series = panel.series.iter().map(|series| describe_series(panel, series, placed));
    HoverPanel {
        title: font::visible(&panel.title),
        x: font::visible(&panel.x.title),
        y: font::visible(&panel.y.title),
        plot: [plot.left, plot.top, plot.width, plot.height].map(tenths),
        series: series.filter(|series| !series.name.is_empty() && !series.places.is_empty()).collect(),
        cells: panel.grid.as_ref().map(|grid| cells(panel, grid, placed)).unwrap_or_default(),
    }
}

fn describe_series(panel: &Panel, series: &Series, placed: &Placed) -> HoverSeries {
    let at: Vec<(f64, f64)> = series.points.iter().map(|(x, y)| (placed.x.at(*x), placed.y.at(*y))).collect();
    let shown = thin::kept(&at, COLUMN).into_iter().filter(|index| placed.plot.grown(1e-6).has(at[*index]));
    let (places, values) = shown
        .map(|index| {
            let (x, y) = series.points[index];
            ([tenths(at[index].0), tenths(at[index].1)], [read(&panel.x, x), read(&panel.y, y)])
        })
        .unzip();
    HoverSeries { name: font::visible(&series.name), tint: series.style.tint, places, values }
}

fn cells(panel: &Panel, grid: &Grid, placed: &Placed) -> Vec<HoverCell> {
    let (columns, rows) = grid.places();
    let value_at = |row: usize, column: usize| match grid {
        Grid::Heat(map) => map.cells.at(row, column).filter(|value| value.is_finite()).map(|v| single(v, map.format)),
        Grid::Regions(map) => {
            map.cells.at(row, column).and_then(|index| Some(font::visible(&map.regions.get(index)?.name)))
        }
    };
    let all = (0..rows.len()).flat_map(|row| (0..columns.len()).map(move |column| (row, column)));
    let all = all.filter(|(row, column)| placed.x.shows(columns[*column]) && placed.y.shows(rows[*row]));
    all.map(|(row, column)| HoverCell {
        place: [tenths(placed.x.at(columns[column])), tenths(placed.y.at(rows[row]))],
        at: [read(&panel.x, columns[column]), read(&panel.y, rows[row])],
        value: value_at(row, column).unwrap_or_else(|| "missing".to_owned()),
    })
    .collect()
}

fn single(value: f64, format: ValueFormat) -> String {
    number::value(value, format)
}

/// A value of an axis: the name of a category, or a number.
fn read(axis: &ChartAxis, value: f64) -> String {
    let name = match &axis.scale {
        Scale::Ordinal(names) if value >= 0.0 && value.fract() == 0.0 => {
            names.get(value as usize).map(|name| font::visible(name))
        }
        _ => None,
    };
    name.unwrap_or_else(|| single(value, axis.format))
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Cells, Extent, HeatMap, lay_out};

    #[test]
    fn points_are_where_they_are_drawn() {
        let points = vec![(0.0, 0.9), (1.0, 0.5), (10.0, 0.25), (100.0, 0.4)];
        let x = ChartAxis::log_epochs();
        let panel = Panel::new(x, ChartAxis::error("test error"), vec![Series::line(3, "<b>", points)]);
        let figure = Figure::new("a curve", Extent::one_column(), vec![panel]);
        let drawing = lay_out(&figure);
        let hover = describe(&figure, &drawing);
        let series = &hover.panels[0].series[0];
        assert_eq!((series.name.as_str(), series.tint), ("<b>", 3));
        // A logarithmic axis cannot show epoch 0.
        let values: Vec<[&str; 2]> = series.values.iter().map(|[x, y]| [x.as_str(), y.as_str()]).collect();
        assert_eq!(values, [["1", "50.0%"], ["10", "25.0%"], ["100", "40.0%"]]);
        let Placed { x, y, .. } = drawing.panels[0];
        assert!((series.places[1][0] - x.at(10.0)).abs() < 0.06 && (series.places[1][1] - y.at(0.25)).abs() < 0.06);
        let json = serde_json::to_value(&hover).expect("JSON");
        assert_eq!(json["panels"][0]["series"][0]["values"][0][1], "50.0%");
    }

    #[test]
    fn cells_show_their_names_and_values() {
        let cells = Cells { columns: vec![0.0, 1.0], rows: vec![1.0], values: vec![Some(0.25), None] };
        let map = HeatMap { cells, title: "error".into(), format: ValueFormat::Percent, range: None, contour: None };
        let k = ChartAxis::ordinal("frozen layers", ["0", "all"].map(str::to_owned));
        let y = ChartAxis::new("n", Scale::Linear, ValueFormat::Count);
        let figure = Figure::new("cells", Extent::one_column(), vec![Panel::of_grid(k, y, Grid::Heat(map))]);
        let hover = describe(&figure, &lay_out(&figure));
        let said: Vec<_> = hover.panels[0].cells.iter().map(|cell| (cell.at.join(" "), cell.value.clone())).collect();
        assert_eq!(said, [("0 1".to_owned(), "25.0%".to_owned()), ("all 1".to_owned(), "missing".to_owned())]);
    }
}
