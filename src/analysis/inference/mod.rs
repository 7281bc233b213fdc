//! Statistical inference over seeds: tests, intervals, claims and controls.
//!
//! Every function is pure and takes one value or row per seed; pairing runs by seed is up to the caller. Tests are
//! exact sign-flip tests over seeds, intervals are Student's t. Simulations check the false-positive rate of each test
//! and the coverage of each interval. Nothing here knows about runs, files or specs.

mod bump;
mod bump_difference;
mod clusters;
mod controls;
mod delay;
mod equivalence;
mod holm;
mod interval;
mod sample;
mod sign_flip;
#[cfg(test)]
mod simulation;
mod source_order;
mod test_set;
mod unstated_bump;
mod valley;
mod verdict;

pub use bump::{BumpContrasts, BumpEvidence, BumpSites, ImageContrasts, bump_evidence};
pub use bump_difference::{BumpDifference, bump_difference};
pub use clusters::{average_clusters, linked_clusters};
pub use controls::{Effect, NotSurviving, RealityCheck, Survival, survival, survival_of_equivalence};
pub use delay::{Delay, RatioMeaning, ReachedEpoch, delay, delay_of_clusters};
pub use equivalence::{Equivalence, equivalence};
pub use holm::{SIGNIFICANCE, claims_carried, holm};
pub use interval::{Interval, t_interval, t_reach};
pub use sample::SampleError;
pub use sign_flip::{MOST_SEEDS, p_mean_nonzero, p_mean_positive};
pub use source_order::{OrderReversal, SourcePair, order_reversal};
pub use test_set::{error_differences, t_interval_over_images};
pub use unstated_bump::{UnstatedBump, held_out_contrasts, unstated_bump};
pub use valley::LeastSquaresValley;
pub use verdict::{BumpPart, BumpVerdict, LEAST_SEEDS, Shortfall, SiteRegimes, bump_verdict};
