//! Collects the problems of a spec, each with the place of its key.

use super::problem::Problem;
use super::tree::Node;

/// Problems of a spec, and the tree that knows their places.
pub(super) struct ProblemReport<'a> {
    root: &'a Node,
    problems: Vec<Problem>,
}

impl<'a> ProblemReport<'a> {
    /// Starts from problems that are already known.
    pub(super) fn new(root: &'a Node, problems: Vec<Problem>) -> Self {
        Self { root, problems }
    }

    /// Reports a problem with a key, unless that key already has one: one mistake, one message.
    pub(super) fn add(&mut self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.report(key, message.into(), hint.into(), false);
    }

    /// Like `add`, for a problem of the data set that the spec names.
    pub(super) fn add_of_data(&mut self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.report(key, message.into(), hint.into(), true);
    }

    fn report(&mut self, key: &str, message: String, hint: String, of_data: bool) {
        if self.problems.iter().any(|problem| problem.key == key) || (!of_data && self.has_unknown_classes(key)) {
            return;
        }
        let place = self.root.place_of(key).clone();
        self.problems.push(Problem { place, key: key.to_owned(), message, hint: Some(hint), of_data });
    }

    /// Whether a key selects classes of data that cannot be read; which classes exist is then unknown.
    fn has_unknown_classes(&self, key: &str) -> bool {
        let table = key.strip_suffix(".classes");
        let of = |problem: &Problem| problem.key.split('.').next().map(str::to_owned);
        table.is_some_and(|table| {
            self.problems.iter().any(|problem| problem.of_data && of(problem).as_deref() == Some(table))
        })
    }

    /// Whether the user set a key.
    pub(super) fn wrote(&self, key: &str) -> bool {
        self.root.has(key)
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}
