//! Questions of a spec about data sets on disk. The spec itself opens none.

use std::cell::RefCell;

use anyhow::Result;

use super::data::Data;
use super::image_fit::Fit;
use crate::catalogue::Facts;

/// A question about a data set that is not in the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The data set.
    pub data: &'a Data,
    /// The side that its images will have, in pixels; `None`: their own.
    pub side: Option<usize>,
    /// How the images are fitted to it.
    pub fit: Fit,
}

/// Finds no data set.
#[cfg(test)]
pub(super) struct NoOne;

#[cfg(test)]
impl Survey for NoOne {
    fn facts(&self, _: &Question<'_>) -> Result<Option<Facts>> {
        Ok(None)
    }
}

/// Looks up facts about data sets on disk.
pub trait Survey {
    /// Facts about a data set; `None` if it does not exist.
    fn facts(&self, question: &Question<'_>) -> Result<Option<Facts>>;

    /// A hint on an archive in the place of a data set that does not exist.
    fn packed(&self, _: &Data) -> Option<String> {
        None
    }

    /// Whether to accept a spec whose data do not exist. It is then validated as far as possible.
    fn may_be_absent(&self, _what: &str) -> bool {
        false
    }
}

/// Caches the answers of another survey, for the many cells of a sweep.
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
    /// An empty cache over another survey.
    pub fn new(inner: S) -> Self {
        Self { inner, known: RefCell::new(Vec::new()) }
    }

    /// Who is asked.
    pub fn inner(&self) -> &S {
        &self.inner
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

    fn packed(&self, data: &Data) -> Option<String> {
        self.inner.packed(data)
    }

    fn may_be_absent(&self, what: &str) -> bool {
        self.inner.may_be_absent(what)
    }
}
