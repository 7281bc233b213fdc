//! What a schedule shows of an epoch's numbers, and what it asks for and they lack. Both follow from the columns'
//! declaration: a new measure is decided on here, a new column of a measure nowhere.

use crate::metrics::{MeasuredBy, Metrics};
use crate::spec::{Due, Evaluation, ExtraMeasures};

impl Metrics {
    /// The row as `metrics.csv` shows it: only columns that the schedule asks for. Others were measured for the
    /// summary, or for an earlier schedule of the run.
    #[must_use]
    pub fn shown(&self, evaluation: Evaluation) -> Self {
        let due = Due::scheduled(self.epoch, evaluation);
        self.without(|measure| !is_due(measure, due))
    }

    /// Whether a measure was due and wanted, and the row has none of its columns. It may lack some of them: a run that an
    /// older version trained stays as it is, with the new columns of a measure empty.
    pub fn lacks(&self, measure: MeasuredBy, due: Due, wanted: ExtraMeasures) -> bool {
        is_due(measure, due) && is_on(measure, wanted) && !has(self, measure)
    }
}

/// Whether a row has any column of a measure.
fn has(row: &Metrics, measure: MeasuredBy) -> bool {
    row.without(|other| other != measure) != row.without(|_| true)
}

/// Whether a measure is due where these errors are.
fn is_due(measure: MeasuredBy, due: Due) -> bool {
    match measure {
        MeasuredBy::Test | MeasuredBy::TestAveraged => due.test,
        MeasuredBy::Train | MeasuredBy::TrainAveraged => due.train,
        MeasuredBy::Norms => true,
    }
}

/// Whether the spec turns a measure on.
fn is_on(measure: MeasuredBy, wanted: ExtraMeasures) -> bool {
    match measure {
        MeasuredBy::Test | MeasuredBy::Train => true,
        MeasuredBy::TestAveraged | MeasuredBy::TrainAveraged => wanted.averaging.is_some(),
        MeasuredBy::Norms => wanted.norms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::COLUMNS;
    use crate::spec::{EvaluationSchedule, HalfLife};

    const DUE: Due = Due { train: true, test: true };
    const WANTED: ExtraMeasures =
        ExtraMeasures { averaging: Some(HalfLife::Steps(3)), norms: true, ..ExtraMeasures::NONE };

    /// A row with nothing but its place and one column.
    fn with(column: &str) -> Metrics {
        let table = format!("phase,epoch,step,{column}\ntarget,3,9,0.5\n");
        crate::rundir::parse(table.as_bytes()).expect("a row").remove(0)
    }

    /// Those due and wanted that a row lacks.
    fn lacked(row: &Metrics, due: Due, wanted: ExtraMeasures) -> Vec<MeasuredBy> {
        MeasuredBy::ALL.into_iter().filter(|&measure| row.lacks(measure, due, wanted)).collect()
    }

    #[test]
    fn missing_measures_follow_from_the_columns() {
        let bare = Metrics { epoch: 3, step: 9, ..Metrics::default() };
        assert_eq!(lacked(&bare, DUE, WANTED), MeasuredBy::ALL);
        for column in COLUMNS.iter().filter(|column| !["phase", "epoch", "step"].contains(&column.name)) {
            // Also shows that `ALL` has every measure.
            let others = MeasuredBy::ALL.into_iter().filter(|&measure| Some(measure) != column.measured);
            assert_eq!(lacked(&with(column.name), DUE, WANTED), others.collect::<Vec<_>>(), "{}", column.name);
        }
        let few = lacked(&bare, Due { train: false, test: true }, ExtraMeasures::NONE);
        assert_eq!(few, [MeasuredBy::Test]);
        assert!(lacked(&bare, Due { train: false, test: false }, ExtraMeasures::NONE).is_empty());
    }

    #[test]
    fn a_schedule_hides_only_what_an_evaluation_measures() {
        let never = Evaluation::from(EvaluationSchedule::Every(4));
        for column in COLUMNS.iter().filter(|column| !["phase", "epoch", "step"].contains(&column.name)) {
            let (row, bare) =
                (with(column.name), Metrics { phase: "target".into(), epoch: 3, step: 9, ..Metrics::default() });
            let stays = column.measured.is_none_or(|measure| measure == MeasuredBy::Norms);
            assert_eq!(row.shown(never) == row, stays, "{}", column.name);
            assert_eq!(row.shown(never) == bare, !stays, "{}", column.name);
            assert_eq!(row.shown(EvaluationSchedule::Every(1).into()), row);
        }
    }
}
