//! Colours that are distinguishable with any colour vision. Colour is never the only cue: there are also dashes,
//! markers, letters and hatches.

/// Red, green, blue, in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub [u8; 3]);

impl Rgb {
    const fn hex(code: u32) -> Self {
        Self([(code >> 16) as u8, (code >> 8) as u8, code as u8])
    }

    /// Whether black text has more contrast on it than white text: relative luminance above 0.18, where both contrasts
    /// are equal (WCAG 2, "contrast ratio").
    pub fn is_light(self) -> bool {
        let linear = self.0.map(|value| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.18
    }
}

/// Number of tints before they repeat.
pub const TINT_COUNT: usize = 7;

/// Categories on a light page: Okabe and Ito, "Color Universal Design" (2008), without their yellow, which has too
/// little contrast on white.
pub const TINTS: [Rgb; TINT_COUNT] = [
    Rgb::hex(0x00_72b2),
    Rgb::hex(0xd5_5e00),
    Rgb::hex(0x00_9e73),
    Rgb::hex(0xcc_79a7),
    Rgb::hex(0xe6_9f00),
    Rgb::hex(0x56_b4e9),
    Rgb::hex(0x3a_3a3a),
];

/// The same categories on a dark page: dark tints are lightened, and black is replaced by the yellow of the same
/// source.
pub const DARK_TINTS: [Rgb; TINT_COUNT] = [
    Rgb::hex(0x4a_a3df),
    Rgb::hex(0xf0_8030),
    Rgb::hex(0x1f_c08f),
    Rgb::hex(0xdd_8fb9),
    Rgb::hex(0xe6_9f00),
    Rgb::hex(0x8a_cdf2),
    Rgb::hex(0xf0_e442),
];

/// Viridis of matplotlib (Smith and van der Walt, 2015; CC0), every eighth of its 256 entries. Lightness rises
/// uniformly, so it also works in greyscale.
const VIRIDIS: [u32; 33] = [
    0x44_0154, 0x47_0d60, 0x48_186a, 0x48_2374, 0x47_2d7b, 0x45_3781, 0x42_4086, 0x3e_4989, 0x3b_528b, 0x37_5b8d,
    0x33_638d, 0x2f_6b8e, 0x2c_728e, 0x29_7a8e, 0x26_828e, 0x23_898e, 0x21_918c, 0x1f_988b, 0x1f_a088, 0x22_a785,
    0x28_ae80, 0x32_b67a, 0x3f_bc73, 0x4e_c36b, 0x5e_c962, 0x70_cf57, 0x84_d44b, 0x98_d83e, 0xad_dc30, 0xc2_df23,
    0xd8_e219, 0xec_e51b, 0xfd_e725,
];

/// The colour at a position in [0, 1] of the sequential scale, dark to light. Positions outside are clamped.
pub fn sequential(share: f64) -> Rgb {
    let last = VIRIDIS.len() - 1;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = (place.floor() as usize).min(last - 1);
    let (Rgb(from), Rgb(to)) = (Rgb::hex(VIRIDIS[below]), Rgb::hex(VIRIDIS[below + 1]));
    let part = place - below as f64;
    let blend = |channel: usize| {
        let (from, to) = (f64::from(from[channel]), f64::from(to[channel]));
        (from + (to - from) * part).round() as u8
    };
    Rgb([blend(0), blend(1), blend(2)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequential_scale_has_fixed_ends_and_rising_lightness() {
        assert_eq!((sequential(0.0), sequential(1.0)), (Rgb([0x44, 1, 0x54]), Rgb([0xfd, 0xe7, 0x25])));
        assert_eq!((sequential(-3.0), sequential(f64::INFINITY)), (sequential(0.0), sequential(1.0)));
        let grey = |share| {
            let Rgb([red, green, blue]) = sequential(share);
            0.2126 * f64::from(red) + 0.7152 * f64::from(green) + 0.0722 * f64::from(blue)
        };
        for step in 0..20 {
            assert!(grey(f64::from(step) / 20.0) < grey(f64::from(step + 1) / 20.0), "{step}");
        }
        assert!(!sequential(0.0).is_light() && sequential(1.0).is_light());
    }

    #[test]
    fn tints_are_distinct() {
        for palette in [TINTS, DARK_TINTS] {
            for (index, tint) in palette.iter().enumerate() {
                assert!(!palette[..index].contains(tint), "tint {index}");
            }
        }
    }
}
