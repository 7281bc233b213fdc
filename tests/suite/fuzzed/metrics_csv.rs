//! `cut` keeps complete rows of an untrusted table, one for each epoch from 0 on.

use freezewise::rundir::{Metrics, cut, parse};

/// The header of the tables in these tests.
pub const HEADER: &str = "phase,epoch,seconds\n";

/// Checks the properties for any bytes.
pub fn hold(bytes: &[u8]) {
    if let Err(error) = parse::<Metrics>(bytes) {
        assert!(!error.to_string().is_empty());
    }
    for last_epoch in [0, 2, u64::MAX] {
        let kept = cut(bytes, HEADER, last_epoch);
        assert!(bytes.starts_with(kept));
        assert_eq!(cut(kept, HEADER, last_epoch), kept);
        if kept.is_empty() {
            continue;
        }
        assert!(kept.starts_with(HEADER.as_bytes()) && kept.ends_with(b"\n"));
        let rows = csv::Reader::from_reader(kept).into_records().collect::<Result<Vec<_>, _>>().expect("whole rows");
        assert_eq!(rows.len() + 1, kept.split(|&byte| byte == b'\n').count() - 1, "rows are lines");
        for (epoch, row) in (0..=last_epoch).zip(&rows) {
            assert_eq!(row[1], *epoch.to_string());
        }
        assert!(rows.len() as u64 <= last_epoch.saturating_add(1));
    }
}
