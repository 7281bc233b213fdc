//! Reads `metrics.csv` as columns: only those that a report draws, so that a thousand runs fit into memory.

use std::path::Path;

use super::measure::Measure;
use crate::analysis::Point;
use crate::rundir::SETTLED_STEPS;
use crate::spec::FINAL_EPOCHS;

/// Larger epochs are treated as errors.
const LAST_EPOCH: u64 = 1 << 52;

/// The curves of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::report) struct Curves {
    columns: [Vec<Point>; Measure::ALL.len()],
    /// The last epoch with a row.
    pub(in crate::report) last_epoch: u64,
    /// The first epoch after `SETTLED_STEPS`.
    pub(in crate::report) settled_epoch: u64,
}

impl Curves {
    /// Reads a table. The error is the reason to leave the run out.
    pub(in crate::report) fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("cannot read `metrics.csv`: {error}"))?;
        Self::parse(&bytes)
    }

    /// Parses a table.
    pub(in crate::report) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
        let header =
            reader.byte_headers().map_err(|error| format!("`metrics.csv` is not a CSV table: {error}"))?.clone();
        let column = |name: &str| header.iter().position(|field| field == name.as_bytes());
        let needed = |name: &str| {
            column(name).ok_or_else(|| format!("`metrics.csv` has no column `{name}`: it is not from freezewise"))
        };
        let (epoch_at, step_at) = (needed("epoch")?, needed("step")?);
        needed(Measure::Test.column())?;
        let places = Measure::ALL.map(|measure| column(measure.column()));
        let (mut curves, mut settled, mut last) = (Self::default(), None, None);
        let mut record = csv::ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(|error| format!("`metrics.csv` is torn: {error}"))? {
            let epoch = whole(&record, epoch_at).filter(|epoch| *epoch < LAST_EPOCH);
            let epoch = epoch.ok_or("`metrics.csv` has a row without an epoch")?;
            if last.is_some_and(|last| epoch <= last) {
                return Err(format!("`metrics.csv` has epoch {epoch} out of order"));
            }
            last = Some(epoch);
            if settled.is_none() && whole(&record, step_at).is_some_and(|step| step >= SETTLED_STEPS) {
                settled = Some(epoch);
            }
            for (place, measure) in places.iter().zip(Measure::ALL) {
                if let Some(error) = place.and_then(|place| fraction(&record, place)) {
                    // A field that is not a number comes as NaN.
                    if !(0.0..=1.0).contains(&error) {
                        return Err(format!("`{}` at epoch {epoch} is not in [0, 1]", measure.column()));
                    }
                    curves.columns[measure as usize].push(Point { epoch, error });
                }
            }
        }
        curves.last_epoch = last.ok_or("`metrics.csv` has no rows")?;
        curves.settled_epoch = settled.unwrap_or(curves.last_epoch);
        Ok(curves)
    }

    /// The first of the epochs whose mean is the final error.
    pub(in crate::report) fn first_final_epoch(&self) -> u64 {
        (self.last_epoch + 1).saturating_sub(FINAL_EPOCHS).max(1)
    }

    /// Removes a measure.
    pub(in crate::report) fn forget(&mut self, measure: Measure) {
        self.columns[measure as usize] = Vec::new();
    }

    /// Removes the points of a measure before an epoch.
    pub(in crate::report) fn cut_before(&mut self, measure: Measure, epoch: u64) {
        self.columns[measure as usize].retain(|point| point.epoch >= epoch);
    }

    /// The points of a measure, by epoch.
    pub(in crate::report) fn of(&self, measure: Measure) -> &[Point] {
        &self.columns[measure as usize]
    }
}

fn whole(record: &csv::ByteRecord, place: usize) -> Option<u64> {
    std::str::from_utf8(record.get(place)?).ok()?.parse().ok()
}

/// `None` for an empty field; NaN for one that is not a number.
fn fraction(record: &csv::ByteRecord, place: usize) -> Option<f64> {
    let field = record.get(place).filter(|field| !field.is_empty())?;
    Some(std::str::from_utf8(field).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "phase,epoch,step,train_error,test_error\n";

    fn reason(rows: &str) -> String {
        Curves::parse(format!("{HEADER}{rows}").as_bytes()).expect_err("a reason")
    }

    #[test]
    fn columns_are_read_by_name() {
        let text = "test_error,step,epoch,notes\n0.9,0,0,a\n,40,1,b\n0.5,80,2,c\n";
        let curves = Curves::parse(text.as_bytes()).expect("a table");
        let points = [Point { epoch: 0, error: 0.9 }, Point { epoch: 2, error: 0.5 }];
        assert_eq!(curves.of(Measure::Test), points);
        assert!(curves.of(Measure::Train).is_empty());
        assert_eq!((curves.last_epoch, curves.settled_epoch), (2, 2));
    }

    #[test]
    fn invalid_tables_are_rejected_with_a_reason() {
        assert!(Curves::parse(b"time,value\n1,2\n").is_err_and(|reason| reason.contains("not from freezewise")));
        assert_eq!(reason(""), "`metrics.csv` has no rows");
        assert_eq!(reason("target,3,9,0.1,NaN\n"), "`test_error` at epoch 3 is not in [0, 1]");
        assert_eq!(reason("target,3,9,x,0.1\n"), "`train_error` at epoch 3 is not in [0, 1]");
        assert_eq!(reason("target,3,9,,0.1\ntarget,3,9,,0.1\n"), "`metrics.csv` has epoch 3 out of order");
        assert!(reason("target,3\n").contains("torn"));
    }
}
