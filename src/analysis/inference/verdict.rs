//! Whether a stated bump may be claimed.

use serde::{Deserialize, Serialize};

use super::bump::BumpEvidence;
use super::controls::{NotSurviving, Survival, survival};
use super::holm::SIGNIFICANCE;
use crate::analysis::Regime;

/// Smallest number of seeds for a claim of double descent. Three seeds are exploratory, one is a picture.
pub const LEAST_SEEDS: usize = 8;

/// The regimes on both sides of the peak, one per seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteRegimes {
    /// Regimes at the first valley.
    pub first_valley: Vec<Regime>,
    /// Regimes at the later valley.
    pub later_valley: Vec<Regime>,
}

/// A part of a bump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BumpPart {
    /// From the first valley to the peak.
    Rise,
    /// From the peak to the later valley.
    Drop,
}

/// Why a stated bump is not a claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shortfall {
    /// Fewer seeds than a claim needs.
    TooFewSeeds {
        /// Seeds given.
        seeds: usize,
        /// Seeds required.
        least: usize,
    },
    /// The corrected p-value is above the level.
    NotSignificant {
        /// p-value, corrected for the number of claims.
        p: f64,
        /// Significance level.
        level: f64,
    },
    /// The 97.5% interval of a part includes zero.
    IntervalIncludesZero {
        /// Rise or drop.
        part: BumpPart,
        /// Lower end of the interval.
        lower: f64,
    },
    /// The mean of a part is below the stated smallest size.
    TooSmall {
        /// Rise or drop.
        part: BumpPart,
        /// Mean of the part.
        mean: f64,
        /// Stated smallest size.
        least: f64,
    },
    /// No control was run.
    NoControl,
    /// The effect does not survive the control.
    ControlNotSurvived {
        /// The reasons.
        losses: Vec<NotSurviving>,
    },
}

/// What can be said about a stated bump.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BumpVerdict {
    /// The claim holds, from an underparameterized to an overparameterized regime.
    DoubleDescent,
    /// There is a bump, but fewer than 7 of 8 seeds have the regimes of double descent on its sides.
    Bump {
        /// Seeds underparameterized at the first valley.
        under: usize,
        /// Seeds overparameterized at the later valley.
        over: usize,
    },
    /// The claim does not hold, for all of these reasons.
    NotShown(Vec<Shortfall>),
}

/// Judges a stated bump. `corrected_p` is its p-value after Holm's correction over all stated claims, `least_size` the
/// stated smallest rise and drop (such as 0.01), `control` the same contrast under a control. At least 7 in 8 seeds
/// must be `under` at the first valley and `over` at the later one.
pub fn bump_verdict(
    evidence: &BumpEvidence,
    corrected_p: f64,
    least_size: f64,
    regimes: &SiteRegimes,
    control: Option<&BumpEvidence>,
) -> BumpVerdict {
    let mut shortfalls = Vec::new();
    if evidence.seeds < LEAST_SEEDS {
        shortfalls.push(Shortfall::TooFewSeeds { seeds: evidence.seeds, least: LEAST_SEEDS });
    }
    if corrected_p > SIGNIFICANCE {
        shortfalls.push(Shortfall::NotSignificant { p: corrected_p, level: SIGNIFICANCE });
    }
    for (part, interval) in [(BumpPart::Rise, &evidence.rise), (BumpPart::Drop, &evidence.drop)] {
        if interval.lower <= 0.0 {
            shortfalls.push(Shortfall::IntervalIncludesZero { part, lower: interval.lower });
        }
        if interval.estimate < least_size {
            shortfalls.push(Shortfall::TooSmall { part, mean: interval.estimate, least: least_size });
        }
    }
    match survival(&evidence.into(), control.map(Into::into).as_ref()) {
        Survival::Survived { .. } => {}
        Survival::NotSurvived { losses, .. } => shortfalls.push(Shortfall::ControlNotSurvived { losses }),
        Survival::NotRun => shortfalls.push(Shortfall::NoControl),
    }
    if !shortfalls.is_empty() {
        return BumpVerdict::NotShown(shortfalls);
    }
    let count = |regimes: &[Regime], wanted| regimes.iter().filter(|&&regime| regime == wanted).count();
    let under = count(&regimes.first_valley, Regime::Under);
    let over = count(&regimes.later_valley, Regime::Over);
    if in_most(under, &regimes.first_valley) && in_most(over, &regimes.later_valley) {
        BumpVerdict::DoubleDescent
    } else {
        BumpVerdict::Bump { under, over }
    }
}

/// At least 7 in 8 of the seeds.
fn in_most(count: usize, regimes: &[Regime]) -> bool {
    !regimes.is_empty() && 8 * count >= 7 * regimes.len()
}

