//! Mean and standard deviation of each channel, for normalisation.

use super::Images;
use super::parallel::{in_parallel, share};
use super::wide::widely;
use crate::spec::Normalisation;

/// Number of squared pixels whose sum stays below 2^32, while the sum of a lane's pixels stays below 2^16.
const STRETCH: usize = 1 << 12;
const LANES: usize = 16;

/// The statistics of all pixels of some images. Sums are of integers, so the result is exact for any number of threads.
/// A constant channel gets a deviation of 1.
pub fn of(images: &Images, threads: usize) -> Normalisation {
    let channels = images.shape.channels;
    let plane = images.shape.height * images.shape.width;
    let each = share(images.count(), threads) * images.shape.elements();
    let parts = in_parallel(images.pixels.chunks(each), |part| sums(part, channels, plane));
    let count = (images.count() * plane) as f64;
    let of_channel = |channel: usize| {
        let sum: u64 = parts.iter().map(|part| part[channel].0).sum();
        let squares: u64 = parts.iter().map(|part| part[channel].1).sum();
        let mean = sum as f64 / count;
        let variance = (squares as f64 / count - mean * mean).max(0.0);
        (mean / 255.0, if variance > 0.0 { variance.sqrt() / 255.0 } else { 1.0 })
    };
    let (mean, deviation) = (0..channels).map(of_channel).unzip();
    Normalisation { mean, deviation }
}

/// Sum of each channel's pixels, and of their squares.
fn sums(pixels: &[u8], channels: usize, plane: usize) -> Vec<(u64, u64)> {
    let mut sums = vec![(0, 0); channels];
    widely!(for (index, pixels) in pixels.chunks_exact(plane).enumerate() {
        let (sum, squares) = &mut sums[index % channels];
        // Unchecked sums over a stretch that fits in the cache, so that the compiler vectorises them.
        for stretch in pixels.chunks(STRETCH) {
            let (groups, rest) = stretch.as_chunks::<LANES>();
            let mut lanes = [0u16; LANES];
            for group in groups {
                lanes = std::array::from_fn(|lane| lanes[lane].wrapping_add(u16::from(group[lane])));
            }
            let of_rest = rest.iter().map(|&pixel| u64::from(pixel)).sum::<u64>();
            let of_squares = stretch.iter().fold(0u32, |sum, &pixel| {
                // 255² is below 2^16.
                sum.wrapping_add(u32::from(u16::from(pixel).wrapping_mul(u16::from(pixel))))
            });
            *sum += lanes.iter().map(|&lane| u64::from(lane)).sum::<u64>() + of_rest;
            *squares += u64::from(of_squares);
        }
    });
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::ImageShape;

    #[test]
    fn each_channel_has_its_own_statistics() {
        let shape = ImageShape { channels: 2, height: 1, width: 2 };
        let images = Images { shape, pixels: vec![0, 255, 51, 51, 255, 0, 51, 51], labels: vec![0, 1] };
        let statistics = of(&images, 1);
        assert_eq!(statistics.mean, [0.5, 0.2]);
        assert_eq!(statistics.deviation, [0.5, 1.0]);
    }

    #[test]
    fn sums_of_many_bright_pixels_are_exact() {
        let shape = ImageShape { channels: 1, height: 257, width: 511 };
        let images = Images { shape, pixels: vec![255; 2 * shape.elements()], labels: vec![0, 1] };
        for threads in [1, 2, 5] {
            assert_eq!(of(&images, threads), Normalisation { mean: vec![1.0], deviation: vec![1.0] });
        }
    }
}
