//! The memory layout of an array of images.

use std::io::Read;

use crate::blueprint::ImageShape;
use crate::data::npy;
use crate::error::UserError;
use crate::text;

/// In bytes. A small file can claim a huge array.
const LARGEST_ARRAY: u64 = 256 << 30;
/// In bytes, for an array that must be in memory as a whole.
const LARGEST_IN_MEMORY: u64 = 16 << 30;
const LARGEST_SIDE: usize = 4096;

/// The images of an array, and the positions of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ArrayLayout {
    pub(super) count: usize,
    pub(super) shape: ImageShape,
    pub(super) channels_last: bool,
    /// Whether the array is in column-major order, as MATLAB and R write it.
    pub(super) columns_first: bool,
}

impl ArrayLayout {
    /// Parses the header of the array called `name`.
    pub(super) fn read(file: &mut impl Read, name: &str) -> Result<Self, UserError> {
        let header = npy::header(file).map_err(|cause| format!("`{name}`: {cause}"))?;
        if header.order_and_kind().1 != "u1" {
            let kind = text::shortened(&header.kind);
            let error = UserError::new(format!("`{name}` has type `{kind}`, expected images as `uint8`"));
            return Err(match conversion(header.order_and_kind().1, name) {
                Some(hint) => error.hint(hint),
                None => error,
            });
        }
        let (count, shape, channels_last) = match *header.shape.as_slice() {
            [count, height, width] => (count, (1, height, width), false),
            [_, 1 | 3, _, 1 | 3] => {
                let message = format!(
                    "`{name}` has shape {:?}, in which the second or the last axis can be the channels",
                    header.shape
                );
                let hint = "save grey images without an axis of channels; colour images need more than 3 pixels a side";
                return Err(UserError::new(message).hint(hint));
            }
            [count, height, width, channels @ (1 | 3)] => (count, (channels, height, width), true),
            [count, channels @ (1 | 3), height, width] => (count, (channels, height, width), false),
            _ => {
                let error = UserError::new(format!(
                    "`{name}` has shape {:?}, expected [count, height, width] with an optional axis of 1 or 3 channels before or after",
                    header.shape
                ));
                return Err(match *header.shape.as_slice() {
                    [_, _] => error.hint(format!("for flattened images, save `{name}.reshape(-1, height, width)`")),
                    [_, _, 1 | 3, _] => error.hint(moved(name)),
                    [_, _, _, 4] => error.hint(format!("for an alpha channel, save `{name}[..., :3]`")),
                    _ => error,
                });
            }
        };
        let (channels, height, width) = shape;
        let sides = 1..=LARGEST_SIDE;
        let bytes = header.count().filter(|&bytes| bytes > 0 && bytes as u64 <= LARGEST_ARRAY);
        if bytes.is_none() || !sides.contains(&height) || !sides.contains(&width) {
            let size = if header.count() == Some(0) { "empty" } else { "too large" };
            return Err(format!("`{name}` has shape {:?}, which is {size}", header.shape).into());
        }
        let columns_first = header.columns_first;
        Ok(Self { count, shape: ImageShape { channels, height, width }, channels_last, columns_first })
    }

    /// All bytes of an array whose images are not contiguous. Bytes beyond the expected size are left unread.
    pub(super) fn whole(&self, file: &mut impl Read) -> Result<Vec<u8>, String> {
        let length = self.count * self.shape.elements();
        if length as u64 > LARGEST_IN_MEMORY {
            let most = text::bytes(LARGEST_IN_MEMORY);
            return Err(format!(
                "it is in Fortran order and larger than {most}: save it with `numpy.ascontiguousarray`"
            ));
        }
        let mut whole = Vec::new();
        file.take(length as u64).read_to_end(&mut whole).map_err(|error| error.to_string())?;
        if whole.len() < length {
            return Err(format!("it ends after {} of {length} bytes", whole.len()));
        }
        Ok(whole)
    }

    /// The bytes of an image in row-major order, from an array in column-major order.
    pub(super) fn gather(&self, whole: &[u8], index: usize, raw: &mut [u8]) {
        let ImageShape { channels, height, width } = self.shape;
        let [first, second, third] =
            if self.channels_last { [height, width, channels] } else { [channels, height, width] };
        let places = (0..first).flat_map(|a| (0..second).flat_map(move |b| (0..third).map(move |c| [a, b, c])));
        for (level, [a, b, c]) in raw.iter_mut().zip(places) {
            *level = whole[index + self.count * (a + first * (b + second * c))];
        }
    }
}

/// A hint for images that are numbered by the last axis, as in MATLAB and R.
pub(super) fn moved(name: &str) -> String {
    format!("for images along the last axis, save `numpy.moveaxis({name}, -1, 0)`")
}

/// How to make bytes of images of another type.
fn conversion(kind: &str, name: &str) -> Option<String> {
    Some(match kind {
        "f2" | "f4" | "f8" => {
            format!(
                "bring the values to 0 to 255, then save `{name}.round().astype(\"uint8\")`: times 255 if they are 0 to 1, \
                 `({name} + 1) * 127.5` if they are -1 to 1"
            )
        }
        "b1" => format!("save `{name}.astype(\"uint8\") * 255`"),
        "u2" => format!(
            "for values up to 255, save `{name}.astype(\"uint8\")`; up to 65535, \
             `({name} / 257).round().astype(\"uint8\")`"
        ),
        "i1" | "i2" | "i4" | "i8" | "u4" | "u8" => {
            format!("for values from 0 to 255, save `{name}.astype(\"uint8\")`")
        }
        "O" => {
            format!("object arrays are pickles, which are not read: for images of one size, save `numpy.stack({name})`")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `numpy.asfortranarray` writes the array of numbers counting from 0.
    #[test]
    fn fortran_order_images_equal_c_order_images() {
        for (shape, channels_last) in [([4, 2, 3, 1], true), ([4, 5, 2, 3], true), ([4, 3, 5, 2], false)] {
            let [count, first, second, third] = shape;
            let [channels, height, width] = if channels_last { [third, first, second] } else { [first, second, third] };
            let mut columns = vec![0; shape.iter().product()];
            for number in 0..columns.len() {
                let (c, b, a, n) = (
                    number % third,
                    number / third % second,
                    number / third / second % first,
                    number / third / second / first,
                );
                columns[n + count * (a + first * (b + second * c))] = number as u8;
            }
            let shape = ImageShape { channels, height, width };
            let layout = ArrayLayout { count, shape, channels_last, columns_first: true };
            let mut image = vec![0; shape.elements()];
            for index in 0..count {
                layout.gather(&columns, index, &mut image);
                let start = (index * image.len()) as u8;
                assert_eq!(image, (start..start + image.len() as u8).collect::<Vec<_>>());
            }
            assert_eq!(layout.whole(&mut columns.as_slice()).as_ref(), Ok(&columns));
            assert!(layout.whole(&mut &columns[1..]).is_err());
        }
    }
}
