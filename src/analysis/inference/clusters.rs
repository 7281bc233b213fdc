//! Averages over seeds that are not independent.

use super::sample::{SampleError, check_rows, mean_row, same_length};

/// The mean row of each cluster, in order of first appearance. For claims about sources, seeds that share a source are
/// one cluster: counting each of them would take one source's luck for a rule about sources. `labels[seed]` names the
/// cluster; all `rows[seed]` have the same length.
pub fn average_clusters<Label: PartialEq>(labels: &[Label], rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, SampleError> {
    same_length(rows.len(), labels.len())?;
    check_rows(rows, 1, 1)?;
    let mut clusters: Vec<(&Label, Vec<Vec<f64>>)> = Vec::new();
    for (label, row) in labels.iter().zip(rows) {
        match clusters.iter_mut().find(|(known, _)| *known == label) {
            Some((_, members)) => members.push(row.clone()),
            None => clusters.push((label, vec![row.clone()])),
        }
    }
    Ok(clusters.iter().map(|(_, members)| mean_row(members)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_counts_once() {
        let rows = [vec![1.0, 10.0], vec![2.0, 20.0], vec![3.0, 30.0]];
        let averaged = average_clusters(&["a", "b", "a"], &rows);
        assert_eq!(averaged, Ok(vec![vec![2.0, 20.0], vec![2.0, 20.0]]));
        assert_eq!(average_clusters(&[1, 2, 3], &rows), Ok(rows.to_vec()));
        let short = average_clusters(&["a"], &rows);
        assert_eq!(short, Err(SampleError::DifferentLengths { expected: 3, found: 1 }));
    }
}
