//! Curves of several seeds on a common grid, so that averages never mix different things.

use serde::{Deserialize, Serialize};

/// The curve of one run, as read from disk.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedCurve<X> {
    /// Name of the run in messages, such as its seed.
    pub name: String,
    /// Pairs of grid point (epoch, number of frozen layers) and error.
    pub points: Vec<(X, f64)>,
}

/// Curves of several runs, each with an error at every point of one grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompleteCurves<X> {
    /// Grid points.
    pub grid: Vec<X>,
    /// Names of the runs, in the order given.
    pub names: Vec<String>,
    /// `[run][place]`.
    pub errors: Vec<Vec<f64>>,
    /// Runs that do not fit the grid.
    pub left_out: Vec<IncompleteRun<X>>,
}

/// An excluded run, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncompleteRun<X> {
    /// Name of the run.
    pub name: String,
    /// Grid points without a finite error.
    pub missing: Vec<X>,
    /// Points that are not on the grid, or appear twice: the run had another schedule.
    pub foreign: Vec<X>,
}

impl<X: Clone + PartialEq> CompleteCurves<X> {
    /// Separates curves that have exactly the points of a grid from those that do not. The grid comes from the spec
    /// rather than from the curves; otherwise one longer run would exclude all others.
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

    /// The errors of all runs at a point; `None` if it is not on the grid.
    pub fn at(&self, place: &X) -> Option<Vec<f64>> {
        let column = self.grid.iter().position(|known| known == place)?;
        Some(self.errors.iter().map(|row| row[column]).collect())
    }
}

/// Missing and foreign points.
type Misfit<X> = (Vec<X>, Vec<X>);

fn on_grid<X: Clone + PartialEq>(grid: &[X], points: &[(X, f64)]) -> Result<Vec<f64>, Misfit<X>> {
    // Fast path: nearly every curve has the grid's points in order; searching for each would be quadratic.
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
