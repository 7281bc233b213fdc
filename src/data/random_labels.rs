//! Random labels: how many a network can fit measures its capacity on any data set (Zhang et al., arXiv 1611.03530).

use rand::RngExt;

use crate::seed::{Purpose, named_stream};

/// A uniformly random label for each of `count` examples of a split, in data set order. Labels depend on nothing else:
/// an example keeps its label whatever the rest of the task.
pub(super) fn random_labels(seed: u64, split: &str, count: usize, classes: usize) -> Vec<u16> {
    let mut stream = named_stream(seed, Purpose::Labels, split);
    let most = classes.saturating_sub(1) as u16;
    // One number per example for any number of classes, so labels for different numbers of classes are related.
    (0..count).map(|_| ((stream.random::<f64>() * classes as f64) as u16).min(most)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_depend_on_seed_split_and_index() {
        let labels = random_labels(3, "train", 1000, 7);
        assert_eq!(random_labels(3, "train", 400, 7), labels[..400]);
        assert_ne!(random_labels(3, "test", 1000, 7), labels);
        assert_ne!(random_labels(4, "train", 1000, 7), labels);
        // By hand: the same draws in two halves.
        let halves = random_labels(3, "train", 1000, 2);
        let pairs = random_labels(3, "train", 1000, 4);
        assert!(halves.iter().zip(&pairs).all(|(&half, &pair)| half == pair / 2));
    }

    #[test]
    fn classes_are_equally_likely() {
        for classes in [2, 10, 100] {
            let labels = random_labels(0, "train", 100_000, classes);
            let mut counts = vec![0.0; classes];
            for &label in &labels {
                counts[usize::from(label)] += 1.0;
            }
            let expected = 100_000.0 / classes as f64;
            let squares: f64 = counts.iter().map(|count: &f64| (count - expected).powi(2) / expected).sum();
            // Chi-squared with classes − 1 degrees of freedom, five standard deviations above its mean.
            let freedom = classes as f64 - 1.0;
            assert!(squares < freedom + 5.0 * (2.0 * freedom).sqrt() + 5.0, "{classes}: {squares}");
        }
    }
}
