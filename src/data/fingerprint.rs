//! Image fingerprints, to find equal images and to detect damaged caches. They are fast, not cryptographic: among the
//! 100,000 images of a large data set, a collision has a probability of 1 in 4 billion.

use sha2::{Digest, Sha256};

use crate::blueprint::ImageShape;
use crate::text;

/// The fraction of the golden ratio as an odd number without a pattern, common in multiplicative hashes.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
/// Folded in last, so that the last byte counts as much as the others.
const FACTOR_OF_END: [u8; 8] = FACTOR.to_le_bytes();

/// Multiplies eight bytes at a time, and folds both halves of the product into one.
pub(super) fn of(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    end(words.iter().copied().fold(start(bytes.len()), fold), rest)
}

/// The fingerprints of many images of the same length.
pub(super) fn of_all(images: &[&[u8]]) -> Vec<u64> {
    let (fours, rest) = images.as_chunks::<4>();
    fours.iter().flat_map(|four| of_four(*four)).chain(rest.iter().map(|image| of(image))).collect()
}

/// Four images of the same length at once: each product depends on the previous one, and interleaving hides that
/// latency.
fn of_four(images: [&[u8]; 4]) -> [u64; 4] {
    let [(one, _), (two, _), (three, _), (four, _)] = images.map(<[u8]>::as_chunks::<8>);
    let mut states = images.map(|image| start(image.len()));
    for (((one, two), three), four) in one.iter().zip(two).zip(three).zip(four) {
        states = [fold(states[0], *one), fold(states[1], *two), fold(states[2], *three), fold(states[3], *four)];
    }
    std::array::from_fn(|at| end(states[at], images[at].as_chunks::<8>().1))
}

fn start(length: usize) -> u64 {
    length as u64 ^ FACTOR
}

fn fold(state: u64, word: [u8; 8]) -> u64 {
    let product = u128::from(state ^ u64::from_le_bytes(word)) * u128::from(FACTOR);
    (product as u64) ^ ((product >> 64) as u64)
}

fn end(state: u64, rest: &[u8]) -> u64 {
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    fold(fold(state, last), FACTOR_OF_END)
}

/// Checksum of a data set: SHA-256 over its shape, labels and image fingerprints, training examples first. It does not
/// depend on the format: the same images as CIFAR records and as `NumPy` arrays have the same checksum.
pub(super) fn checksum(shape: ImageShape, splits: [(&[u16], &[u64]); 2]) -> String {
    let mut digest = Sha256::new().chain_update(format!("freezewise data {shape}\0"));
    for (labels, fingerprints) in splits {
        digest.update((labels.len() as u64).to_le_bytes());
        for label in labels {
            digest.update(label.to_le_bytes());
        }
        for fingerprint in fingerprints {
            digest.update(fingerprint.to_le_bytes());
        }
    }
    text::hex(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_depend_on_every_byte_and_the_length() {
        let image: Vec<u8> = (0..100).collect();
        let own = of(&image);
        for at in 0..image.len() {
            let mut other = image.clone();
            other[at] ^= 1;
            assert_ne!(of(&other), own, "byte {at}");
        }
        for length in [0, 7, 8, 100] {
            let images: Vec<&[u8]> = (0..7).map(|first: usize| &image[first.min(100 - length)..][..length]).collect();
            let each: Vec<u64> = images.iter().map(|image| of(image)).collect();
            assert_eq!(of_all(&images), each, "{length} bytes");
        }
        assert_ne!(of(&[0; 16]), of(&[0; 17]));
        assert_ne!(of(&image[..99]), own);
    }
}
