//! CSV tables with one row per epoch. An empty field was not measured; floats are read back exactly.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::files::{self, Lines, write_atomically};

/// A CSV file with rows of one type, open for appending.
pub struct CsvTable<T> {
    lines: Lines,
    row: std::marker::PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned + Default> CsvTable<T> {
    /// Creates the file with its header and the given rows.
    pub fn create(path: &Path, rows: &[T]) -> Result<Self> {
        let mut start = header::<T>()?;
        for row in rows {
            start.push_str(&text(row, false)?);
        }
        Ok(Self { lines: Lines::create(path, &start)?, row: std::marker::PhantomData })
    }

    /// Opens a file and cuts rows after an epoch, and incomplete rows. If another version wrote it, it is written again
    /// with the present columns: those that it lacks are empty, those that are gone are dropped.
    pub fn cut(path: &Path, last_epoch: u64) -> Result<Self> {
        let bytes = files::read_if_there(path)?.unwrap_or_default();
        let start = kept::<T>(&bytes, last_epoch)?;
        Ok(Self { lines: Lines::create(path, &start)?, row: std::marker::PhantomData })
    }

    /// Appends a row.
    pub fn append(&mut self, row: &T) -> Result<()> {
        self.lines.append(text(row, false)?.trim_end())
    }

    /// Waits until the rows are on disk.
    pub fn sync(&self) -> Result<()> {
        self.lines.sync()
    }
}

fn header<T: Serialize + Default>() -> Result<String> {
    let table = text(&T::default(), true)?;
    Ok(format!("{}\n", table.lines().next().unwrap_or_default()))
}

/// What stays of a table up to an epoch, with the present columns.
fn kept<T: Serialize + DeserializeOwned + Default>(bytes: &[u8], last_epoch: u64) -> Result<String> {
    let present = header::<T>()?;
    let line = bytes.split_inclusive(|&byte| byte == b'\n').next().unwrap_or_default();
    let Ok(own) = std::str::from_utf8(line) else { return Ok(present) };
    // Every version begins a row with its phase and epoch.
    let is_table = own.ends_with('\n') && own.split(',').take(2).eq(present.split(',').take(2));
    if !is_table {
        return Ok(present);
    }
    let whole = cut(bytes, own, last_epoch);
    if own == present {
        return Ok(String::from_utf8_lossy(whole).into_owned());
    }
    let rows: Vec<T> = parse(whole).unwrap_or_default();
    rows.iter().try_fold(present, |table, row| Ok(table + &text(row, false)?))
}

fn text<T: Serialize>(row: &T, header: bool) -> Result<String> {
    let mut writer = csv::WriterBuilder::new().has_headers(header).from_writer(Vec::new());
    writer.serialize(row)?;
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// The beginning of a table: the header and the complete rows of epochs 0 to `last_epoch` without a gap; empty if the
/// header differs.
pub fn cut<'a>(bytes: &'a [u8], header: &str, last_epoch: u64) -> &'a [u8] {
    if !bytes.starts_with(header.as_bytes()) {
        return &[];
    }
    let columns = header.split(',').count();
    let mut length = header.len();
    for (epoch, line) in (0..=last_epoch).zip(bytes[length..].split_inclusive(|&byte| byte == b'\n')) {
        let whole = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
        let fits = whole.is_some_and(|line| {
            // Lines that a CSV reader could take for more or less than one row were not written by this program.
            let plain = !line.contains(|letter: char| letter == '"' || letter.is_control());
            let mut fields = line.split(',');
            plain && line.split(',').count() == columns && fields.nth(1) == Some(epoch.to_string().as_str())
        });
        if !fits {
            break;
        }
        length += line.len();
    }
    &bytes[..length]
}

/// The complete rows of a file; empty if it does not exist or has other columns.
pub fn whole_rows<T: Serialize + DeserializeOwned + Default>(path: &Path) -> Result<Vec<T>> {
    let header = header::<T>()?;
    let bytes = files::read_if_there(path)?.unwrap_or_default();
    let Some(rows) = bytes.strip_prefix(header.as_bytes()) else { return Ok(Vec::new()) };
    let row = |line: &[u8]| parse(&[header.as_bytes(), line].concat()).ok()?.pop();
    let lines = rows.split_inclusive(|&byte| byte == b'\n');
    Ok(lines.map_while(|line| row(line.strip_suffix(b"\n")?)).collect())
}

/// Parses the rows of a table.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>> {
    Ok(csv::Reader::from_reader(bytes).deserialize().collect::<Result<_, _>>()?)
}

/// Formats a table.
pub fn table<T: Serialize>(rows: &[T]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    Ok(writer.into_inner()?)
}

/// Writes a table atomically.
pub fn write_rows<T: Serialize>(path: &Path, rows: &[T]) -> Result<()> {
    write_atomically(path, &table(rows)?)
}

