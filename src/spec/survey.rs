//! What a spec asks of the files of one's own data: it opens none itself.

use std::cell::RefCell;

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

/// Asks another once, however many cells of a sweep ask the same.
#[derive(Debug)]
pub struct Remembered<S> {
    inner: S,
    known: RefCell<Vec<SurveyAnswer>>,
}

/// A question and its answer.
#[derive(Debug)]
struct SurveyAnswer {
    data: Data,
    side: Option<usize>,
    fit: Fit,
    facts: Option<Facts>,
}

impl<S> Remembered<S> {
    /// Knows nothing yet.
    pub fn new(inner: S) -> Self {
        Self { inner, known: RefCell::new(Vec::new()) }
    }
}

impl<S: Survey> Survey for Remembered<S> {
    fn facts(&self, question: &Question<'_>) -> Result<Option<Facts>> {
        let Question { data, side, fit } = *question;
        let is_same = |known: &&SurveyAnswer| known.data == *data && known.side == side && known.fit == fit;
        if let Some(known) = self.known.borrow().iter().find(is_same) {
            return Ok(known.facts.clone());
        }
        let facts = self.inner.facts(question)?;
        self.known.borrow_mut().push(SurveyAnswer { data: data.clone(), side, fit, facts: facts.clone() });
        Ok(facts)
    }

    fn may_be_absent(&self, what: &str) -> bool {
        self.inner.may_be_absent(what)
    }
}
