//! Huffman codes (ITU-T T.81, C and F.2.2) and the bits that they stand in.

const SHORT: u32 = 9;

/// A table for decoding codes of up to 16 bits.
pub(super) struct Huffman<'a> {
    symbols: &'a [u8],
    /// The symbol of each code of up to nine bits, whatever bits follow, and its length; length 0 for none.
    short: [(u8, u8); 1 << SHORT],
    /// For each length, the first code of a greater length, filled up with zeros to 16 bits.
    ends: [u32; 17],
    /// For each length, the place of its first symbol less its first code.
    offsets: [i32; 17],
}

impl<'a> Huffman<'a> {
    /// From the counts of codes of 1 to 16 bits, then the symbols in the order of their codes.
    pub(super) fn new(table: &'a [u8]) -> Result<Self, String> {
        let (counts, symbols) = table.split_at(16);
        let mut new = Self { symbols, short: [(0, 0); 1 << SHORT], ends: [0; 17], offsets: [0; 17] };
        let (mut code, mut place) = (0u32, 0usize);
        for (length, &count) in (1u32..).zip(counts) {
            new.offsets[length as usize] = place as i32 - code as i32;
            for _ in 0..count {
                if code >> length != 0 {
                    return Err("a Huffman table of it is damaged".to_owned());
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

    /// The next symbol.
    pub(super) fn decode(&self, bits: &mut Bits<'_>) -> Result<u8, String> {
        let next = bits.peek(16);
        let (symbol, length) = self.short[(next >> (16 - SHORT)) as usize];
        if length > 0 {
            bits.skip(u32::from(length));
            return Ok(symbol);
        }
        let length = (SHORT as usize + 1..=16).find(|&length| next < self.ends[length]);
        let length = length.ok_or("there is a code among its pixels that its Huffman tables lack")?;
        bits.skip(length as u32);
        let place = self.offsets[length] + (next >> (16 - length)) as i32;
        self.symbols.get(place as usize).copied().ok_or_else(|| "a Huffman table of it is damaged".to_owned())
    }
}

/// The bits of entropy-coded data without markers. Behind their end there are zeros, which `check` reports.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    buffer: u64,
    count: u32,
    /// Bits in the buffer that are not in the data.
    missing: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn of(data: &'a [u8]) -> Self {
        Self { data, at: 0, buffer: 0, count: 0, missing: 0 }
    }

    fn fill(&mut self) {
        while self.count < 56 {
            let byte = self.data.get(self.at).copied();
            // A byte 0xff is followed by a stuffed 0.
            self.at += if byte == Some(0xff) { 2 } else { 1 };
            self.missing += if byte.is_none() { 8 } else { 0 };
            self.buffer = self.buffer << 8 | u64::from(byte.unwrap_or(0));
            self.count += 8;
        }
    }

    /// The next bits, at most 16.
    fn peek(&mut self, length: u32) -> u32 {
        if self.count < length {
            self.fill();
        }
        (self.buffer >> (self.count - length)) as u32 & ((1 << length) - 1)
    }

    fn skip(&mut self, length: u32) {
        self.count -= length;
    }

    /// A number of some bits, at most 16.
    pub(super) fn number(&mut self, length: u32) -> i32 {
        let number = self.peek(length);
        self.skip(length);
        number as i32
    }

    /// A number whose first bit tells its sign (F.2.2.1).
    pub(super) fn signed(&mut self, length: u32) -> i32 {
        let number = self.number(length);
        if length > 0 && number < 1 << (length - 1) { number - (1 << length) + 1 } else { number }
    }

    /// An error once bits were taken that are not there.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.missing > self.count { Err("some of its pixels are missing".to_owned()) } else { Ok(()) }
    }
}
