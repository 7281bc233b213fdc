//! Decodes the blocks of a scan: sequential (ITU-T T.81, F.2) and progressive (G.2).

use super::headers::Scan;
use super::huffman::{Bits, Huffman};

/// Coefficients in row order.
pub(super) type CoefficientBlock = [i16; 64];

/// Index in a block of each coefficient in zigzag order.
#[rustfmt::skip]
pub(super) const ZIGZAG: [usize; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

const IMPOSSIBLE: &str = "there is an invalid code";

/// What a scan provides for each block.
enum Gives {
    All,
    /// The upper bits of the DC coefficient, or one more bit of it.
    Dc,
    DcBit,
    /// The same for a range of AC coefficients.
    Ac,
    AcBit,
}

/// A pass over the blocks of a scan.
pub(super) struct ScanPass {
    gives: Gives,
    first: usize,
    last: usize,
    lowest_bit: u32,
    /// The last DC coefficient of each component.
    predictions: [i32; 4],
    /// Remaining blocks of an end-of-band run, without new non-zero coefficients.
    empty_blocks: u32,
}

impl ScanPass {
    pub(super) fn new(progressive: bool, scan: &Scan<'_>) -> Self {
        let gives = match (progressive, scan.first, scan.refines) {
            (false, ..) => Gives::All,
            (true, 0, false) => Gives::Dc,
            (true, 0, true) => Gives::DcBit,
            (true, _, false) => Gives::Ac,
            (true, _, true) => Gives::AcBit,
        };
        let (first, last, lowest_bit) = (scan.first, scan.last, scan.lowest_bit);
        Self { gives, first, last, lowest_bit, predictions: [0; 4], empty_blocks: 0 }
    }

    /// Resets at a restart marker.
    pub(super) fn restart(&mut self) {
        (self.predictions, self.empty_blocks) = ([0; 4], 0);
    }

    /// Decodes the next block of component `place` of the scan, with its DC and AC table.
    pub(super) fn block(
        &mut self,
        block: &mut CoefficientBlock,
        at: usize,
        [dc, ac]: [Option<&Huffman<'_>>; 2],
        bits: &mut Bits<'_>,
    ) -> Result<(), &'static str> {
        let missing = "a Huffman table is missing";
        match self.gives {
            Gives::All => {
                block[0] = self.dc(at, dc.ok_or(missing)?, bits)? as i16;
                all_ac(block, ac.ok_or(missing)?, bits)
            }
            Gives::Dc => {
                block[0] = (self.dc(at, dc.ok_or(missing)?, bits)? << self.lowest_bit) as i16;
                Ok(())
            }
            Gives::DcBit => {
                block[0] |= (bits.number(1) << self.lowest_bit) as i16;
                Ok(())
            }
            Gives::Ac => self.ac(block, ac.ok_or(missing)?, bits),
            Gives::AcBit => self.ac_bit(block, ac.ok_or(missing)?, bits),
        }
    }

    fn dc(&mut self, at: usize, table: &Huffman<'_>, bits: &mut Bits<'_>) -> Result<i32, &'static str> {
        let size = table.decode(bits)?;
        if size > 15 {
            return Err(IMPOSSIBLE);
        }
        let sum = self.predictions[at].wrapping_add(bits.signed(u32::from(size)));
        self.predictions[at] = sum;
        Ok(sum)
    }

    fn ac(
        &mut self,
        block: &mut CoefficientBlock,
        table: &Huffman<'_>,
        bits: &mut Bits<'_>,
    ) -> Result<(), &'static str> {
        if self.empty_blocks > 0 {
            self.empty_blocks -= 1;
            return Ok(());
        }
        let mut at = self.first;
        while at <= self.last {
            let (zeros, size) = halves(table.decode(bits)?);
            if size == 0 && zeros < 15 {
                self.empty_blocks = (1 << zeros) - 1 + bits.number(zeros) as u32;
                break;
            }
            at += zeros as usize;
            if size > 0 {
                let level = bits.signed(size) << self.lowest_bit;
                block[*ZIGZAG.get(at).ok_or(IMPOSSIBLE)?] = level as i16;
            }
            at += 1;
        }
        Ok(())
    }

    fn ac_bit(
        &mut self,
        block: &mut CoefficientBlock,
        table: &Huffman<'_>,
        bits: &mut Bits<'_>,
    ) -> Result<(), &'static str> {
        let mut at = self.first;
        while self.empty_blocks == 0 && at <= self.last {
            let (zeros, size) = halves(table.decode(bits)?);
            let level = match size {
                0 if zeros < 15 => {
                    self.empty_blocks = (1 << zeros) + bits.number(zeros) as u32;
                    break;
                }
                0 => 0,
                1 => (2 * bits.number(1) - 1) << self.lowest_bit,
                _ => return Err(IMPOSSIBLE),
            };
            at = self.refine(block, at, zeros, bits);
            if level != 0 && at > self.last {
                return Err(IMPOSSIBLE);
            }
            if at <= self.last && level != 0 {
                block[ZIGZAG[at]] = level as i16;
            }
            at += 1;
        }
        if self.empty_blocks > 0 {
            self.refine(block, at, u32::MAX, bits);
            self.empty_blocks -= 1;
        }
        Ok(())
    }

    /// Refines each non-zero coefficient from index `from` on by one bit, skipping `zeros` zeros. Returns the index of
    /// the zero after those.
    fn refine(&self, block: &mut CoefficientBlock, from: usize, mut zeros: u32, bits: &mut Bits<'_>) -> usize {
        let bit = 1i16 << self.lowest_bit;
        for (at, &place) in ZIGZAG.iter().enumerate().take(self.last + 1).skip(from) {
            let level = &mut block[place];
            if *level == 0 {
                if zeros == 0 {
                    return at;
                }
                zeros -= 1;
            } else if bits.number(1) == 1 && *level & bit == 0 {
                *level = level.wrapping_add(if *level > 0 { bit } else { -bit });
            }
        }
        self.last + 1
    }
}

fn all_ac(block: &mut CoefficientBlock, table: &Huffman<'_>, bits: &mut Bits<'_>) -> Result<(), &'static str> {
    let mut at = 1;
    while at < 64 {
        let (zeros, size) = halves(table.decode(bits)?);
        if size == 0 && zeros < 15 {
            break;
        }
        at += zeros as usize;
        if size > 0 {
            block[*ZIGZAG.get(at).ok_or(IMPOSSIBLE)?] = bits.signed(size) as i16;
        }
        at += 1;
    }
    Ok(())
}

/// A run of zeros, and the number of bits of the coefficient after it.
fn halves(symbol: u8) -> (u32, u32) {
    (u32::from(symbol >> 4), u32::from(symbol & 15))
}
