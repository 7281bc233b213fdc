//! Decodes JPEG files with the pixels of libjpeg-turbo, or names what is unsupported or missing.
//!
//! There are two decoders: `zune-jpeg`, which is fast, for files that it is known to decode correctly; and the one in
//! this folder, for all other Huffman-coded 8-bit files. `headers` chooses between them from a file's headers. A
//! decoder that runs out of data normally pads with zeros and reports nothing, so that incomplete files seem fine;
//! `zune` and `coefficients` turn this into an error.

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

#[derive(Debug, PartialEq, Eq)]
pub(super) enum DecodedPixels {
    /// Red, green and blue of each pixel.
    Colours(Vec<u8>),
    /// One grey level per pixel.
    Grey(Vec<u8>),
}

/// Height and width, from the frame header only.
pub(super) fn size(bytes: &[u8]) -> Result<[u32; 2], String> {
    let frame = Frame::first(bytes)?;
    Ok([frame.height, frame.width].map(|side| side as u32))
}

/// Decodes a file whose size is known to be within limits.
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