#[cfg(test)]
mod tests {
    use super::super::bump::{BumpContrasts, bump_evidence};
    use super::*;

    fn evidence(seeds: usize, rise: f64, drop: f64) -> BumpEvidence {
        let around = |size: f64| (0..seeds).map(|seed| size + (seed % 2) as f64 / 1000.0).collect();
        bump_evidence(&BumpContrasts { rises: around(rise), drops: around(drop) }, None).expect("a few seeds")
    }

    fn regimes(under: usize, over: usize) -> SiteRegimes {
        let of = |count, regime| (0..8).map(|seed| if seed < count { regime } else { Regime::Undecided }).collect();
        SiteRegimes { first_valley: of(under, Regime::Under), later_valley: of(over, Regime::Over) }
    }

    #[test]
    fn a_claim_that_holds() {
        let found = evidence(8, 0.11, 0.08);
        let judged = |regimes: &SiteRegimes| bump_verdict(&found, found.p, 0.01, regimes, Some(&found));
        assert_eq!(judged(&regimes(8, 7)), BumpVerdict::DoubleDescent);
        assert_eq!(judged(&regimes(6, 8)), BumpVerdict::Bump { under: 6, over: 8 });
        let none = SiteRegimes { first_valley: Vec::new(), later_valley: Vec::new() };
        assert_eq!(judged(&none), BumpVerdict::Bump { under: 0, over: 0 });
    }

    #[test]
    fn every_shortfall_is_listed() {
        let found = evidence(6, 0.11, 0.004);
        let verdict = bump_verdict(&found, 4.0 * found.p, 0.01, &regimes(8, 8), None);
        let expected = [
            Shortfall::TooFewSeeds { seeds: 6, least: 8 },
            Shortfall::NotSignificant { p: 0.0625, level: 0.05 },
            Shortfall::TooSmall { part: BumpPart::Drop, mean: found.drop.estimate, least: 0.01 },
            Shortfall::NoControl,
        ];
        assert_eq!(verdict, BumpVerdict::NotShown(expected.to_vec()));
        let falling = evidence(8, -0.05, 0.1);
        let BumpVerdict::NotShown(reasons) = bump_verdict(&falling, 0.01, 0.01, &regimes(8, 8), Some(&found)) else {
            panic!("a fall is no bump");
        };
        let lower = falling.rise.lower;
        assert!(reasons.contains(&Shortfall::IntervalIncludesZero { part: BumpPart::Rise, lower }), "{reasons:?}");
    }

    #[test]
    fn a_bump_that_averaging_removes_is_not_a_claim() {
        let (found, averaged) = (evidence(8, 0.17, 0.16), evidence(8, 0.08, 0.07));
        let verdict = bump_verdict(&found, found.p, 0.01, &regimes(8, 8), Some(&averaged));
        let lost = Shortfall::ControlNotSurvived { losses: vec![NotSurviving::TooSmall] };
        assert_eq!(verdict, BumpVerdict::NotShown(vec![lost]));
    }

    /// The published curve of `unstated_bump`: at epochs 26, 60 and 1000 it rises by 7.2 and drops by 7.4 points, with
    /// the standard deviations between seeds from its authors' logs. Their five seeds are not enough for a claim.
    #[test]
    fn the_published_bump_is_a_claim_of_eight_seeds() {
        let normal_scores = [-1.42, -0.85, -0.47, -0.15, 0.15, 0.47, 0.85, 1.42];
        let spread = |mean: f64, deviation: f64, step: usize| -> Vec<f64> {
            (0..8).map(|seed| (mean + deviation * normal_scores[seed * step % 8]) / 100.0).collect()
        };
        let of = |seeds: usize| {
            let errors = [spread(19.0, 0.9, 1), spread(26.2, 1.5, 3), spread(18.8, 0.5, 5)];
            let [first_valley, peak, later_valley] = errors.each_ref().map(|errors| &errors[..seeds]);
            let contrasts = BumpContrasts::new(first_valley, peak, later_valley).expect("one length");
            bump_evidence(&contrasts, None).expect("enough seeds")
        };
        let (eight, five) = (of(8), of(5));
        assert!((eight.size - 0.072).abs() < 1e-12 && eight.lower > 0.05 && eight.upper < 0.095, "{eight:?}");
        let verdict = bump_verdict(&eight, eight.p, 0.01, &regimes(8, 8), Some(&eight));
        assert_eq!(verdict, BumpVerdict::DoubleDescent);
        let verdict = bump_verdict(&five, five.p, 0.01, &regimes(8, 8), Some(&five));
        assert_eq!(verdict, BumpVerdict::NotShown(vec![Shortfall::TooFewSeeds { seeds: 5, least: 8 }]));
    }
}
