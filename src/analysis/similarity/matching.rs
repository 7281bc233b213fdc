//! Assignment: the cheapest way to pair two sets.

/// Pairs each member of the smaller set with a different one of the larger set so that the sum of costs is smallest.
/// Returns the pairs in row order. `costs` is `[rows][columns]`, finite.
///
/// Shortest augmenting paths with potentials: Kuhn, "The Hungarian method for the assignment problem" (Naval Research
/// Logistics Quarterly 2, 1955), for rectangles after Crouse, "On implementing 2D rectangular assignment algorithms"
/// (IEEE Transactions on Aerospace and Electronic Systems 52, 2016). It takes rows² · columns steps.
pub fn least_cost_matching(costs: &[Vec<f64>]) -> Vec<(usize, usize)> {
    let (rows, columns) = (costs.len(), costs.first().map_or(0, Vec::len));
    if rows <= columns {
        return assign(rows, columns, |row, column| costs[row][column]);
    }
    let turned = assign(columns, rows, |column, row| costs[row][column]);
    let mut pairs: Vec<_> = turned.into_iter().map(|(column, row)| (row, column)).collect();
    pairs.sort_unstable();
    pairs
}

/// Assigns a distinct column to every row; there are at least as many columns.
fn assign(rows: usize, columns: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<(usize, usize)> {
    let mut prices = Prices { of_row: vec![0.0; rows], of_column: vec![0.0; columns] };
    let mut row_of = vec![None; columns];
    for row in 0..rows {
        augment(row, &mut row_of, &mut prices, &cost);
    }
    let mut pairs: Vec<(usize, usize)> =
        row_of.iter().enumerate().filter_map(|(column, row)| Some(((*row)?, column))).collect();
    pairs.sort_unstable();
    pairs
}

/// Dual prices: no pair costs less than the sum of its two prices, and assigned pairs cost exactly that.
struct Prices {
    of_row: Vec<f64>,
    of_column: Vec<f64>,
}

/// Finds a column for one more row, along the cheapest augmenting path.
fn augment(new: usize, row_of: &mut [Option<usize>], prices: &mut Prices, cost: &impl Fn(usize, usize) -> f64) {
    let columns = row_of.len();
    let mut distance = vec![f64::INFINITY; columns];
    let mut before: Vec<Option<usize>> = vec![None; columns];
    let mut visited = vec![false; columns];
    let (mut row, mut from, mut length) = (new, None, 0.0);
    let end = loop {
        let mut nearest: Option<usize> = None;
        for column in (0..columns).filter(|&column| !visited[column]) {
            let through = length + cost(row, column) - prices.of_row[row] - prices.of_column[column];
            if through < distance[column] {
                distance[column] = through;
                before[column] = from;
            }
            if nearest.is_none_or(|nearest| distance[column] < distance[nearest]) {
                nearest = Some(column);
            }
        }
        let nearest = nearest.expect("a row has at least one column that no row before it needs");
        (visited[nearest], length) = (true, distance[nearest]);
        match row_of[nearest] {
            Some(next) => (row, from) = (next, Some(nearest)),
            None => break nearest,
        }
    };
    prices.of_row[new] += length;
    for column in (0..columns).filter(|&column| visited[column] && column != end) {
        if let Some(row) = row_of[column] {
            prices.of_row[row] += length - distance[column];
            prices.of_column[column] -= length - distance[column];
        }
    }
    let mut column = end;
    while let Some(previous) = before[column] {
        row_of[column] = row_of[previous];
        column = previous;
    }
    row_of[column] = Some(new);
}

#[cfg(test)]
mod tests {
    use super::super::reference::{close, features};
    use super::*;

    fn table(seed: f64, rows: usize, columns: usize) -> Vec<Vec<f64>> {
        features(seed, rows, columns).row_iter().map(|row| row.iter().copied().collect()).collect()
    }

    fn total(costs: &[Vec<f64>], pairs: &[(usize, usize)]) -> f64 {
        pairs.iter().map(|&(row, column)| costs[row][column]).sum()
    }

    /// The smallest sum over all assignments, by exhaustive search.
    fn least(costs: &[Vec<f64>], row: usize, taken: &mut Vec<usize>) -> f64 {
        if row == costs.len() {
            return 0.0;
        }
        let mut best = f64::INFINITY;
        for column in 0..costs[0].len() {
            if !taken.contains(&column) {
                taken.push(column);
                best = best.min(costs[row][column] + least(costs, row + 1, taken));
                taken.pop();
            }
        }
        best
    }

    #[test]
    fn no_other_matching_is_cheaper() {
        for seed in 0..40 {
            for (rows, columns) in [(1, 1), (3, 3), (4, 6), (5, 5), (2, 7)] {
                let costs = table(f64::from(seed), rows, columns);
                let pairs = least_cost_matching(&costs);
                assert_eq!(pairs.iter().map(|pair| pair.0).collect::<Vec<_>>(), (0..rows).collect::<Vec<_>>());
                close(total(&costs, &pairs), least(&costs, 0, &mut Vec::new()));
            }
        }
    }

    #[test]
    fn the_larger_set_may_come_first() {
        let costs = table(4.0, 4, 6);
        let turned: Vec<Vec<f64>> = (0..6).map(|column| (0..4).map(|row| costs[row][column]).collect()).collect();
        let pairs = least_cost_matching(&turned);
        assert_eq!(pairs.len(), 4);
        close(total(&turned, &pairs), total(&costs, &least_cost_matching(&costs)));
    }

    /// SciPy 1.17.1, `linear_sum_assignment`, on a table too large for exhaustive search:
    /// scripts/reference/similarity.py.
    #[test]
    fn a_large_table_agrees_with_scipy() {
        let costs = table(1.0, 10, 100);
        close(total(&costs, &least_cost_matching(&costs)), SCIPY);
    }

    const SCIPY: f64 = -9.997_955_601_571_167;

    #[test]
    fn ties_and_empty_tables_are_supported() {
        assert_eq!(least_cost_matching(&[]), []);
        assert_eq!(least_cost_matching(&[vec![0.0; 3], vec![0.0; 3]]).len(), 2);
    }
}
