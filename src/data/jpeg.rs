//! Whether a JPEG file is whole. Its decoder fills what is missing with grey and says nothing.

const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

/// Whether the mark of its end follows the beginning of its pixels. Before them there may be a small picture with an
/// end of its own; among them no such two bytes can be (ITU-T T.81, B.1.1.5).
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    scan(bytes).is_some_and(|scan| bytes[scan..].windows(2).rev().any(|pair| pair == END_OF_IMAGE))
}

/// Where the first scan begins: behind the mark of the image's start come segments, each with its length.
fn scan(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        // A mark may have any number of bytes 0xff before it.
        at += bytes.get(at..)?.iter().position(|&byte| byte == 0xff)?;
        at += bytes.get(at..)?.iter().position(|&byte| byte != 0xff)?;
        if bytes[at] == START_OF_SCAN {
            return Some(at);
        }
        let length = bytes.get(at + 1..at + 3)?;
        at += 1 + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_counts_behind_the_first_scan_alone() {
        let start = [0xff, 0xd8];
        // A segment of a small picture, with its end.
        let small = [0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9];
        let scan = [0xff, 0xff, 0xda, 0, 3, 0, 1, 2, 0xff, 0, 3];
        let end = [0xff, 0xd9];
        assert!(is_whole(&[&start[..], &small, &scan, &end].concat()));
        assert!(is_whole(&[&start[..], &scan, &end, b"more"].concat()));
        for cut in [
            &[&start[..], &small, &scan][..],
            &[&start, &small],
            &[&start, &end],
            &[&start],
            &[&start, &scan, &end[..1]],
        ] {
            assert!(!is_whole(&cut.concat()), "{cut:?}");
        }
    }
}
