//! Label noise: each training label is, with a given probability, replaced by a wrong one drawn uniformly, once.

use rand::RngExt;

use crate::seed::{Purpose, stream};

/// The labels to train on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The labels given, `[count]`.
    pub given: Vec<u16>,
    /// Which of them are wrong, `[count]`.
    pub corrupted: Vec<bool>,
}

impl Labels {
    /// How many are wrong.
    pub fn corrupted_count(&self) -> usize {
        self.corrupted.iter().filter(|&&corrupted| corrupted).count()
    }

    /// The share that is wrong: the noise as it fell out, not as it was asked for.
    pub fn realised_fraction(&self) -> f64 {
        self.corrupted_count() as f64 / self.given.len() as f64
    }
}

/// Corrupts the `labels` of the examples `indices`, out of a full set of `full`. The draw belongs to the index in
/// the full set, so the noise of a subset is that of any larger one.
pub(super) fn corrupt(
    labels: &[u16],
    indices: &[usize],
    full: usize,
    classes: usize,
    fraction: f64,
    seed: u64,
) -> Labels {
    let mut stream = stream(seed, Purpose::Noise, 0);
    let draws: Vec<(f64, u16)> = (0..full).map(|_| (stream.random(), stream.random_range(1..classes as u16))).collect();
    let (given, corrupted) = labels
        .iter()
        .zip(indices)
        .map(|(&label, &index)| {
            let (chance, offset) = draws[index];
            let corrupted = chance < fraction;
            (if corrupted { (label + offset) % classes as u16 } else { label }, corrupted)
        })
        .unzip();
    Labels { given, corrupted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_wrong_uniform_and_of_its_share() {
        let labels: Vec<u16> = (0..50_000).map(|index| (index % 10) as u16).collect();
        let indices: Vec<usize> = (0..50_000).collect();
        let noisy = corrupt(&labels, &indices, 50_000, 10, 0.2, 3);
        assert!((noisy.realised_fraction() - 0.2).abs() < 0.01);
        let mut offsets = [0; 10];
        for (index, &given) in noisy.given.iter().enumerate() {
            assert_eq!(noisy.corrupted[index], given != labels[index]);
            offsets[usize::from((given + 10 - labels[index]) % 10)] += 1;
        }
        assert!(offsets[1..].iter().all(|&count| (count - 1111i32).abs() < 150), "{offsets:?}");
    }

    #[test]
    fn noise_belongs_to_the_example() {
        let few = corrupt(&[1, 2, 3], &[70, 7, 30], 100, 10, 0.5, 9);
        let more = corrupt(&[3, 2, 0, 1], &[30, 7, 8, 70], 100, 10, 0.5, 9);
        assert_eq!(few.given, [more.given[3], more.given[1], more.given[0]]);
        // More noise keeps what less noise corrupted.
        let all: Vec<usize> = (0..100).collect();
        let labels = vec![0; 100];
        let (less, more) = (corrupt(&labels, &all, 100, 10, 0.2, 9), corrupt(&labels, &all, 100, 10, 0.4, 9));
        assert!(less.given.iter().zip(&more.given).all(|(less, more)| *less == 0 || less == more));
    }

    #[test]
    fn all_or_nothing() {
        let labels = vec![3; 50];
        let indices: Vec<usize> = (0..50).collect();
        assert_eq!(corrupt(&labels, &indices, 50, 10, 0.0, 1).corrupted_count(), 0);
        assert!(corrupt(&labels, &indices, 50, 10, 1.0, 1).given.iter().all(|&label| label != 3));
    }
}
