//! The frame header of a JPEG file: size, components and coding.

use super::segments::{START_OF_SCAN, Segments};

pub(super) const NO_FRAME: &str = "the frame header is missing";

/// A component of a frame (ITU-T T.81, B.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) id: u8,
    /// Horizontal and vertical sampling factor, 1 to 4.
    pub(super) factors: [usize; 2],
    pub(super) table: usize,
}

/// The size of an image, and its coding.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) progressive: bool,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) components: Vec<Component>,
}

impl Frame {
    /// The first frame header of a file.
    pub(super) fn first(bytes: &[u8]) -> Result<Self, String> {
        let mut segments = Segments::of(bytes);
        while let Some(segment) = segments.next()? {
            if segment.marker == START_OF_SCAN {
                break;
            }
            if let Some(frame) = Self::of(segment.marker, segment.body)? {
                return Ok(frame);
            }
        }
        Err(NO_FRAME.to_owned())
    }

    /// The frame described by a segment, if it is a frame header.
    pub(super) fn of(marker: u8, body: &[u8]) -> Result<Option<Self>, String> {
        let unsupported = |what: &str| Err(format!("it is {what} JPEG file, which is not supported"));
        match marker {
            0xc0..=0xc2 => {}
            0xc3 => return unsupported("a lossless"),
            0xc9..=0xcb => return unsupported("an arithmetic-coded"),
            0xc5..=0xc7 | 0xcd..=0xcf => return unsupported("a hierarchical"),
            _ => return Ok(None),
        }
        let bad = || "the frame header is damaged".to_owned();
        let (head, parts) = body.split_at_checked(6).ok_or_else(bad)?;
        if head[0] != 8 {
            return unsupported(&format!("a {}-bit", head[0]));
        }
        let [height, width] = [1, 3].map(|at| usize::from(u16::from_be_bytes([head[at], head[at + 1]])));
        if height == 0 {
            return Err("its height follows its pixels (DNL), which is not supported".to_owned());
        }
        let (parts, rest) = parts.as_chunks::<3>();
        let sound = |part: &[u8; 3]| matches!(part[1] >> 4, 1..=4) && matches!(part[1] & 15, 1..=4) && part[2] < 4;
        if width == 0 || usize::from(head[5]) != parts.len() || !rest.is_empty() || !parts.iter().all(sound) {
            return Err(bad());
        }
        if !matches!(parts.len(), 1 | 3 | 4) {
            return Err(format!("it has {} colour components, which is not supported", parts.len()));
        }
        let component = |&[id, factors, table]: &[u8; 3]| Component {
            id,
            factors: [factors >> 4, factors & 15].map(usize::from),
            table: usize::from(table),
        };
        let components = parts.iter().map(component).collect();
        let frame = Self { progressive: marker == 0xc2, height, width, components };
        frame.whole_ratios().map(|()| Some(frame))
    }

    /// The number of MCUs of a scan of all components (ITU-T T.81, A.2).
    pub(super) fn mcus(&self) -> usize {
        let [across, down] = if self.components.len() == 1 { [1, 1] } else { self.largest() };
        self.width.div_ceil(8 * across) * self.height.div_ceil(8 * down)
    }

    /// Fails if a sample of a component does not cover an integer number of pixels.
    fn whole_ratios(&self) -> Result<(), String> {
        let [most_across, most_down] = self.largest();
        for [across, down] in self.components.iter().map(|component| component.factors) {
            if !most_across.is_multiple_of(across) || !most_down.is_multiple_of(down) {
                let largest = format!("{most_across}x{most_down}");
                return Err(format!("sampling factors {across}x{down} together with {largest} are not supported"));
            }
        }
        Ok(())
    }

    /// The largest sampling factors, horizontal and vertical.
    pub(super) fn largest(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.components.iter().map(|component| component.factors[axis]).max().unwrap_or(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(marker: u8, precision: u8, height: u8, parts: &[[u8; 3]]) -> Result<Option<Frame>, String> {
        let head = [precision, 0, height, 1, 2, parts.len() as u8];
        Frame::of(marker, &[head.as_slice(), parts.as_flattened()].concat())
    }

    #[test]
    fn frames_are_read_or_rejected_by_name() {
        let parts = [[1, 0x42, 0], [2, 0x11, 1], [3, 0x11, 1]];
        let read = frame(0xc2, 8, 7, &parts).expect("it is supported").expect("it is a frame");
        assert_eq!((read.progressive, read.height, read.width, read.largest()), (true, 7, 258, [4, 2]));
        assert_eq!(read.components[1], Component { id: 2, factors: [1, 1], table: 1 });
        assert_eq!(frame(0xc4, 8, 7, &parts), Ok(None));
        for (marker, precision, height, parts, expected) in [
            (0xc3, 8, 7, &parts[..], "it is a lossless JPEG file, which is not supported"),
            (0xc9, 8, 7, &parts, "it is an arithmetic-coded JPEG file, which is not supported"),
            (0xca, 8, 7, &parts, "it is an arithmetic-coded JPEG file, which is not supported"),
            (0xc5, 8, 7, &parts, "it is a hierarchical JPEG file, which is not supported"),
            (0xc1, 12, 7, &parts, "it is a 12-bit JPEG file, which is not supported"),
            (0xc0, 8, 0, &parts, "its height follows its pixels (DNL), which is not supported"),
            (0xc0, 8, 7, &parts[..2], "it has 2 colour components, which is not supported"),
            (
                0xc0,
                8,
                7,
                &[[1, 0x32, 0], parts[1], [3, 0x21, 0]],
                "sampling factors 2x1 together with 3x2 are not supported",
            ),
            (0xc0, 8, 7, &[[1, 0x51, 0]], "the frame header is damaged"),
            (0xc0, 8, 7, &[[1, 0x11, 4]], "the frame header is damaged"),
        ] {
            assert_eq!(frame(marker, precision, height, parts).expect_err("it is refused"), expected);
        }
    }
}
