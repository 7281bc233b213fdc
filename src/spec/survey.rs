//! What a spec asks of the files of one's own data: it opens none itself.

use anyhow::Result;

use super::data::Data;
use super::experiment::Fit;
use crate::catalogue::Facts;

/// A question about a data set that the catalogue does not know.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Which.
    pub data: &'a Data,
    /// The side that its images will be given.
    pub side: Option<usize>,
    /// How they come to have it.
    pub fit: Fit,
}

/// Sees no data set.
#[cfg(test)]
pub(super) struct NoOne;

#[cfg(test)]
impl Survey for NoOne {
    fn facts(&self, _: &Question<'_>) -> Result<Option<Facts>> {
        Ok(None)
    }
}

/// Who can look at data sets.
pub trait Survey {
    /// The facts of a data set; none if it is not there.
    fn facts(&self, question: &Question<'_>) -> Result<Option<Facts>>;

    /// Whether a spec may be checked without its data. It is then valid as far as can be told.
    fn may_be_absent(&self, _what: &str) -> bool {
        false
    }
}
