//! Resizes images and converts colours.
//!
//! Downscaling averages over the area of each new pixel, including fractions of pixels. Upscaling uses the bicubic
//! kernel of Keys, "Cubic Convolution Interpolation for Digital Image Processing" (1981), with a = −1/2, as in Pillow.
//! Each axis uses the filter it needs.

use std::ops::Range;

use fearless_simd::{Simd, f32x4, prelude::*};

use super::WantedImages;
use super::wide::widely;
use crate::blueprint::ImageShape;
use crate::spec::Fit;

/// Channels that are resized together: as many floats as any CPU adds at once.
const LANES: usize = 4;

/// A conversion between two image shapes.
pub(super) struct Conversion {
    from: ImageShape,
    to: ImageShape,
    resize: Option<Resize>,
}

impl Conversion {
    /// `None` if nothing changes.
    pub(super) fn new(from: ImageShape, wanted: WantedImages) -> Option<Self> {
        let to = wanted.shape;
        let same_size = (from.height, from.width) == (to.height, to.width);
        let resize = (!same_size).then(|| Resize::new((from.height, from.width), (to.height, to.width), wanted.fit));
        (from != to).then_some(Self { from, to, resize })
    }

    /// Converts one image, channel by channel.
    pub(super) fn apply(&self, raw: &[u8], target: &mut [u8]) {
        let grey: Vec<u8>;
        let (raw, channels) = if self.from.channels == 3 && self.to.channels == 1 {
            grey = luma(raw);
            (grey.as_slice(), 1)
        } else {
            (raw, self.from.channels)
        };
        let plane = self.to.height * self.to.width;
        for (from, to) in raw.chunks_exact(self.from.height * self.from.width).zip(target.chunks_exact_mut(plane)) {
            match &self.resize {
                Some(resize) => resize.apply::<1>(from, to),
                None => to.copy_from_slice(from),
            }
        }
        if channels == 1 && self.to.channels == 3 {
            let (grey, others) = target.split_at_mut(plane);
            others.chunks_exact_mut(plane).for_each(|colour| colour.copy_from_slice(grey));
        }
    }
}

/// Luma of ITU-R BT.601, the same as Pillow's `L`.
fn luma(raw: &[u8]) -> Vec<u8> {
    let (red, others) = raw.split_at(raw.len() / 3);
    let (green, blue) = others.split_at(red.len());
    let mix = |((&red, &green), &blue): ((&u8, &u8), &u8)| {
        ((299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) + 500) / 1000) as u8
    };
    red.iter().zip(green).zip(blue).map(mix).collect()
}

/// A resize between two sizes.
pub(super) struct Resize {
    from: (usize, usize),
    rows: Filter,
    columns: Filter,
}

impl Resize {
    /// `from` and `to` are heights and widths. To fit the new aspect ratio, the image is cropped at the centre, or
    /// scaled unevenly.
    pub(super) fn new(from: (usize, usize), to: (usize, usize), fit: Fit) -> Self {
        let (height, width) = match fit {
            Fit::Squeeze | Fit::Exact => from,
            Fit::Crop if from.0 * to.1 > from.1 * to.0 => ((from.1 * to.0 / to.1).max(1), from.1),
            Fit::Crop => (from.0, (from.0 * to.1 / to.0).max(1)),
        };
        let (top, left) = ((from.0 - height) / 2, (from.1 - width) / 2);
        Self { from, rows: Filter::new(top, height, to.0), columns: Filter::new(left, width, to.1) }
    }

