//! Damaged files: whatever is changed in a valid file, a parser either accepts or rejects it, without panicking.

use proptest::prelude::*;

use super::{decode, idx, npy};
use crate::spec::Fit;

const IMAGES: [&[u8]; 4] = [
    include_bytes!("../../tests/fixtures/images/palette.png"),
    include_bytes!("../../tests/fixtures/images/grey16.png"),
    include_bytes!("../../tests/fixtures/images/cmyk.jpg"),
    include_bytes!("../../tests/fixtures/images/colour.jpg"),
];
const IDX: &[u8] = &[0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];
const NPY: &[u8] =
    b"\x93NUMPY\x01\x00\x3a\x00{'descr': '<i2', 'fortran_order': False, 'shape': (3, 1)}\n\x01\x00\x02\x00\x03\x00";

/// Changes some bytes, and truncates the end.
fn damaged(good: &[u8], changes: &[(prop::sample::Index, u8)], length: prop::sample::Index) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for (at, value) in changes {
        let at = at.index(bytes.len());
        bytes[at] = *value;
    }
    bytes.truncate(length.index(bytes.len()) + 1);
    bytes
}

proptest! {
    #[test]
    fn parsers_do_not_panic_on_damaged_files(
        image in 0..IMAGES.len(),
        changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 0..6),
        length in any::<prop::sample::Index>(),
    ) {
        if let Ok(decoded) = decode::bytes(&damaged(IMAGES[image], &changes, length)) {
            prop_assert_eq!(decoded.resized([8, 8], Fit::Crop).len(), 192);
        }
        if let Ok(bytes) = idx::parse(damaged(IDX, &changes, length).as_slice(), &[2, 3]) {
            prop_assert_eq!(bytes.len(), 6);
        }
        let _ = npy::labels(&damaged(NPY, &changes, length));
    }
}
