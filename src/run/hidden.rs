//! What was measured for the summary alone, and is in no row of `metrics.csv`: the schedule did not ask for it.

use serde::{Deserialize, Serialize};

use super::metrics::Row;
use crate::spec::Evaluation;
use crate::train::Due;

/// Epochs whose errors no row tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// All that is measured in evaluation mode.
    #[serde(rename = "hidden")]
    evaluation: Vec<u64>,
    /// What is measured of the training examples in evaluation mode; older checkpoints hide it with the rest alone.
    #[serde(rename = "hidden_train", default)]
    train: Vec<u64>,
}

impl Hidden {
    /// Takes a row for what the schedule asked of it.
    pub(super) fn note(&mut self, row: &Row, scheduled: Due) {
        if row.test_error.is_some() && !scheduled.test {
            self.evaluation.push(row.epoch);
        } else if row.train_error.is_some() && !scheduled.train {
            self.train.push(row.epoch);
        }
    }

    /// Shows what the schedule asks for now.
    pub(super) fn follow(&mut self, evaluation: Evaluation) {
        let due = self.evaluation.extract_if(.., |epoch| evaluation.has(*epoch));
        self.train.extend(due);
        self.train.retain(|&epoch| !evaluation.has_train(epoch));
    }

    /// The same up to an epoch.
    pub(super) fn until(&self, last: u64) -> Self {
        let until = |epochs: &[u64]| epochs.iter().copied().filter(|&epoch| epoch <= last).collect();
        Self { evaluation: until(&self.evaluation), train: until(&self.train) }
    }

    /// A row without what is hidden of it.
    pub(super) fn rest(&self, row: &Row) -> Row {
        if self.evaluation.contains(&row.epoch) {
            row.without_evaluation()
        } else if self.train.contains(&row.epoch) {
            row.without_train()
        } else {
            row.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Rhythm;

    #[test]
    fn what_a_schedule_asks_for_is_shown_and_no_more() {
        let row = |epoch| Row { epoch, train_error: Some(0.1), test_error: Some(0.2), ..Row::default() };
        let mut hidden = Hidden::default();
        let rows = [row(6), row(7), row(8)];
        hidden.note(&rows[0], Due::ALL);
        hidden.note(&rows[1], Due { train: false, test: false });
        hidden.note(&rows[2], Due { train: false, test: true });
        let shown =
            |hidden: &Hidden| rows.clone().map(|row| hidden.rest(&row)).map(|row| (row.train_error, row.test_error));
        let (train, test) = (Some(0.1), Some(0.2));
        assert_eq!(shown(&hidden), [(train, test), (None, None), (None, test)]);
        assert_eq!(shown(&hidden.until(7)), [(train, test), (None, None), (train, test)]);
        hidden.follow(Evaluation { test: Rhythm::Every(1), train: Rhythm::Every(4) });
        assert_eq!(shown(&hidden), [(train, test), (None, test), (train, test)]);
        hidden.follow(Rhythm::Every(1).into());
        assert_eq!(hidden, Hidden::default());
    }
}