    /// Resizes an image of at most four interleaved channels, `[height, width, channels]`, to `[channels, height,
    /// width]`.
    pub(super) fn apply<const CHANNELS: usize>(&self, raw: &[u8], target: &mut [u8]) {
        let stride = self.from.1 * CHANNELS;
        let (height, width) = (self.rows.old.len(), self.columns.old.len());
        let across = self.columns.span();
        let (left, length) = (across.start * CHANNELS, across.len() * CHANNELS);
        // Padding after the last pixel, for zero weights and missing channels.
        let mut mixed = vec![0f32; length + self.columns.most * CHANNELS + LANES];
        let mut line = vec![[0f32; LANES]; width];
        widely!(simd => {
            for (row, (first, weights)) in self.rows.iter().enumerate() {
                mixed[..length].fill(0.0);
                for (offset, &weight) in weights.iter().enumerate() {
                    let line = &raw[(first + offset) * stride + left..][..length];
                    mixed.iter_mut().zip(line).for_each(|(sum, &value)| *sum += weight * f32::from(value));
                }
                // A loop over a constant number of weights is unrolled.
                match self.columns.most {
                    2 => self.columns.mix::<_, CHANNELS>(simd, 2, across.start, &mixed, &mut line),
                    3 => self.columns.mix::<_, CHANNELS>(simd, 3, across.start, &mixed, &mut line),
                    4 => self.columns.mix::<_, CHANNELS>(simd, 4, across.start, &mixed, &mut line),
                    most => self.columns.mix::<_, CHANNELS>(simd, most, across.start, &mixed, &mut line),
                }
                for channel in 0..CHANNELS {
                    let target = &mut target[(channel * height + row) * width..][..width];
                    target.iter_mut().zip(&line).for_each(|(target, sums)| *target = level(sums[channel]));
                }
            }
        });
    }
}

/// Rounds to the nearest integer, halves away from zero, like `round`. But `round` is a call to the C library, and a
/// cast to an integer takes many steps for out-of-range floats; additions are vectorised.
fn level(value: f32) -> u8 {
    // From here on floats have no fraction, so adding this rounds, halves to even.
    const WHOLE: f32 = 8_388_608.0;
    let value = value.clamp(0.0, 255.0);
    let rounded = value + WHOLE;
    let went_down_by_half = value - (rounded - WHOLE) >= 0.5;
    (rounded.to_bits() as u8).wrapping_add(u8::from(went_down_by_half))
}

/// For each new position, the old positions that contribute, and their weights, which sum to 1.
struct Filter {
    old: Vec<Range<usize>>,
    /// Equally many weights for each new position, padded with zeros.
    weights: Vec<f32>,
    most: usize,
}

impl Filter {
    /// The first old position of each new one, and the weights from there on.
    fn iter(&self) -> impl Iterator<Item = (usize, &[f32])> {
        let each = self.old.iter().zip(self.weights.chunks_exact(self.most));
        each.map(|(old, weights)| (old.start, &weights[..old.len()]))
    }

    /// The range of old positions that contribute.
    fn span(&self) -> Range<usize> {
        let start = self.old.iter().map(|old| old.start).min().unwrap_or_default();
        start..self.old.iter().map(|old| old.end).max().unwrap_or_default()
    }

    /// Mixes the pixels of a row, which starts at position `left`, into those of a new row, all channels of a pixel at
    /// once. `most` is the field of that name.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "code that is not inlined is compiled for the oldest CPU")]
    fn mix<S: Simd, const CHANNELS: usize>(
        &self,
        simd: S,
        most: usize,
        left: usize,
        row: &[f32],
        line: &mut [[f32; LANES]],
    ) {
        let columns = self.old.iter().zip(self.weights.chunks_exact(most));
        for ((old, weights), sums) in columns.zip(line) {
            let pixels = &row[(old.start - left) * CHANNELS..][..most * CHANNELS + LANES];
            let mut sum = f32x4::splat(simd, 0.0);
            for (pixel, &weight) in weights.iter().enumerate() {
                sum += f32x4::from_slice(simd, &pixels[pixel * CHANNELS..][..LANES]) * weight;
            }
            sum.store_slice(sums);
        }
    }

    /// The filter from `length` positions starting at `start` to `to` positions.
    fn new(start: usize, length: usize, to: usize) -> Self {
        let scale = length as f64 / to as f64;
        let weigh = if to > length { cubic } else { area };
        let (mut old, mut all) = (Vec::with_capacity(to), Vec::new());
        for index in 0..to {
            let own = all.len();
            let first = start + weigh(index, scale, length, &mut all);
            let sum: f64 = all[own..].iter().sum();
            all[own..].iter_mut().for_each(|weight| *weight /= sum);
            old.push(first..first + all.len() - own);
        }
        let most = old.iter().map(Range::len).max().unwrap_or_default().max(1);
        let (mut weights, mut rest) = (vec![0.0; most * to], all.as_slice());
        for (old, weights) in old.iter().zip(weights.chunks_exact_mut(most)) {
            let (own, others) = rest.split_at(old.len());
            weights.iter_mut().zip(own).for_each(|(weight, &own)| *weight = own as f32);
            rest = others;
        }
        Self { old, weights, most }
    }
}

