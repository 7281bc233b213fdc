//! Loops over pixels on the widest SIMD registers of the CPU. The program is compiled for the baseline CPU with 16-byte
//! registers; these loops are compiled again for each newer instruction set.

/// Runs work with wide loops, passing a token of the CPU's instruction set to code that names registers itself. A
/// called function is only wide if the compiler inlines it.
macro_rules! widely {
    ($work:expr) => {
        widely!(_simd => $work)
    };
    ($simd:ident => $work:expr) => {
        fearless_simd::dispatch!(
            fearless_simd::Level::new(),
            $simd => fearless_simd::Simd::vectorize($simd, #[inline(always)] || $work)
        )
    };
}

pub(super) use widely;

/// Converts pixels of three interleaved channels to planes: all red, then green, then blue.
pub(super) fn by_colour(pixels: &[u8], planes: &mut [u8]) {
    let (red, others) = planes.split_at_mut(planes.len() / 3);
    let (green, blue) = others.split_at_mut(red.len());
    let planes = red.iter_mut().zip(green).zip(blue);
    widely!(for (((red, green), blue), colours) in planes.zip(pixels.as_chunks::<3>().0) {
        [*red, *green, *blue] = *colours;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_of_any_length_become_planes() {
        for count in [0, 1, 5, 64, 1000] {
            let pixels: Vec<u8> = (0..3 * count).map(|at| (at * 7) as u8).collect();
            let mut planes = vec![0; pixels.len()];
            by_colour(&pixels, &mut planes);
            for (at, &level) in planes.iter().enumerate() {
                assert_eq!(level, pixels[at % count * 3 + at / count], "{at} of {count}");
            }
        }
    }
}
