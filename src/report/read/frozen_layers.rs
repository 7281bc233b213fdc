//! k as a report names it.

/// The key that is an axis of its own in every report.
pub(in crate::report) const FROZEN_LAYERS: &str = "transfer.frozen_layers";

/// How many layers are frozen, and of how many where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) struct FrozenLayers {
    pub(in crate::report) count: usize,
    pub(in crate::report) all: Option<usize>,
}

impl FrozenLayers {
    /// In a sentence.
    pub(in crate::report) fn phrase(self) -> String {
        if self.is_head_alone() { "with the head alone".to_owned() } else { format!("at k = {}", self.count) }
    }

    /// On an axis and in a legend.
    pub(in crate::report) fn short(self) -> String {
        if self.is_head_alone() { "all".to_owned() } else { self.count.to_string() }
    }

    fn is_head_alone(self) -> bool {
        self.count > 0 && self.all == Some(self.count)
    }
}
