//! Tables for the terminal: columns separated by spaces, numbers right-aligned.

use comfy_table::{CellAlignment, presets};

/// A table with a header.
pub struct Table(comfy_table::Table);

impl Table {
    /// A table whose columns are left-aligned where their name ends in `<`, else right-aligned.
    pub fn new(columns: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_header(columns.iter().map(|name| name.trim_end_matches('<')));
        for (column, name) in table.column_iter_mut().zip(columns) {
            let left = name.ends_with('<');
            column.set_cell_alignment(if left { CellAlignment::Left } else { CellAlignment::Right });
            column.set_padding((0, 2));
        }
        Self(table)
    }

    /// Adds a row.
    pub fn row<T: ToString>(&mut self, cells: impl IntoIterator<Item = T>) {
        // A line break in a name would start a new row.
        self.0.add_row(cells.into_iter().map(|cell| cell.to_string().replace('\n', "\\n")));
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines: Vec<String> = self.0.lines().map(|line| line.trim_end().to_owned()).collect();
        f.write_str(&lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_right_aligned() {
        let mut table = Table::new(&["layer<", "parameters"]);
        table.row(["stem", "432"]);
        table.row(["layer1.0", "4,672"]);
        assert_eq!(table.to_string(), "layer     parameters\nstem             432\nlayer1.0       4,672");
    }
}
