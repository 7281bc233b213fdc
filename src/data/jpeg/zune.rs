//! The fast decoder, for files that it decodes correctly.

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::DecodedPixels;
use super::headers::{ColourSpace, Headers};
use super::segments::intervals;

/// Sixteen one bits, four times. No Huffman code is all ones (ITU-T T.81, C), so a decoder that reads past the end of
/// the data fails on these, instead of reading endless zeros.
const PADDING: [u8; 16] = *b"\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0";

/// The pixels of a file. `None` if the decoder fails or, where `headers` say that it detects missing data, if data are
/// missing.
pub(super) fn decode(bytes: &[u8], headers: &Headers<'_>) -> Option<DecodedPixels> {
    let grey = headers.colour == ColourSpace::Grey;
    let out = if grey { ColorSpace::Luma } else { ColorSpace::RGB };
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(out)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .set_strict_mode(true);
    let padded = if headers.zune_reports_holes() { Some(padded(bytes, headers)?) } else { None };
    let bytes = padded.as_deref().unwrap_or(bytes);
    let pixels = JpegDecoder::new_with_options(ZCursor::new(bytes), options).decode().ok()?;
    let channels = if grey { 1 } else { 3 };
    let is_whole = pixels.len() == channels * headers.frame.width * headers.frame.height;
    is_whole.then_some(if grey { DecodedPixels::Grey(pixels) } else { DecodedPixels::Colours(pixels) })
}

/// A file of one scan with one bits after its data and before each restart marker. `None` if there are too few restart
/// markers.
fn padded(bytes: &[u8], headers: &Headers<'_>) -> Option<Vec<u8>> {
    let scan = &headers.scans[0];
    let mut padded = Vec::with_capacity(bytes.len() + 1024);
    padded.extend(&bytes[..scan.offset]);
    if scan.restart_interval == 0 {
        padded.extend(scan.data);
    } else {
        let parts = intervals(scan.data).ok()?;
        let count = headers.frame.mcus().div_ceil(scan.restart_interval);
        for (at, part) in parts.get(..count)?.iter().enumerate() {
            if at > 0 {
                padded.extend(PADDING);
                padded.extend([0xff, 0xd0 + ((at - 1) % 8) as u8]);
            }
            padded.extend(*part);
        }
    }
    padded.extend(PADDING);
    padded.extend(*b"\xff\xd9");
    Some(padded)
}
