//! The contrasts of a bump at grid points stated in advance.

use thiserror::Error;

use super::CompleteCurves;
use super::inference::{BumpContrasts, BumpSites};

/// Why stated points are not those of a bump.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SitesError<X> {
    /// No run was made or evaluated there.
    #[error("`{0}` is not on the grid")]
    NotOnGrid(X),
    /// The peak is not between the valleys.
    #[error("expected the first valley, the peak and the later valley in the order of the grid")]
    NotInOrder,
}

/// The contrasts of each complete run, in the order of `curves.names`. Points are in grid order: over frozen layers
/// from all frozen to none, so that the trainable part grows along the axis, as it does over epochs.
pub fn bump_contrasts<X: Clone + PartialEq>(
    curves: &CompleteCurves<X>,
    sites: &BumpSites<X>,
) -> Result<BumpContrasts, SitesError<X>> {
    let column = |place: &X| {
        let column = curves.grid.iter().position(|known| known == place);
        column.ok_or_else(|| SitesError::NotOnGrid(place.clone()))
    };
    let (first, peak, later) = (column(&sites.first_valley)?, column(&sites.peak)?, column(&sites.later_valley)?);
    if first >= peak || peak >= later {
        return Err(SitesError::NotInOrder);
    }
    let contrast = |valley: usize| curves.errors.iter().map(|row| row[peak] - row[valley]).collect();
    Ok(BumpContrasts { rises: contrast(first), drops: contrast(later) })
}

#[cfg(test)]
mod tests {
    use super::super::NamedCurve;
    use super::*;

    /// Frozen layers of a pilot's two seeds: only the head trains, 8 layers, none.
    #[test]
    fn places_are_looked_up_on_the_grid() {
        let named = |name: &str, errors: [f64; 3]| NamedCurve {
            name: name.to_owned(),
            points: ["all", "8", "0"].map(str::to_owned).into_iter().zip(errors).collect(),
        };
        let grid = ["all", "8", "0"].map(str::to_owned);
        let curves =
            CompleteCurves::of(&grid, vec![named("seed 0", [0.5, 0.75, 0.625]), named("seed 1", [0.5, 0.625, 0.5])]);
        let sites = |first: &str, peak: &str, later: &str| BumpSites {
            first_valley: first.to_owned(),
            peak: peak.to_owned(),
            later_valley: later.to_owned(),
        };
        let found = bump_contrasts(&curves, &sites("all", "8", "0"));
        assert_eq!(found, Ok(BumpContrasts { rises: vec![0.25, 0.125], drops: vec![0.125, 0.125] }));
        assert_eq!(bump_contrasts(&curves, &sites("0", "8", "all")), Err(SitesError::NotInOrder));
        let missing = bump_contrasts(&curves, &sites("all", "7", "0")).expect_err("no such cell");
        assert_eq!(missing.to_string(), "`7` is not on the grid");
    }
}
