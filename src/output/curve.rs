//! A small curve in the terminal: error in percent over epochs.

use std::fmt::Write;

/// One line of a drawing.
pub struct Line {
    /// The letter that it is drawn with.
    pub mark: char,
    /// Its name.
    pub name: &'static str,
    /// Epochs and errors, fractions.
    pub points: Vec<(f64, f64)>,
}

const COLUMNS: usize = 64;
const ROWS: usize = 12;
/// Beyond so many epochs they are spaced by their logarithm, as in the literature on double descent.
const LINEAR_EPOCHS: f64 = 60.0;

/// Draws lines into a frame of fixed size. Later lines lie over earlier ones. Nothing is drawn for no points.
pub fn draw(lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|line| &line.points);
    let last = points().map(|(epoch, _)| *epoch).fold(0.0, f64::max);
    let top = points().map(|(_, error)| *error).fold(0.0, f64::max);
    let bottom = points().map(|(_, error)| *error).fold(1.0, f64::min);
    if last <= 0.0 || top <= bottom {
        return String::new();
    }
    let logarithmic = last > LINEAR_EPOCHS;
    let across = |epoch: f64| {
        let share = if logarithmic { epoch.max(1.0).ln() / last.ln() } else { epoch / last };
        (share * (COLUMNS - 1) as f64).round() as usize
    };
    let mut cells = vec![vec![' '; COLUMNS]; ROWS];
    for line in lines {
        for (column, error) in means_by_column(&line.points, across) {
            let row = ((top - error) / (top - bottom) * (ROWS - 1) as f64).round() as usize;
            cells[row][column] = line.mark;
        }
    }
    // Writing to a string cannot fail.
    let mut text = String::new();
    for (row, cells) in cells.iter().enumerate() {
        let error = top - (top - bottom) * row as f64 / (ROWS - 1) as f64;
        let labelled = [0, ROWS / 2, ROWS - 1].contains(&row);
        let label = if labelled { format!("{:5.1}%", error * 100.0) } else { " ".repeat(6) };
        let drawn: String = cells.iter().collect();
        text.push_str(format!("{label} │{drawn}").trim_end());
        text.push('\n');
    }
    let first = if logarithmic { "1" } else { "0" };
    let axis = format!("epoch {last}{}", if logarithmic { " (logarithmic)" } else { "" });
    let gap = COLUMNS.saturating_sub(first.len() + axis.chars().count());
    let _ = write!(text, "       └{}\n        {first}{}{axis}\n", "─".repeat(COLUMNS), " ".repeat(gap));
    let names: Vec<String> = lines.iter().map(|line| format!("{} {}", line.mark, line.name)).collect();
    let _ = write!(text, "        {}", names.join("   "));
    text
}

/// The mean error of the points in each column that has any.
fn means_by_column(points: &[(f64, f64)], across: impl Fn(f64) -> usize) -> Vec<(usize, f64)> {
    let mut columns = vec![(0.0, 0u32); COLUMNS];
    for &(epoch, error) in points {
        let column = &mut columns[across(epoch)];
        *column = (column.0 + error, column.1 + 1);
    }
    let filled = columns.into_iter().enumerate().filter(|(_, (_, count))| *count > 0);
    filled.map(|(index, (sum, count))| (index, sum / f64::from(count))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_are_where_they_belong() {
        let text = draw(&[Line { mark: '•', name: "test", points: vec![(0.0, 0.8), (10.0, 0.0)] }]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], " 80.0% │•");
        assert!(lines[11].starts_with("  0.0% │") && lines[11].ends_with('•'));
        assert_eq!(lines[11].chars().count(), 8 + COLUMNS);
        assert!(lines[13].ends_with("epoch 10"));
        assert_eq!(lines.len(), ROWS + 3);
    }

    #[test]
    fn nothing_gives_nothing() {
        assert_eq!(draw(&[]), "");
        assert_eq!(draw(&[Line { mark: 'x', name: "test", points: vec![(0.0, 0.5)] }]), "");
    }
}
