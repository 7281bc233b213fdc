//! Curves of several seeds on one grid: nothing is averaged over different things.

use serde::{Deserialize, Serialize};

/// The curve of one run, as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedCurve<X> {
    /// What the run is called where it has to be left out, such as its seed.
    pub name: String,
    /// Places (epochs, frozen layers) with an error each.
    pub points: Vec<(X, f64)>,
}

/// Curves of several runs with an error at every place of one grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompleteCurves<X> {
    /// The grid.
    pub grid: Vec<X>,
    /// The runs, in the order given.
    pub names: Vec<String>,
    /// `[run][place]`.
    pub errors: Vec<Vec<f64>>,
    /// The runs that do not fit the grid.
    pub left_out: Vec<IncompleteRun<X>>,
}

/// A run left out, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncompleteRun<X> {
    /// The run.
    pub name: String,
    /// Places of the grid without a finite error.
    pub missing: Vec<X>,
    /// Places that are not of the grid, or a second time: it ran another schedule.
    pub foreign: Vec<X>,
}

impl<X: Clone + PartialEq> CompleteCurves<X> {
    /// Sorts curves into those that have just the places of a grid and those left out. The grid comes from the spec and
    /// not from the curves, else one longer run would leave out all others.
    pub fn of(grid: &[X], curves: Vec<NamedCurve<X>>) -> Self {
        let mut complete = Self { grid: grid.to_vec(), names: Vec::new(), errors: Vec::new(), left_out: Vec::new() };
        for NamedCurve { name, points } in curves {
            match on_grid(grid, &points) {
                Ok(errors) => {
                    complete.names.push(name);
                    complete.errors.push(errors);
                }
                Err((missing, foreign)) => complete.left_out.push(IncompleteRun { name, missing, foreign }),
            }
        }
        complete
    }

    /// The errors of all runs at a place; none where it is not of the grid.
    pub fn at(&self, place: &X) -> Option<Vec<f64>> {
        let column = self.grid.iter().position(|known| known == place)?;
        Some(self.errors.iter().map(|row| row[column]).collect())
    }
}

/// Missing and foreign places.
type Misfit<X> = (Vec<X>, Vec<X>);

fn on_grid<X: Clone + PartialEq>(grid: &[X], points: &[(X, f64)]) -> Result<Vec<f64>, Misfit<X>> {
    // Nearly every curve has the grid's places in the grid's order; a search for each would take their square.
    let in_order = grid.len() == points.len() && grid.iter().zip(points).all(|(place, (at, _))| place == at);
    if in_order && points.iter().all(|(_, error)| error.is_finite()) {
        return Ok(points.iter().map(|(_, error)| *error).collect());
    }
    let mut errors = vec![None; grid.len()];
    let mut foreign = Vec::new();
    for (at, error) in points {
        match grid.iter().position(|place| place == at) {
            Some(place) if errors[place].is_none() => errors[place] = Some(*error),
            _ => foreign.push(at.clone()),
        }
    }
    let finite = |error: &Option<f64>| error.filter(|error| error.is_finite());
    let missing: Vec<X> =
        grid.iter().zip(&errors).filter(|(_, error)| finite(error).is_none()).map(|(place, _)| place.clone()).collect();
    if missing.is_empty() && foreign.is_empty() {
        Ok(errors.into_iter().flatten().collect())
    } else {
        Err((missing, foreign))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, points: &[(u64, f64)]) -> NamedCurve<u64> {
        NamedCurve { name: name.to_owned(), points: points.to_vec() }
    }

    #[test]
    fn only_complete_rows_are_taken() {
        let curves = vec![
            named("seed 0", &[(1, 0.5), (2, 0.4), (5, 0.3)]),
            named("seed 1", &[(1, 0.5), (2, f64::NAN)]),
            named("seed 2", &[(5, 0.2), (1, 0.6), (2, 0.5)]),
            named("seed 3", &[(1, 0.5), (2, 0.4), (5, 0.3), (9, 0.2)]),
            named("seed 4", &[(1, 0.5), (2, 0.4), (5, 0.3), (2, 0.4)]),
        ];
        let found = CompleteCurves::of(&[1, 2, 5], curves);
        assert_eq!(found.names, ["seed 0", "seed 2"]);
        assert_eq!(found.errors, [[0.5, 0.4, 0.3], [0.6, 0.5, 0.2]]);
        let left_out = |name: &str, missing: &[u64], foreign: &[u64]| IncompleteRun {
            name: name.to_owned(),
            missing: missing.to_vec(),
            foreign: foreign.to_vec(),
        };
        let expected = [left_out("seed 1", &[2, 5], &[]), left_out("seed 3", &[], &[9]), left_out("seed 4", &[], &[2])];
        assert_eq!(found.left_out, expected);
        assert_eq!((found.at(&5), found.at(&9)), (Some(vec![0.3, 0.2]), None));
    }

    #[test]
    fn places_may_be_labels() {
        let curve = NamedCurve { name: "seed 0".to_owned(), points: vec![("all", 0.6), ("none", 0.7)] };
        assert_eq!(CompleteCurves::of(&["none", "all"], vec![curve]).errors, [[0.7, 0.6]]);
    }
}
