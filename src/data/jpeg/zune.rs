//! The fast decoder, for files that it decodes correctly.

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::Pixels;
use super::headers::{Colour, Headers};

/// Sixteen bits of one, four times, then the end of the image. No Huffman code is all ones (ITU-T T.81, C), so a decoder
/// that takes a code of it fails; the usual end of the image it takes for as many zeros as it needs.
const PADDED_END: [u8; 18] = *b"\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\xd9";

/// The pixels of a file, or nothing where the decoder meets an error or, in a file of one scan without restart markers,
/// the end of the data before that of the pixels.
pub(super) fn decode(bytes: &[u8], headers: &Headers<'_>) -> Option<Pixels> {
    let grey = headers.colour == Colour::Grey;
    let out = if grey { ColorSpace::Luma } else { ColorSpace::RGB };
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(out)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .set_strict_mode(true);
    let pixels = if headers.zune_reports_holes() {
        let scan = &headers.scans[0];
        let padded = [&bytes[..scan.offset + scan.data.len()], &PADDED_END].concat();
        JpegDecoder::new_with_options(ZCursor::new(padded.as_slice()), options).decode()
    } else {
        JpegDecoder::new_with_options(ZCursor::new(bytes), options).decode()
    };
    let pixels = pixels.ok()?;
    let channels = if grey { 1 } else { 3 };
    (pixels.len() == channels * headers.frame.width * headers.frame.height)
        .then(|| if grey { Pixels::Grey(pixels) } else { Pixels::Colours(pixels) })
}
