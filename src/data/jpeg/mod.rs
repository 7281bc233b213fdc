//! JPEG files to pixels, as libjpeg-turbo decodes them, or an error that names what is not supported or missing.
//!
//! Two decoders: `zune-jpeg`, which is fast, for the files that it is known to decode correctly, and the one in this
//! folder, which decodes every Huffman-coded file of 8 bits, for all others. `headers` chooses between them by what a
//! file's headers say. A decoder that runs out of data pads them with zeros and reports nothing, so a file with a hole
//! passes for sound; `zune` and `coefficients` make that an error.

mod coefficients;
mod colour;
mod frame;
mod headers;
mod huffman;
mod inverse_dct;
mod scan;
mod segments;
mod upsampling;
mod zune;

use frame::Frame;
use headers::Headers;

/// Pixels of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DecodedPixels {
    /// Red, green and blue of each pixel.
    Colours(Vec<u8>),
    /// One level for all three.
    Grey(Vec<u8>),
}

/// Height and width, from the frame header alone.
pub(super) fn size(bytes: &[u8]) -> Result<[u32; 2], String> {
    let frame = Frame::first(bytes)?;
    Ok([frame.height, frame.width].map(|side| side as u32))
}

/// The pixels of a file whose size is known to be in bounds.
pub(super) fn decode(bytes: &[u8]) -> Result<DecodedPixels, String> {
    let headers = Headers::parse(bytes)?;
    if headers.zune_is_right() {
        if !headers.zune_reports_holes() {
            coefficients::decode(&headers)?;
        }
        if let Some(pixels) = zune::decode(bytes, &headers) {
            return Ok(pixels);
        }
    }
    let coefficients = coefficients::decode(&headers)?;
    colour::pixels(&headers, &coefficients)
}

#[cfg(test)]
mod tests;