/// The last complete row of a table.
pub fn last_row<T: DeserializeOwned>(path: &Path) -> Option<T> {
    // In bytes. No row is nearly as long.
    const LONGEST: u64 = 8192;
    let mut file = std::fs::File::open(path).ok()?;
    let mut header = String::new();
    BufReader::new(&file).read_line(&mut header).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST).max(header.len() as u64))).ok()?;
    let mut end = Vec::new();
    file.read_to_end(&mut end).ok()?;
    let end = String::from_utf8_lossy(&end);
    let whole = end.rsplit_once('\n')?.0;
    let last = whole.rsplit_once('\n').map_or(whole, |(_, last)| last);
    parse(format!("{header}{last}\n").as_bytes()).ok()?.pop()
}

/// Reads all rows of a CSV file.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let read = || parse(&std::fs::read(path)?);
    read().with_context(|| format!("cannot read `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{COLUMNS, Metrics};
    use crate::rundir::Timing;
    use crate::spec::{Evaluation, EvaluationSchedule};

    #[test]
    fn a_row_shows_the_scheduled_measures() {
        let row = |epoch| Metrics { epoch, train_error: Some(0.1), test_error: Some(0.2), ..Metrics::default() };
        let every = |epochs| EvaluationSchedule::Every(epochs);
        let evaluation = Evaluation { train: every(4), ..every(2).into() };
        let shown = |epoch: u64| row(epoch).shown(evaluation);
        let errors = [7, 6, 8].map(|epoch| (shown(epoch).train_error, shown(epoch).test_error));
        assert_eq!(errors, [(None, None), (None, Some(0.2)), (Some(0.1), Some(0.2))]);
        assert_eq!(row(7).shown(EvaluationSchedule::Every(1).into()), row(7));
    }

    #[test]
    fn whole_rows_end_where_an_interruption_did() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("probes.csv");
        assert!(whole_rows::<Metrics>(&path)?.is_empty());
        let rows = [1, 2].map(|epoch| Metrics { phase: "target".into(), epoch, ..Metrics::default() });
        CsvTable::create(&path, &rows)?;
        let text = std::fs::read_to_string(&path)?;
        assert_eq!(whole_rows::<Metrics>(&path)?, rows);
        for (torn, whole) in [
            (format!("{text}target,3,"), 2),
            (format!("{text}target,3,\ntarget,4"), 2),
            (text[..text.len() - 1].to_owned(), 1),
            (text.replacen("phase", "face", 1), 0),
            (text[..9].to_owned(), 0),
        ] {
            std::fs::write(&path, &torn)?;
            assert_eq!(whole_rows::<Metrics>(&path)?, rows[..whole], "{torn}");
        }
        Ok(())
    }

    #[test]
    fn rows_with_other_columns_are_kept_by_name() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("timing.csv");
        let own = "phase,epoch,seconds,images_per_second,evaluation_seconds,peak_memory_bytes,free_memory_bytes\n";
        let kept = |old: &str| -> Result<String> {
            std::fs::write(&path, old)?;
            CsvTable::<Timing>::cut(&path, 1)?;
            Ok(std::fs::read_to_string(&path)?)
        };
        // Of a version without the last column, and of one with another.
        let old = "phase,epoch,seconds,images_per_second,evaluation_seconds,peak_memory_bytes\n\
                   target,0,0.0,,0.25,7\ntarget,1,0.1,2.5,0.5,8\ntarget,2,0.1,2.5,0.5,9\n";
        assert_eq!(kept(old)?, format!("{own}target,0,0.0,,0.25,7,\ntarget,1,0.1,2.5,0.5,8,\n"));
        let later = "phase,epoch,watts,seconds\ntarget,0,300,1.5\ntarget,1,3";
        assert_eq!(kept(later)?, format!("{own}target,0,1.5,,0.0,,\n"));
        for other in ["", "phase", "phase,epoch,seconds", "a,b\nc,0\n", "phase,epoch,seconds\ntarget,0,soon\n"] {
            assert_eq!(kept(other)?, own, "{other}");
        }
        let same = format!("{own}target,0,0.0,,0.25,7,\n");
        assert_eq!(kept(&format!("{same}target,1,"))?, same);
        Ok(())
    }

    #[test]
    fn rows_read_back_exactly() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("metrics.csv");
        let mut table = CsvTable::<Metrics>::create(&path, &[])?;
        let rows = [
            Metrics { phase: "target".into(), ..Metrics::default() },
            Metrics {
                phase: "target".into(),
                epoch: 1,
                test_error: Some(0.1 + 0.2),
                train_loss: Some(1e-9),
                ..Metrics::default()
            },
        ];
        for row in &rows {
            table.append(row)?;
        }
        assert_eq!(read::<Metrics>(&path)?, rows);
        let text = std::fs::read_to_string(&path)?;
        let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        assert_eq!(text.lines().next(), Some(names.join(",").as_str()));
        let empty = ",".repeat(names.len() - 3);
        assert_eq!(text.lines().nth(1), Some(format!("target,0,0{empty}").as_str()));
        Ok(())
    }
}
