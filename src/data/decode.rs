//! Decodes image files: PNG or JPEG by content, of any colour type, within memory limits.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Cursor, ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Once;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::files::{open_regular, read_whole};
use super::jpeg::{self, DecodedPixels};
use super::resize::Resize;
use super::wide::by_colour;
use crate::files::kind_by_start;
use crate::spec::Fit;
use crate::text;

/// In bytes. A larger file is not a photograph.
const LARGEST_FILE: u64 = 256 << 20;
/// In pixels. A small file can claim to be a huge image.
const LARGEST_SIDE: u32 = 16_384;
const MOST_MEMORY: u64 = 512 << 20;
const MOST_PIXELS: u64 = 1 << 26;

/// Why a file gives no image.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It is not a valid image.
    Bad(String),
    /// It cannot be read, or it does not fit the other images; it may still be a valid image.
    Unfit(String),
}

/// A decoded image.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) height: usize,
    pub(super) width: usize,
    pixels: DecodedPixels,
}

/// Height and width of an image file, from its header.
pub(super) fn size(path: &Path) -> Result<(usize, usize), String> {
    let mut file = BufReader::new(open_regular(path).map_err(|error| error.to_string())?);
    let [height, width] = match format(file.fill_buf().map_err(|error| error.to_string())?)? {
        ImageFormat::Jpeg => jpeg::size(&read_whole(path, LARGEST_FILE).map_err(|error| error.to_string())?)?,
        format => ImageReader::with_format(file, format)
            .into_dimensions()
            .map(|(width, height)| [height, width])
            .map_err(|error| in_words(&error))?,
    };
    bounded(width, height)?;
    Ok((height as usize, width as usize))
}

/// Whether a readable file does not start like an image.
pub(super) fn is_other_file(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = open_regular(path).and_then(|file| file.take(16).read_to_end(&mut start));
    read.is_ok() && format(&start).is_err()
}

/// Decodes an image file.
pub(super) fn file(path: &Path) -> Result<Decoded, Flaw> {
    let content = read_whole(path, LARGEST_FILE).map_err(|error| {
        // Errors of the operating system say nothing about the content, and may be gone the next time.
        if error.raw_os_error().is_some() { Flaw::Unfit(error.to_string()) } else { Flaw::Bad(error.to_string()) }
    })?;
    bytes(&content).map_err(Flaw::Bad)
}

/// Decodes the bytes of an image file. Grey becomes three equal channels, palettes and CMYK become RGB; alpha is
/// dropped, as in Pillow's `convert("RGB")`; 16 bits become 8. EXIF orientation is not applied.
pub(super) fn bytes(bytes: &[u8]) -> Result<Decoded, String> {
    let decode = || match format(bytes)? {
        ImageFormat::Jpeg => {
            let [height, width] = jpeg::size(bytes)?;
            bounded(width, height)?;
            Ok(Decoded { height: height as usize, width: width as usize, pixels: jpeg::decode(bytes)? })
        }
        _ => png(bytes),
    };
    // A decoder that panics on a damaged file means one bad file, not the end of the program.
    quietly(decode).unwrap_or_else(|| Err("the decoder failed".to_owned()))
}

fn png(bytes: &[u8]) -> Result<Decoded, String> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| in_words(&error))?;
    let (width, height) = decoder.dimensions();
    bounded(width, height)?;
    let pixels = match DynamicImage::from_decoder(decoder).map_err(|error| in_words(&error))? {
        DynamicImage::ImageLuma8(image) => DecodedPixels::Grey(image.into_raw()),
        image => DecodedPixels::Colours(image.into_rgb8().into_raw()),
    };
    Ok(Decoded { height: height as usize, width: width as usize, pixels })
}

/// An error of the decoder. Those of a faulty copy or download say so, not how the decoder found out.
fn in_words(error: &ImageError) -> String {
    let text = error.to_string();
    let ends_early = matches!(error, ImageError::IoError(cause) if cause.kind() == ErrorKind::UnexpectedEof);
    let flaw = match &text {
        _ if ends_early => "the file ends too early",
        text if text.contains("CRC error") => "a checksum is wrong",
        text if text.contains("Corrupt deflate stream") => "its pixels cannot be decompressed",
        _ => return text,
    };
    format!("damaged: {flaw}; copy or download it again")
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// The result of `work`, or `None` if it panics. The panic message is not printed.
fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                others(panic);
            }
        }));
    });
    QUIET.set(true);
    let done = catch_unwind(AssertUnwindSafe(work)).ok();
    QUIET.set(false);
    done
}

/// The format of a file that starts so; an error says what else it is, if that is known.
fn format(start: &[u8]) -> Result<ImageFormat, String> {
    let format = image::guess_format(start).ok();
    if let Some(format @ (ImageFormat::Png | ImageFormat::Jpeg)) = format {
        return Ok(format);
    }
    // HEIC and AVIF are ISO base media files (ISO/IEC 14496-12): a length, then `ftyp`.
    let heif = start.get(4..8) == Some(b"ftyp");
    let other = format.and_then(|format| format.extensions_str().first()).map(|ending| ending.to_uppercase());
    let found = match (kind_by_start(start), other) {
        _ if start.is_empty() => "an empty file".to_owned(),
        _ if heif => "a HEIC or AVIF file".to_owned(),
        (Some(kind), _) => kind.to_owned(),
        (None, Some(other)) => format!("a {other} file"),
        (None, None) => return Err("expected a PNG or JPEG file".to_owned()),
    };
    Err(format!("expected a PNG or JPEG file, found {found}"))
}

