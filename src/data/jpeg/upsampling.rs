//! Components of fewer samples to the size of the image, to the bit as libjpeg does ("fancy upsampling"): at half the
//! resolution, a sample counts three quarters and its neighbour one quarter; at other ratios samples are repeated.

use super::coefficients::Plane;
use super::inverse_dct;

/// The samples of a component, without those that fill up blocks.
pub(super) struct Samples {
    height: usize,
    width: usize,
    stride: usize,
    levels: Vec<u8>,
}

impl Samples {
    pub(super) fn of(plane: &Plane, quantisation: &[u16; 64]) -> Self {
        let stride = 8 * plane.blocks_across;
        let mut samples = vec![0; 64 * plane.blocks().len()];
        for (row, blocks) in samples.chunks_exact_mut(8 * stride).zip(plane.blocks().chunks_exact(plane.blocks_across))
        {
            for (at, block) in blocks.iter().enumerate() {
                inverse_dct::block(block, quantisation, &mut row[8 * at..], stride);
            }
        }
        let [height, width] = plane.size;
        Self { height, width, stride, levels: samples }
    }

    fn row(&self, at: usize) -> &[u8] {
        &self.levels[at * self.stride..][..self.width]
    }

    /// Writes a row of the image; `[across, down]` is how many of its pixels come of a sample.
    pub(super) fn write_row(&self, at: usize, [across, down]: [usize; 2], out: &mut [u8]) {
        let row = self.row(at / down);
        // The nearer of the rows above and below, or the same beyond the edge of the image.
        let near = if at.is_multiple_of(2) { (at / 2).saturating_sub(1) } else { (at / 2 + 1).min(self.height - 1) };
        match (across, down) {
            (1, 2) => {
                let round = if at.is_multiple_of(2) { 1 } else { 2 };
                for ((out, &one), &other) in out.iter_mut().zip(row).zip(self.row(near)) {
                    *out = ((3 * u16::from(one) + u16::from(other) + round) / 4) as u8;
                }
            }
            (2, 1) if self.width > 2 => interpolate(|x| u16::from(row[x]), self.width, [1, 2, 4], out),
            (2, 2) if self.width > 2 => {
                let other = self.row(near);
                interpolate(|x| 3 * u16::from(row[x]) + u16::from(other[x]), self.width, [8, 7, 16], out);
            }
            _ => out.iter_mut().enumerate().for_each(|(x, out)| *out = row[x / across]),
        }
    }
}

/// Two pixels of each sample, of which the left one is rounded with the first number and the right one with the second;
/// the third is what a sample is divided by.
fn interpolate(sample: impl Fn(usize) -> u16, width: usize, [left, right, unit]: [u16; 3], out: &mut [u8]) {
    for (x, out) in out.iter_mut().enumerate() {
        let (at, round) = (x / 2, if x.is_multiple_of(2) { left } else { right });
        let near = if x.is_multiple_of(2) { at.saturating_sub(1) } else { (at + 1).min(width - 1) };
        *out = ((3 * sample(at) + sample(near) + round) / unit) as u8;
    }
}
