//! Which runs share a source: they are not independent.

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

    /// What this limits in a statement about so many independent values, as a sentence.
    pub(super) fn limit(self, independent: usize) -> Option<String> {
        match self {
            Self::One => Some("all seeds share one source, so it holds only for that source".to_owned()),
            Self::Clusters => Some(format!("seeds that share a source count as one: {independent} clusters")),
            Self::None | Self::Own => None,
        }
    }
}
