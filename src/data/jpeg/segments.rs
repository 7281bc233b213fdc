//! The segments of a JPEG file (ITU-T T.81, B.1.1): markers with parameters.

pub(super) const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) marker: u8,
    /// Parameters, without their length.
    pub(super) body: &'a [u8],
    /// For a scan: entropy-coded data up to the next marker other than a restart marker.
    pub(super) data: &'a [u8],
    /// Offset of the data in the file.
    pub(super) offset: usize,
    /// Whether the data contain restart markers.
    pub(super) restarts: bool,
}

/// Reads the segments of a file up to the end of the image.
pub(super) struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 2 }
    }

    /// The next segment, or `None` at the end of the image.
    pub(super) fn next(&mut self) -> Result<Option<Segment<'a>>, String> {
        let segment = self.read().ok_or("it ends before its last pixels")?;
        Ok(Some(segment).filter(|segment| segment.marker != END_OF_IMAGE))
    }

    /// The next segment; the end of the image counts as a segment without parameters. `None` if the file ends before.
    fn read(&mut self) -> Option<Segment<'a>> {
        let marker = loop {
            self.at = after_next_ff(self.bytes, self.at)?;
            // A marker may be preceded by any number of fill bytes 0xff.
            while *self.bytes.get(self.at)? == 0xff {
                self.at += 1;
            }
            let marker = self.bytes[self.at];
            self.at += 1;
            match marker {
                END_OF_IMAGE => {
                    return Some(Segment { marker, body: &[], data: &[], offset: self.at, restarts: false });
                }
                // A stuffed byte, and markers without parameters.
                0x00 | 0x01 | 0xd0..=0xd8 => {}
                _ => break marker,
            }
        };
        let length = self.bytes.get(self.at..self.at + 2)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
        let body = self.bytes.get(self.at + 2..self.at + length)?;
        self.at += length;
        let offset = self.at;
        let none: (&[u8], bool) = (&[], false);
        let (data, restarts) = if marker == START_OF_SCAN { self.entropy_coded()? } else { none };
        Some(Segment { marker, body, data, offset, restarts })
    }

    fn entropy_coded(&mut self) -> Option<(&'a [u8], bool)> {
        let (start, mut restarts) = (self.at, false);
        loop {
            let after = after_next_ff(self.bytes, self.at)?;
            match self.bytes.get(after)? {
                0x00 => {}
                0xd0..=0xd7 => restarts = true,
                _ => {
                    self.at = after - 1;
                    return Some((&self.bytes[start..self.at], restarts));
                }
            }
            self.at = after;
        }
    }
}

/// The index after the next byte 0xff.
fn after_next_ff(bytes: &[u8], from: usize) -> Option<usize> {
    const BLOCK: usize = 64;
    let mut at = from;
    // `contains` is vectorised, `position` is not.
    while bytes.get(at..at + BLOCK).is_some_and(|block| !block.contains(&0xff)) {
        at += BLOCK;
    }
    Some(at + bytes.get(at..)?.iter().position(|&byte| byte == 0xff)? + 1)
}

/// Splits entropy-coded data at restart markers, whose numbers must cycle from 0 to 7.
pub(super) fn intervals(data: &[u8]) -> Result<Vec<&[u8]>, String> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(after) = after_next_ff(data, at) {
        at = after;
        if let Some(marker @ 0xd0..=0xd7) = data.get(at) {
            if usize::from(marker - 0xd0) != parts.len() % 8 {
                return Err("a restart marker is missing".to_owned());
            }
            parts.push(&data[start..at - 1]);
            start = at + 1;
        }
    }
    parts.push(&data[start..]);
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_read_up_to_the_end_of_the_image() {
        // A thumbnail with its own end marker; a scan with fill bytes before its marker; the end.
        let bytes = b"\xff\xd8\xff\xe1\0\x06\xff\xd8\xff\xd9\xff\xff\xda\0\x03\x07\x01\xff\0\xff\xd0\x03\xff\xd9more";
        let mut segments = Segments::of(bytes);
        let small = segments.next().expect("a segment").expect("no end");
        assert_eq!((small.marker, small.body), (0xe1, &b"\xff\xd8\xff\xd9"[..]));
        let scan = segments.next().expect("a segment").expect("no end");
        assert_eq!((scan.marker, scan.body, scan.data), (0xda, &b"\x07"[..], &b"\x01\xff\0\xff\xd0\x03"[..]));
        assert_eq!((scan.offset, scan.restarts), (16, true));
        assert_eq!(segments.next(), Ok(None));
        for length in 2..24 {
            let mut segments = Segments::of(&bytes[..length]);
            let end = std::iter::from_fn(|| segments.next().transpose()).find_map(Result::err);
            assert_eq!(end.as_deref(), Some("it ends before its last pixels"), "{length}");
        }
    }

    #[test]
    fn restart_markers_split_data_and_must_be_in_order() {
        let parts = intervals(b"ab\xff\0\xff\xd0c\xff\xd1").expect("they are in order");
        assert_eq!(parts, [&b"ab\xff\0"[..], b"c", b""]);
        assert!(intervals(b"a\xff\xd1b").is_err());
        let long = [[7; 200].as_slice(), b"\xff\xd0", &[8; 200]].concat();
        assert_eq!(intervals(&long).expect("they are in order"), [&[7; 200][..], &[8; 200]]);
    }
}
