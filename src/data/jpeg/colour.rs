//! Converts coefficients to pixels: RGB or grey.

use super::DecodedPixels;
use super::coefficients::Plane;
use super::headers::{ColourSpace, Headers};
use super::upsampling::Samples;

/// The pixels of an image, bit-identical to libjpeg-turbo; CMYK and YCCK are converted to RGB like Pillow.
pub(super) fn pixels(headers: &Headers<'_>, planes: &[Plane]) -> Result<DecodedPixels, String> {
    let (frame, largest) = (&headers.frame, headers.frame.largest());
    let mut parts = Vec::new();
    for ((plane, quantisation), component) in planes.iter().zip(&headers.quantisation).zip(&frame.components) {
        let quantisation = quantisation.as_ref().ok_or("a quantisation table is missing")?;
        let [across, down] = component.factors;
        parts.push((Samples::of(plane, quantisation), [largest[0] / across, largest[1] / down]));
    }
    let mut rows = vec![vec![0; frame.width]; parts.len()];
    let channels = if headers.colour == ColourSpace::Grey { 1 } else { 3 };
    let mut pixels = vec![0; channels * frame.width * frame.height];
    for (y, out) in pixels.chunks_exact_mut(channels * frame.width).enumerate() {
        for ((samples, ratio), row) in parts.iter().zip(&mut rows) {
            samples.write_row(y, *ratio, row);
        }
        if channels == 1 {
            out.copy_from_slice(&rows[0]);
            continue;
        }
        for (x, out) in out.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let levels = [rows[0][x], rows[1][x], rows[2][x]];
            *out = match headers.colour {
                ColourSpace::Rgb | ColourSpace::Grey => levels,
                ColourSpace::YCbCr => from_ycbcr(levels),
                ColourSpace::Cmyk => with_black(levels, rows[3][x]),
                ColourSpace::Ycck => with_black(from_ycbcr(levels).map(|level| 255 - level), rows[3][x]),
            };
        }
    }
    Ok(if channels == 1 { DecodedPixels::Grey(pixels) } else { DecodedPixels::Colours(pixels) })
}

/// ITU-T T.871, 7, with 16-bit fixed-point factors.
fn from_ycbcr([y, blue, red]: [u8; 3]) -> [u8; 3] {
    const fn factor(value: f64) -> i32 {
        (value * 65_536.0 + 0.5) as i32
    }
    let [y, blue, red] = [i32::from(y), i32::from(blue) - 128, i32::from(red) - 128];
    let plus = |sum: i32| (y + ((sum + (1 << 15)) >> 16)).clamp(0, 255) as u8;
    [
        plus(const { factor(1.402) } * red),
        plus(-const { factor(0.344_14) } * blue - const { factor(0.714_14) } * red),
        plus(const { factor(1.772) } * blue),
    ]
}

/// Cyan, magenta, yellow and black, inverted as Adobe's programs store them.
fn with_black(inks: [u8; 3], black: u8) -> [u8; 3] {
    inks.map(|ink| {
        let product = u32::from(255 - ink) * u32::from(black) + 128;
        black - ((product + (product >> 8)) >> 8) as u8
    })
}
