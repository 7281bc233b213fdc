//! The regime of a cell of a grid, from all of its seeds and its neighbours in training-set size.

use serde::{Deserialize, Serialize};

use super::Regime;

/// The regime of one setting over its seeds, under the given procedure and budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellRegime {
    /// Every seed interpolates (sustained).
    Over,
    /// The train error of every seed has levelled off above the threshold.
    Under,
    /// The next smaller n interpolates and the next larger does not, or the seeds of the cell differ between over and
    /// under.
    Critical,
    /// The train error of a seed was still falling when training stopped, or there is no seed.
    Undecided,
}

/// The regimes along training-set size. `cells[size]` holds the regimes of the seeds at one size; sizes ascend and all
/// else is equal. A cell next to the end of the grid, or to a cell without seeds, has the regime of its own seeds.
pub fn cell_regimes(cells: &[Vec<Regime>]) -> Vec<CellRegime> {
    let regime = |place: usize| {
        let smaller = place.checked_sub(1).map(|smaller| &cells[smaller]);
        let between = smaller.zip(cells.get(place + 1)).is_some_and(|(smaller, larger)| {
            !cells[place].is_empty() && interpolates(smaller) && !larger.is_empty() && !larger.contains(&Regime::Over)
        });
        if between { CellRegime::Critical } else { of_seeds(&cells[place]) }
    };
    (0..cells.len()).map(regime).collect()
}

fn interpolates(seeds: &[Regime]) -> bool {
    of_seeds(seeds) == CellRegime::Over
}

fn of_seeds(seeds: &[Regime]) -> CellRegime {
    let has = |regime| seeds.contains(&regime);
    match (has(Regime::Over), has(Regime::Under), has(Regime::Undecided)) {
        (true, true, _) => CellRegime::Critical,
        (true, false, false) => CellRegime::Over,
        (false, true, false) => CellRegime::Under,
        _ => CellRegime::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::Regime::{Over, Undecided, Under};
    use super::*;

    #[test]
    fn seeds_agree_or_differ() {
        let of = |seeds: &[Regime]| cell_regimes(&[seeds.to_vec()])[0];
        assert_eq!(of(&[Over, Over]), CellRegime::Over);
        assert_eq!(of(&[Under, Under]), CellRegime::Under);
        assert_eq!(of(&[Over, Under, Undecided]), CellRegime::Critical);
        assert_eq!(of(&[Over, Undecided]), CellRegime::Undecided);
        assert_eq!(of(&[Under, Undecided]), CellRegime::Undecided);
        assert_eq!(of(&[]), CellRegime::Undecided);
    }

    #[test]
    fn cells_at_the_edge_are_critical() {
        let row = |regimes: &[Regime]| cell_regimes(&regimes.iter().map(|&one| vec![one; 3]).collect::<Vec<_>>());
        let expected = [CellRegime::Over, CellRegime::Critical, CellRegime::Critical, CellRegime::Under];
        assert_eq!(row(&[Over, Over, Under, Under]), expected);
        let expected = [CellRegime::Over, CellRegime::Critical, CellRegime::Under];
        assert_eq!(row(&[Over, Undecided, Under]), expected);
        let expected = [CellRegime::Over, CellRegime::Over, CellRegime::Over];
        assert_eq!(row(&[Over, Over, Over]), expected);
        assert_eq!(row(&[Over, Under]), [CellRegime::Over, CellRegime::Under]);
    }

    #[test]
    fn a_missing_neighbour_leaves_a_cell_undecided() {
        let cells = [vec![Over], vec![Over], Vec::new()];
        assert_eq!(cell_regimes(&cells), [CellRegime::Over, CellRegime::Over, CellRegime::Undecided]);
        assert_eq!(cell_regimes(&[vec![Over], Vec::new(), vec![Under]])[1], CellRegime::Undecided);
    }
}
