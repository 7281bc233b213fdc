//! A bitmap to draw on.

use std::io::Cursor;

use anyhow::Result;
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

use super::font;

/// Red, green, blue.
pub(super) type PixelColour = [u8; 3];

/// Pixels, row by row, initially white.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// A rectangle: left, top, width, height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![255; width * height * 3] }
    }

    /// Fills a rectangle, clipped to the canvas.
    pub(super) fn fill(&mut self, area: Area, colour: PixelColour) {
        for y in area.top..(area.top + area.height).min(self.height) {
            for x in area.left..(area.left + area.width).min(self.width) {
                let at = (y * self.width + x) * 3;
                self.pixels[at..at + 3].copy_from_slice(&colour);
            }
        }
    }

    /// Draws a frame around a rectangle, on its outside.
    pub(super) fn frame(&mut self, inside: Area, thick: usize, colour: PixelColour) {
        let Area { left, top, width, height } = inside;
        let (left, top) = (left - thick, top - thick);
        let (width, height) = (width + 2 * thick, height + 2 * thick);
        for (left, top, width, height) in [
            (left, top, width, thick),
            (left, top + height - thick, width, thick),
            (left, top, thick, height),
            (left + width - thick, top, thick, height),
        ] {
            self.fill(Area { left, top, width, height }, colour);
        }
    }

    /// Draws an image with `scale` × `scale` pixels per pixel; `colour_at` returns the colour at a row and a column.
    pub(super) fn image(&mut self, area: Area, scale: usize, colour_at: impl Fn(usize, usize) -> PixelColour) {
        for row in 0..area.height / scale {
            for column in 0..area.width / scale {
                let (left, top) = (area.left + column * scale, area.top + row * scale);
                self.fill(Area { left, top, width: scale, height: scale }, colour_at(row, column));
            }
        }
    }

    /// Draws a line of text with `scale` pixels per dot.
    pub(super) fn write(&mut self, left: usize, top: usize, text: &str, scale: usize, colour: PixelColour) {
        for (index, letter) in text.chars().enumerate() {
            for (row, dots) in font::glyph(letter).into_iter().enumerate() {
                for column in (0..font::WIDTH).filter(|column| dots >> (font::WIDTH - 1 - column) & 1 == 1) {
                    let left = left + (index * font::ADVANCE + column) * scale;
                    self.fill(Area { left, top: top + row * scale, width: scale, height: scale }, colour);
                }
            }
        }
    }

    /// Encodes as PNG.
    pub(super) fn png(&self) -> Result<Vec<u8>> {
        let mut file = Cursor::new(Vec::new());
        let (width, height) = (u32::try_from(self.width)?, u32::try_from(self.height)?);
        PngEncoder::new(&mut file).write_image(&self.pixels, width, height, ExtendedColorType::Rgb8)?;
        Ok(file.into_inner())
    }

    #[cfg(test)]
    pub(super) fn colour(&self, x: usize, y: usize) -> PixelColour {
        let at = (y * self.width + x) * 3;
        [self.pixels[at], self.pixels[at + 1], self.pixels[at + 2]]
    }
}

/// Width of a line of text.
pub(super) fn text_width(text: &str, scale: usize) -> usize {
    (text.chars().count() * font::ADVANCE * scale).saturating_sub(scale)
}

/// Height of a line of text, including descenders.
pub(super) fn text_height(scale: usize) -> usize {
    font::HEIGHT * scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_and_shapes_are_drawn_in_place() {
        let (red, blue) = ([255, 0, 0], [0, 0, 255]);
        let mut canvas = Canvas::new(40, 30);
        let area = Area { left: 5, top: 4, width: 4, height: 4 };
        canvas.image(area, 2, |row, column| if (row, column) == (1, 0) { red } else { blue });
        assert_eq!((canvas.colour(5, 4), canvas.colour(5, 6), canvas.colour(6, 7)), (blue, red, red));
        assert_eq!((canvas.colour(8, 7), canvas.colour(9, 7), canvas.colour(4, 4)), (blue, [255; 3], [255; 3]));
        canvas.frame(area, 1, red);
        for (x, y) in [(4, 3), (9, 3), (4, 8), (9, 8), (6, 3), (9, 5)] {
            assert_eq!(canvas.colour(x, y), red, "{x}, {y}");
        }
        assert_eq!((canvas.colour(5, 4), canvas.colour(10, 5)), (blue, [255; 3]));
        canvas.write(20, 10, "I", 2, blue);
        assert_eq!((canvas.colour(22, 10), canvas.colour(20, 10), canvas.colour(24, 15)), (blue, [255; 3], blue));
        // Drawing beyond the edge is ignored.
        canvas.write(38, 28, "W", 3, red);
    }

    #[test]
    fn the_file_is_read_back_the_same() -> Result<()> {
        let mut canvas = Canvas::new(3, 2);
        canvas.fill(Area { left: 1, top: 1, width: 1, height: 1 }, [1, 2, 3]);
        let read = image::load_from_memory(&canvas.png()?)?.to_rgb8();
        assert_eq!((read.dimensions(), read.into_raw()), ((3, 2), canvas.pixels));
        Ok(())
    }

    #[test]
    fn text_lines_are_measured() {
        assert_eq!((text_width("", 2), text_width("ab", 2), text_height(2)), (0, 22, 16));
    }
}
