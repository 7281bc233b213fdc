//! Reads what `gunzip` reads: files of one or several members (RFC 1952, 2.2), as written by bgzip, pigz and `cat a.gz
//! b.gz`, with anything after the last member; and uncompressed files whatever their name, as browsers leave them.

use std::io::{BufRead, BufReader, Chain, Cursor, Read, Result};

use flate2::bufread::GzDecoder;

const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The file, preceded by the two bytes that were read to detect its type.
type RewoundFile<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

/// A reader that decompresses if necessary.
pub(super) enum Gunzip<R: Read> {
    Plain(RewoundFile<R>),
    /// In a member.
    Member(Box<GzDecoder<RewoundFile<R>>>),
    /// After the last member.
    End,
}

impl<R: Read> Gunzip<R> {
    pub(super) fn new(mut file: R) -> Result<Self> {
        let mut start = Vec::new();
        file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut start)?;
        let packed = start == MAGIC;
        let whole = BufReader::with_capacity(1 << 16, Cursor::new(start).chain(file));
        Ok(if packed { Self::Member(Box::new(GzDecoder::new(whole))) } else { Self::Plain(whole) })
    }

    /// Continues with the next member, skipping zero padding (as on tapes).
    fn next_member(&mut self) -> Result<()> {
        let Self::Member(ended) = std::mem::replace(self, Self::End) else { return Ok(()) };
        let mut file = ended.into_inner();
        loop {
            let ahead = file.fill_buf()?;
            let zeros = ahead.iter().take_while(|&&byte| byte == 0).count();
            if zeros == 0 {
                break;
            }
            file.consume(zeros);
        }
        // The buffer may end between the two magic bytes; the first one alone is enough here.
        if file.fill_buf()?.first() == Some(&MAGIC[0]) {
            *self = Self::Member(Box::new(GzDecoder::new(file)));
        }
        Ok(())
    }
}

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        loop {
            let count = match self {
                Self::Plain(file) => return file.read(bytes),
                Self::End => return Ok(0),
                Self::Member(member) => member.read(bytes)?,
            };
            if count > 0 || bytes.is_empty() {
                return Ok(count);
            }
            self.next_member()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(bytes).and_then(|()| packer.finish()).expect("packed")
    }

    fn read(file: &[u8]) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Gunzip::new(file)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn every_member_is_read_and_trailing_bytes_are_ignored() -> Result<()> {
        let long: Vec<u8> = (0..200_000u32).map(|at| (at.wrapping_mul(at) >> 7) as u8).collect();
        let members = [packed(&long[..100_000]), packed(b""), packed(&long[100_000..])].concat();
        assert_eq!(read(&members)?, long);
        assert_eq!(read(&[members.as_slice(), &vec![0; 100_000]].concat())?, long);
        assert_eq!(read(&[members.as_slice(), &[0; 7], b"rubbish"].concat())?, long);
        assert_eq!(read(&[packed(b"a"), vec![0; 512], packed(b"b")].concat())?, b"ab");
        for plain in [&b""[..], b"\x1f", b"plain"] {
            assert_eq!(read(plain)?, plain);
        }
        Ok(())
    }

    #[test]
    fn a_truncated_or_damaged_member_is_an_error() {
        let whole = [packed(b"the first"), packed(b"the second")].concat();
        let first = packed(b"the first").len();
        for length in (2..first).chain(first + 1..whole.len()) {
            assert!(read(&whole[..length]).is_err(), "{length} bytes");
        }
        for at in [first - 6, whole.len() - 6] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert!(read(&damaged).is_err(), "byte {at}");
        }
    }
}
