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

/// The cluster of each pair of runs, where pairs that share a label on any side, such as the name of a source, belong
/// together: also those that only a third pair joins. A run without a label joins nothing.
pub fn linked_clusters<Label: PartialEq>(pairs: &[[Option<Label>; 2]]) -> Vec<usize> {
    let shares = |one: &[Option<Label>; 2], other: &[Option<Label>; 2]| {
        one.iter().flatten().any(|label| other.iter().flatten().any(|known| known == label))
    };
    let mut clusters: Vec<usize> = (0..pairs.len()).collect();
    for (index, pair) in pairs.iter().enumerate() {
        for (earlier, _) in pairs[..index].iter().enumerate().filter(|(_, earlier)| shares(pair, earlier)) {
            let (joined, kept) = (clusters[index], clusters[earlier]);
            clusters.iter_mut().filter(|cluster| **cluster == joined).for_each(|cluster| *cluster = kept);
        }
    }
    clusters
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

    /// Two of four pairs share their first source, the third joins the fourth to them by its second one.
    #[test]
    fn pairs_are_linked_by_either_side() {
        let pair = |one, other| [Some(one), Some(other)];
        let found = linked_clusters(&[pair("a", "b"), pair("c", "d"), pair("a", "e"), pair("c", "e"), [None, None]]);
        assert!(found[0] == found[2] && found[2] == found[3] && found[3] == found[1], "{found:?}");
        assert_ne!(found[4], found[0]);
        assert_eq!(linked_clusters(&[[None::<&str>, None], [None, None]]), [0, 1]);
    }
}