/// Limits the memory for an image, whatever its file claims: three bytes per pixel, plus the decoder's own needs.
fn bounded(width: u32, height: u32) -> Result<(), String> {
    if width.max(height) <= LARGEST_SIDE && u64::from(width) * u64::from(height) <= MOST_PIXELS {
        return Ok(());
    }
    Err(format!(
        "it is {height} × {width}; the limit is {} pixels and {LARGEST_SIDE} per side",
        text::grouped(MOST_PIXELS)
    ))
}

impl Decoded {
    /// The image at another size, channel by channel.
    pub(super) fn resized(&self, [height, width]: [usize; 2], fit: Fit) -> Vec<u8> {
        let mut planes = vec![0; 3 * height * width];
        self.write_to(&mut planes, [height, width], fit);
        planes
    }

    /// Like `resized`, into existing memory.
    pub(super) fn write_to(&self, planes: &mut [u8], [height, width]: [usize; 2], fit: Fit) {
        let (first, others) = planes.split_at_mut(height * width);
        let resize = ((self.height, self.width) != (height, width))
            .then(|| Resize::new((self.height, self.width), (height, width), fit));
        match (&self.pixels, resize) {
            (DecodedPixels::Colours(levels), Some(resize)) => resize.apply::<3>(levels, planes),
            (DecodedPixels::Colours(levels), None) => by_colour(levels, planes),
            (DecodedPixels::Grey(levels), resize) => {
                match resize {
                    Some(resize) => resize.apply::<1>(levels, first),
                    None => first.copy_from_slice(levels),
                }
                others.chunks_exact_mut(height * width).for_each(|other| other.copy_from_slice(first));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::each;
    use super::*;

    /// The centre of each quarter of an image of 16 × 16 pixels.
    fn quarters(name: &str) -> [[u8; 3]; 4] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images").join(name);
        let planes = file(&path).expect("it can be read").resized([16, 16], Fit::Exact);
        assert_eq!(size(&path), Ok((16, 16)));
        [(4, 4), (4, 12), (12, 4), (12, 12)]
            .map(|(row, column)| [0, 1, 2].map(|plane| planes[plane * 256 + row * 16 + column]))
    }

    /// As Pillow converts the same files; JPEG decoders may differ by a few levels.
    #[test]
    fn colours_of_every_kind_become_rgb() {
        let colours = [[200, 30, 40], [20, 180, 60], [30, 50, 220], [240, 240, 10]];
        let grey = [82, 118, 63, 214].map(|level| [level; 3]);
        for (name, expected, within) in [
            ("palette.png", colours, 0),
            ("alpha.png", colours, 0),
            ("grey.png", grey, 0),
            ("grey16.png", grey, 0),
            ("grey.jpg", grey, 3),
            ("colour.jpg", colours, 6),
            ("cmyk.jpg", colours, 6),
        ] {
            let found = quarters(name);
            let far =
                found.iter().flatten().zip(expected.iter().flatten()).any(|(one, other)| one.abs_diff(*other) > within);
            assert!(!far, "{name}: expected {expected:?}, found {found:?}");
        }
    }

    /// Grey, colour, palette, transparency, 1 to 16 bits, interlaced, with gamma: like Pillow's `convert("RGB")`.
    #[test]
    fn png_files_of_every_kind_become_rgb() {
        let archive = include_bytes!("../../tests/fixtures/images/png.tar.gz");
        each(archive, ".png", 50, |name, bytes, [height, width], expected| {
            let planes = super::bytes(bytes).expect(name).resized([height, width], Fit::Exact);
            let found: Vec<u8> = (0..planes.len()).map(|at| planes[at % 3 * height * width + at / 3]).collect();
            assert_eq!(found, expected, "{name}");
        });
    }

    #[test]
    fn a_panicking_decoder_returns_none_and_the_next_one_works() {
        assert_eq!(quietly(|| -> u8 { panic!("nobody sees this") }), None);
        assert_eq!(quietly(|| 7), Some(7));
        assert!(!QUIET.get());
    }

    #[test]
    fn non_images_and_oversized_images_are_errors() {
        let refused = |bytes: &[u8]| bytes_of(bytes).expect_err("it is no image");
        assert_eq!(refused(b"hello"), "expected a PNG or JPEG file");
        assert_eq!(refused(b"GIF89a\x01\0\x01\0\0\0\0;"), "expected a PNG or JPEG file, found a GIF file");
        assert_eq!(refused(b"RIFF\x10\0\0\0WEBPVP8 "), "expected a PNG or JPEG file, found a WEBP file");
        assert_eq!(refused(b"\0\0\0\x18ftypheic\0\0\0\0"), "expected a PNG or JPEG file, found a HEIC or AVIF file");
        assert_eq!(refused(b"<html>404"), "expected a PNG or JPEG file, found a web page");
        assert_eq!(refused(b""), "expected a PNG or JPEG file, found an empty file");
        assert!(!refused(&[0xff, 0xd8, 0xff, 0xe0, 0, 16]).is_empty());
        // A header that claims 100,000 pixels per side, with a valid checksum.
        let bomb = [
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(),
            &100_000u32.to_be_bytes(),
            &100_000u32.to_be_bytes(),
            &[8, 2, 0, 0, 0],
            &[0x7c, 0x22, 0xd5, 0x06],
        ];
        assert!(!refused(&bomb.concat()).is_empty());
    }

    fn bytes_of(bytes: &[u8]) -> Result<Decoded, String> {
        super::bytes(bytes)
    }
}
