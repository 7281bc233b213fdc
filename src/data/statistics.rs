//! Mean and deviation of each colour, by which pixels become a network's input.

use serde::{Deserialize, Serialize};

use super::Images;

/// What is subtracted from each colour and what it is divided by, in units of the full range 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Mean by channel.
    pub mean: Vec<f64>,
    /// Standard deviation by channel, of the population.
    pub deviation: Vec<f64>,
}

/// The statistics of all pixels of some images; sums of integers, so exact. A colour that never varies is divided
/// by 1.
pub fn of(images: &Images) -> Normalisation {
    let channels = images.shape.channels;
    let plane = images.shape.height * images.shape.width;
    let mut sums = vec![(0u64, 0u64); channels];
    for (index, pixels) in images.pixels.chunks_exact(plane).enumerate() {
        let (sum, squares) = &mut sums[index % channels];
        for &pixel in pixels {
            *sum += u64::from(pixel);
            *squares += u64::from(pixel) * u64::from(pixel);
        }
    }
    let count = (images.count() * plane) as f64;
    let (mean, deviation) = sums
        .into_iter()
        .map(|(sum, squares)| {
            let mean = sum as f64 / count;
            let variance = (squares as f64 / count - mean * mean).max(0.0);
            (mean / 255.0, if variance > 0.0 { variance.sqrt() / 255.0 } else { 1.0 })
        })
        .unzip();
    Normalisation { mean, deviation }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::ImageShape;

    #[test]
    fn each_colour_has_its_own() {
        let shape = ImageShape { channels: 2, height: 1, width: 2 };
        let images = Images { shape, pixels: vec![0, 255, 51, 51, 255, 0, 51, 51], labels: vec![0, 1] };
        let statistics = of(&images);
        assert_eq!(statistics.mean, [0.5, 0.2]);
        assert_eq!(statistics.deviation, [0.5, 1.0]);
    }
}
