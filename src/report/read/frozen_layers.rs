//! The number of frozen layers, k, as text.

/// The number of frozen layers, and the number of layers if known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) struct FrozenLayers {
    pub(in crate::report) count: usize,
    pub(in crate::report) all: Option<usize>,
}

impl FrozenLayers {
    /// For a sentence.
    pub(in crate::report) fn phrase(self) -> String {
        if self.is_head_alone() { "with all layers frozen".to_owned() } else { format!("at k = {}", self.count) }
    }

    /// For an axis or a legend.
    pub(in crate::report) fn short(self) -> String {
        if self.is_head_alone() { "all".to_owned() } else { self.count.to_string() }
    }

    fn is_head_alone(self) -> bool {
        self.count > 0 && self.all == Some(self.count)
    }
}