/// Adds the area weights of one new position, and returns the old position of the first weight.
fn area(index: usize, scale: f64, length: usize, weights: &mut Vec<f64>) -> usize {
    let (start, end) = (index as f64 * scale, (index + 1) as f64 * scale);
    let first = (start as usize).min(length - 1);
    let cover = |old: usize| (end.min(old as f64 + 1.0) - start.max(old as f64)) / scale;
    weights.extend((first..length).map(cover).take_while(|&weight| weight > 1e-9));
    first
}

/// The same for bicubic upscaling. Positions beyond the edge are dropped, and the other weights are scaled to sum to 1.
fn cubic(index: usize, scale: f64, length: usize, weights: &mut Vec<f64>) -> usize {
    let centre = (index as f64 + 0.5) * scale - 0.5;
    let first = (centre.floor() - 1.0).max(0.0) as usize;
    let last = ((centre.floor() + 2.0) as usize).min(length - 1);
    let kernel = |old: usize| match (old as f64 - centre).abs() {
        x if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
        x if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
        _ => 0.0,
    };
    weights.extend((first..=last).map(kernel));
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resized(from: (usize, usize), to: (usize, usize), fit: Fit, pixels: &[u8]) -> Vec<u8> {
        let mut target = vec![0; to.0 * to.1];
        Resize::new(from, to, fit).apply::<1>(pixels, &mut target);
        target
    }

    #[test]
    fn halving_averages_four_pixels() {
        let pixels: Vec<u8> = (0..16).map(|pixel| pixel * 10).collect();
        assert_eq!(resized((4, 4), (2, 2), Fit::Squeeze, &pixels), [25, 45, 105, 125]);
    }

    #[test]
    fn levels_are_rounded() {
        for step in -400..=26_000 {
            let value = step as f32 / 100.0;
            assert_eq!(level(value), value.round().clamp(0.0, 255.0) as u8, "{value}");
        }
        assert_eq!((level(254.5), level(0.499_999_97), level(254.999_98)), (255, 0, 255));
    }

    #[test]
    fn partial_pixels_are_weighted() {
        // Three pixels to two: half of the middle one goes to each.
        let pixels = [0, 90, 180, 0, 90, 180, 0, 90, 180];
        assert_eq!(resized((3, 3), (2, 2), Fit::Squeeze, &pixels), [30, 150, 30, 150]);
    }

    /// Pillow 11's `resize((8, 1), BICUBIC)` of the same row, including the edges.
    #[test]
    fn upscaling_is_bicubic() {
        assert_eq!(resized((1, 4), (1, 8), Fit::Squeeze, &[0, 100, 200, 100]), [0, 17, 71, 130, 189, 185, 121, 91]);
        assert_eq!(resized((3, 3), (7, 7), Fit::Squeeze, &[77; 9]), [77; 49]);
    }

    #[test]
    fn images_are_centre_cropped_or_squeezed() {
        let pixels = [9, 1, 2, 9, 9, 3, 4, 9];
        assert_eq!(resized((2, 4), (2, 2), Fit::Crop, &pixels), [1, 2, 3, 4]);
        assert_eq!(resized((2, 4), (2, 2), Fit::Squeeze, &pixels), [5, 6, 6, 7]);
        assert_eq!(resized((4, 2), (2, 2), Fit::Crop, &[9, 9, 1, 2, 3, 4, 9, 9]), [1, 2, 3, 4]);
    }

    #[test]
    fn rgb_and_grey_are_converted() {
        let rgb = ImageShape { channels: 3, height: 1, width: 2 };
        let grey = ImageShape { channels: 1, ..rgb };
        let convert = |from, to, raw: &[u8]| {
            let mut target = vec![0; 2 * if to == rgb { 3 } else { 1 }];
            Conversion::new(from, WantedImages { shape: to, fit: Fit::Crop })
                .expect("they differ")
                .apply(raw, &mut target);
            target
        };
        assert_eq!(convert(rgb, grey, &[255, 0, 0, 255, 0, 10]), [76, 151]);
        assert_eq!(convert(grey, rgb, &[7, 8]), [7, 8, 7, 8, 7, 8]);
        assert!(Conversion::new(rgb, WantedImages { shape: rgb, fit: Fit::Crop }).is_none());
    }
}
