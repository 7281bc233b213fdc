//! Huffman decoding (ITU-T T.81, C and F.2.2), and the bit reader.

const SHORT: u32 = 9;
const DAMAGED_TABLE: &str = "a Huffman table is damaged";

/// A table for decoding codes of up to 16 bits.
pub(super) struct Huffman<'a> {
    symbols: &'a [u8],
    /// Symbol and length of the code at the start of each nine-bit prefix; length 0 if the code is longer.
    short: [(u8, u8); 1 << SHORT],
    /// For each length, the first code of a greater length, padded with zeros to 16 bits.
    ends: [u32; 17],
    /// For each length, the index of its first symbol minus its first code.
    offsets: [i32; 17],
}

impl<'a> Huffman<'a> {
    /// From the numbers of codes of 1 to 16 bits, followed by the symbols in code order.
    pub(super) fn new(table: &'a [u8]) -> Result<Self, &'static str> {
        let (counts, symbols) = table.split_at(16);
        let mut new = Self { symbols, short: [(0, 0); 1 << SHORT], ends: [0; 17], offsets: [0; 17] };
        let (mut code, mut place) = (0u32, 0usize);
        for (length, &count) in (1u32..).zip(counts) {
            new.offsets[length as usize] = place as i32 - code as i32;
            for _ in 0..count {
                if code >> length != 0 {
                    return Err(DAMAGED_TABLE);
                }
                if length <= SHORT {
                    let first = (code << (SHORT - length)) as usize;
                    new.short[first..first + (1 << (SHORT - length))].fill((symbols[place], length as u8));
                }
                (code, place) = (code + 1, place + 1);
            }
            new.ends[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(new)
    }

    /// Decodes the next symbol.
    pub(super) fn decode(&self, bits: &mut Bits<'_>) -> Result<u8, &'static str> {
        let next = bits.peek(16);
        let (symbol, length) = self.short[(next >> (16 - SHORT)) as usize];
        if length > 0 {
            bits.skip(u32::from(length));
            return Ok(symbol);
        }
        let length = (SHORT as usize + 1..=16).find(|&length| next < self.ends[length]);
        let length = length.ok_or("there is a code that is not in the Huffman tables")?;
        bits.skip(length as u32);
        let place = self.offsets[length] + (next >> (16 - length)) as i32;
        self.symbols.get(place as usize).copied().ok_or(DAMAGED_TABLE)
    }
}

/// The bits of entropy-coded data without markers. Reading past the end returns zeros, which `check` reports.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    buffer: u64,
    count: u32,
    /// Bits in the buffer that are past the end of the data.
    missing: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn of(data: &'a [u8]) -> Self {
        Self { data, at: 0, buffer: 0, count: 0, missing: 0 }
    }

    fn fill(&mut self) {
        // Most data have no byte 0xff in the next four bytes.
        if let Some(&[first, second, third, fourth]) = self.data.get(self.at..).and_then(<[u8]>::first_chunk)
            && self.count < 32
            && ![first, second, third, fourth].contains(&0xff)
        {
            self.buffer = self.buffer << 32 | u64::from(u32::from_be_bytes([first, second, third, fourth]));
            self.count += 32;
            self.at += 4;
            return;
        }
        while self.count < 56 {
            let byte = self.data.get(self.at).copied();
            // A byte 0xff is followed by a stuffed 0.
            self.at += if byte == Some(0xff) { 2 } else { 1 };
            self.missing += if byte.is_none() { 8 } else { 0 };
            self.buffer = self.buffer << 8 | u64::from(byte.unwrap_or(0));
            self.count += 8;
        }
    }

    /// The next bits, at most 16, without consuming them.
    fn peek(&mut self, length: u32) -> u32 {
        if self.count < length {
            self.fill();
        }
        (self.buffer >> (self.count - length)) as u32 & ((1 << length) - 1)
    }

    fn skip(&mut self, length: u32) {
        self.count -= length;
    }

    /// A number of at most 16 bits.
    pub(super) fn number(&mut self, length: u32) -> i32 {
        let number = self.peek(length);
        self.skip(length);
        number as i32
    }

    /// A number whose first bit determines its sign (F.2.2.1).
    pub(super) fn signed(&mut self, length: u32) -> i32 {
        let number = self.number(length);
        if length > 0 && number < 1 << (length - 1) { number - (1 << length) + 1 } else { number }
    }

    /// Fails if bits past the end were consumed.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.missing > self.count { Err("some pixels are missing") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One code of one bit, one of 2, one of 12.
    const TABLE: &[u8] = &[1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 7, 8, 9];

    #[test]
    fn symbols_are_decoded_and_stuffed_bytes_skipped() {
        let table = Huffman::new(TABLE).expect("it is sound");
        // 10 0 110000000000, then the numbers 1111111 and 01 (signed: -2).
        let mut bits = Bits::of(&[0b1001_1000, 0b0000_0001, 0xfb]);
        assert_eq!([(); 3].map(|()| table.decode(&mut bits)), [Ok(8), Ok(7), Ok(9)]);
        assert_eq!((bits.number(6), bits.signed(2), bits.check()), (0b11_1111, -2, Ok(())));
        assert_eq!(bits.signed(0), 0);
        let mut stuffed = Bits::of(&[0xff, 0x00, 0xab]);
        assert_eq!((stuffed.number(16), stuffed.check()), (0xffab, Ok(())));
    }

    #[test]
    fn missing_bits_and_unknown_codes_are_errors() {
        let table = Huffman::new(TABLE).expect("it is sound");
        let mut bits = Bits::of(&[0x7f]);
        assert_eq!((table.decode(&mut bits), bits.number(7), bits.check()), (Ok(7), 127, Ok(())));
        assert_eq!(bits.number(1), 0);
        assert!(bits.check().is_err());
        assert!(table.decode(&mut Bits::of(&[0xff, 0, 0xff, 0])).is_err());
        let mut too_many = TABLE.to_vec();
        too_many[0] = 3;
        assert!(Huffman::new(&too_many).is_err());
    }
}
