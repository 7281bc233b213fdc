//! An image file to pixels: PNG or JPEG, whatever its name says, of any colours, within bounds of memory.

use std::io::{BufReader, Cursor};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::{ImageFormat, ImageReader, Limits};

use super::files::{open_regular, read_whole};
use super::resize::Resize;
use crate::spec::Fit;

/// A larger file is no photograph.
const LARGEST_FILE: u64 = 256 << 20;
/// A small file may claim to be a huge image.
const LARGEST_SIDE: u32 = 16_384;
const MOST_MEMORY: u64 = 512 << 20;

/// Pixels of an image, its colours interleaved: always red, green and blue.
pub(super) struct Decoded {
    pub(super) height: usize,
    pub(super) width: usize,
    pixels: Vec<u8>,
}

/// Height and width of an image file, from its header.
pub(super) fn size(path: &Path) -> Result<(usize, usize), String> {
    let file = BufReader::new(open_regular(path).map_err(|error| error.to_string())?);
    let reader = ImageReader::new(file).with_guessed_format().map_err(|error| error.to_string())?;
    known(reader.format())?;
    let (width, height) = reader.into_dimensions().map_err(|error| error.to_string())?;
    Ok((height as usize, width as usize))
}

/// Decodes an image file.
pub(super) fn file(path: &Path) -> Result<Decoded, String> {
    bytes(read_whole(path, LARGEST_FILE).map_err(|error| error.to_string())?)
}

/// Decodes the bytes of an image file. Grey becomes three equal colours, a palette its colours, CMYK its conversion to
/// RGB; transparency is dropped, as Pillow's `convert("RGB")` drops it; 16 bits become 8.
pub(super) fn bytes(bytes: Vec<u8>) -> Result<Decoded, String> {
    let decode = || {
        let mut reader =
            ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| error.to_string())?;
        known(reader.format())?;
        let mut limits = Limits::default();
        limits.max_image_width = Some(LARGEST_SIDE);
        limits.max_image_height = Some(LARGEST_SIDE);
        limits.max_alloc = Some(MOST_MEMORY);
        reader.limits(limits);
        let image = reader.decode().map_err(|error| error.to_string())?.into_rgb8();
        Ok(Decoded { height: image.height() as usize, width: image.width() as usize, pixels: image.into_raw() })
    };
    // A decoder that gives up on a damaged file is one bad file, not the end of the program.
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| Err("its decoder gave up".to_owned()))
}

fn known(format: Option<ImageFormat>) -> Result<(), String> {
    match format {
        Some(ImageFormat::Png | ImageFormat::Jpeg) => Ok(()),
        _ => Err("it is neither a PNG nor a JPEG file".to_owned()),
    }
}

impl Decoded {
    /// The image in a size, colour by colour.
    pub(super) fn resized(&self, height: usize, width: usize, fit: Fit) -> Vec<u8> {
        let mut planes = vec![0; 3 * height * width];
        if (self.height, self.width) == (height, width) {
            let plane = height * width;
            for (at, colours) in self.pixels.as_chunks::<3>().0.iter().enumerate() {
                for (channel, &value) in colours.iter().enumerate() {
                    planes[channel * plane + at] = value;
                }
            }
        } else {
            let resize = Resize::new((self.height, self.width), (height, width), fit);
            resize.apply(&self.pixels, 3, |at, value| planes[at] = value);
        }
        planes
    }
}
