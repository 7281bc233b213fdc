//! Which runs share a source: they are not independent.

use std::collections::BTreeSet;

use crate::analysis::inference::{SampleError, average_clusters};
use crate::report::read::Run;
use crate::text;

/// How seeds share sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sources {
    /// No source.
    None,
    /// Each seed has its own source.
    Own,
    /// All seeds share one source.
    One,
    /// Some seeds share a source; the mean of such a cluster counts as one seed.
    Clusters,
}

/// The source hash of each run.
pub(super) fn source_hashes<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Vec<Option<String>> {
    runs.into_iter().map(|run| run.source_hash.clone()).collect()
}

/// How seeds share sources, and their rows: the mean row of each source if only some seeds share one.
pub(super) fn independent_rows(
    hashes: &[Option<String>],
    rows: Vec<Vec<f64>>,
) -> Result<(Sources, Vec<Vec<f64>>), SampleError> {
    let sources = Sources::of(hashes);
    let rows = if sources == Sources::Clusters { average_clusters(hashes, &rows)? } else { rows };
    Ok((sources, rows))
}

impl Sources {
    /// From the source hash of each seed.
    pub(super) fn of(hashes: &[Option<String>]) -> Self {
        let mut known: Vec<&String> = hashes.iter().flatten().collect();
        let all = known.len();
        known.sort();
        known.dedup();
        match known.len() {
            0 => Self::None,
            sources if sources == all => Self::Own,
            1 => Self::One,
            _ => Self::Clusters,
        }
    }

    /// The number of independent seeds, given the source hash of each.
    pub(super) fn independent_seeds(hashes: &[Option<String>]) -> usize {
        let sources = || hashes.iter().flatten().collect::<BTreeSet<_>>().len();
        if Self::of(hashes) == Self::Clusters { sources() } else { hashes.len() }
    }

    /// The number of independent values in words.
    pub(super) fn counted(self, independent: usize) -> String {
        match self {
            Self::Clusters => text::counted(independent, "source", "sources"),
            Self::None | Self::Own | Self::One => text::counted(independent, "seed", "seeds"),
        }
    }

    /// What this limits in a statement about so many independent values, as a sentence.
    pub(super) fn limit(self, independent: usize) -> Option<String> {
        match self {
            Self::One => Some("all seeds share one source, so it holds only for that source".to_owned()),
            Self::Clusters => Some(format!("seeds that share a source count as one: {independent} clusters")),
            Self::None | Self::Own => None,
        }
    }
}
