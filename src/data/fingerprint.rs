//! A number for each image, by which equal images are found and a damaged cache is known. It is fast, not secret:
//! of the 100,000 images of a large data set, two different ones share a fingerprint once in four billion times.

use sha2::{Digest, Sha256};

use crate::blueprint::ImageShape;
use crate::text;

/// An odd number without a pattern: the golden ratio's fraction, as in many multiplicative hashes.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Eight bytes at a time: multiplied, and both halves of the product folded into one.
pub(super) fn of(bytes: &[u8]) -> u64 {
    let fold = |state: u64, word: u64| {
        let product = u128::from(state ^ word) * u128::from(FACTOR);
        (product as u64) ^ ((product >> 64) as u64)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let state = words.iter().fold(bytes.len() as u64 ^ FACTOR, |state, word| fold(state, u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    fold(fold(state, u64::from_le_bytes(last)), FACTOR)
}

/// The checksum of a data set: SHA-256 over its shape, its labels and the fingerprints of its images, training
/// examples first. It says nothing of the format: the same images in CIFAR's records and in `NumPy`'s arrays have one.
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
    fn every_byte_and_the_length_count() {
        let image: Vec<u8> = (0..100).collect();
        let own = of(&image);
        for at in 0..image.len() {
            let mut other = image.clone();
            other[at] ^= 1;
            assert_ne!(of(&other), own, "byte {at}");
        }
        assert_ne!(of(&[0; 16]), of(&[0; 17]));
        assert_ne!(of(&image[..99]), own);
    }
}
