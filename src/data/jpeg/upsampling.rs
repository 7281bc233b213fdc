//! Upsamples subsampled components, bit-identical to libjpeg ("fancy upsampling"): at half resolution, a sample has
//! weight 3/4 and its neighbour 1/4; at other ratios samples are repeated.

use super::coefficients::Plane;
use super::inverse_dct;

/// The samples of a component, without block padding.
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

    /// Writes a row of the image; `[across, down]` is the number of image pixels per sample.
    pub(super) fn write_row(&self, at: usize, [across, down]: [usize; 2], out: &mut [u8]) {
        let row = self.row(at / down);
        // The nearer of the rows above and below, or the row itself at the edge of the image.
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

/// Two pixels per sample. The first number is the rounding of the left one, the second that of the right one, and the
/// third is the divisor.
fn interpolate(sample: impl Fn(usize) -> u16, width: usize, [left, right, unit]: [u16; 3], out: &mut [u8]) {
    for (x, out) in out.iter_mut().enumerate() {
        let (at, round) = (x / 2, if x.is_multiple_of(2) { left } else { right });
        let near = if x.is_multiple_of(2) { at.saturating_sub(1) } else { (at + 1).min(width - 1) };
        *out = ((3 * sample(at) + sample(near) + round) / unit) as u8;
    }
}
