//! Event files for TensorBoard: the rows of `metrics.csv` as scalars, named by their columns, at their optimizer steps.
//!
//! Each start of a run writes a new file with the rows so far and appends new ones, so that no step is duplicated when
//! a resumed run repeats epochs; a running TensorBoard discards what it read before (`SessionLog.START`).

mod message;
mod record;

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;

use super::directory::RunDirectory;
use super::row::Timing;
use crate::files::{self, Lines};
use crate::metrics::Metrics;

/// TensorBoard recognises event files by this part of their names, and reads files in the order of their names.
const PREFIX: &str = "events.out.tfevents.";

/// The event file of a running training.
pub struct EventFile {
    file: Lines,
}

impl EventFile {
    /// Replaces the event file of a run by a new one with its rows so far. Their times are computed backwards from now
    /// with `timing.csv`, so that TensorBoard's relative times are those of the training.
    pub fn create(directory: &RunDirectory, rows: &[Metrics], timing: &[Timing]) -> Result<Self> {
        let folder = directory.tensorboard();
        files::create_folder(&folder)?;
        files::remove_unfinished(&folder)?;
        let earlier: Vec<String> = files::names(&folder)?.into_iter().filter(|name| name.starts_with(PREFIX)).collect();
        let now = SystemTime::now();
        let path = folder.join(format!("{PREFIX}{:010}.freezewise", number(&earlier, now)));
        let mut bytes = record::framed(&message::version(seconds(now)));
        bytes.extend(record::framed(&message::start(seconds(now))));
        for (row, time) in rows.iter().zip(times(rows, timing, now)) {
            bytes.extend(record::framed(&scalars(row, time)?));
        }
        let file = Lines::create_bytes(&path, &bytes)?;
        earlier.iter().try_for_each(|name| files::remove(&folder.join(name)))?;
        Ok(Self { file })
    }

    /// Adds a row.
    pub fn append(&mut self, row: &Metrics) -> Result<()> {
        self.file.append_bytes(&record::framed(&scalars(row, SystemTime::now())?))
    }
}

/// The number in the name of a new file: the time in seconds, but larger than that of any earlier file.
fn number(earlier: &[String], now: SystemTime) -> u64 {
    let of_name = |name: &String| name.strip_prefix(PREFIX)?.split('.').next()?.parse::<u64>().ok();
    let last = earlier.iter().filter_map(of_name).max().map_or(0, |last| last.saturating_add(1));
    last.max(seconds(now) as u64)
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The time of each row, if the last one was measured now.
fn times(rows: &[Metrics], timing: &[Timing], now: SystemTime) -> Vec<SystemTime> {
    let took: HashMap<u64, f64> =
        timing.iter().map(|timing| (timing.epoch, timing.seconds + timing.evaluation_seconds)).collect();
    let mut times = Vec::with_capacity(rows.len());
    let mut time = now;
    for row in rows.iter().rev() {
        times.push(time);
        let took = took.get(&row.epoch).filter(|took| took.is_finite() && **took >= 0.0);
        time = time.checked_sub(Duration::from_secs_f64(took.copied().unwrap_or(0.0))).unwrap_or(time);
    }
    times.reverse();
    times
}

/// The event of a row, with all finite numbers.
fn scalars(row: &Metrics, time: SystemTime) -> Result<Vec<u8>> {
    let columns = serde_json::to_value(row)?;
    let columns = columns.as_object().into_iter().flatten().filter(|(name, _)| *name != "step");
    let values: Vec<(&str, f64)> = columns.filter_map(|(name, value)| Some((name.as_str(), value.as_f64()?))).collect();
    Ok(message::scalars(seconds(time), row.step, &values))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(epoch: u64) -> Metrics {
        Metrics { phase: "target".into(), epoch, step: epoch * 10, test_error: Some(0.5), ..Metrics::default() }
    }

    fn names(directory: &RunDirectory) -> Vec<String> {
        files::names(&directory.tensorboard()).expect("a folder")
    }

    #[test]
    fn each_start_creates_one_file_that_sorts_later() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let directory = RunDirectory::at(folder.path());
        EventFile::create(&directory, &[row(0)], &[])?.append(&row(1))?;
        let first = names(&directory);
        let file = EventFile::create(&directory, &[row(0), row(1)], &[])?;
        let second = names(&directory);
        assert!(first.len() == 1 && second.len() == 1 && second[0] > first[0], "{first:?} {second:?}");
        drop(file);
        Ok(())
    }

    #[test]
    fn a_row_is_an_event_of_its_measured_values() -> Result<()> {
        let event = scalars(&row(3), UNIX_EPOCH)?;
        assert_eq!(event, message::scalars(0.0, 30, &[("epoch", 3.0), ("test_error", 0.5)]));
        let infinite = Metrics { train_loss: Some(f64::NAN), ..row(3) };
        assert_eq!(scalars(&infinite, UNIX_EPOCH)?, event);
        Ok(())
    }

    #[test]
    fn times_are_reconstructed_from_durations() {
        let timing = |epoch, seconds| Timing { epoch, seconds, evaluation_seconds: 1.0, ..Timing::default() };
        let now = UNIX_EPOCH + Duration::from_secs(100);
        let times = times(&[row(0), row(1), row(2)], &[timing(1, 4.0), timing(2, 9.0)], now);
        assert_eq!(times.iter().map(|time| seconds(*time)).collect::<Vec<_>>(), [85.0, 90.0, 100.0]);
    }
}
