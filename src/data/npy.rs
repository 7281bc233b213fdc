//! The `.npy` format of `NumPy` (its versions 1 to 3): a magic string, a header that is a Python dictionary, then the
//! numbers.

use std::io::Read;

/// How every file begins.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// A header is a hundred bytes.
const LONGEST_HEADER: usize = 64 * 1024;

/// An array's type and size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// As `NumPy` writes it, such as `|u1` or `<i8`.
    pub(super) kind: String,
    pub(super) shape: Vec<usize>,
}

/// Reads up to where the numbers begin.
pub(super) fn header(file: &mut impl Read) -> Result<Header, String> {
    let mut start = [0; 8];
    file.read_exact(&mut start).map_err(|error| error.to_string())?;
    if &start[..6] != MAGIC {
        return Err("it does not begin as an .npy file".into());
    }
    let wide = match start[6] {
        1 => 2,
        2 | 3 => 4,
        version => return Err(format!("it is of version {version} of the format, and 1 to 3 are known")),
    };
    let mut length = [0; 4];
    file.read_exact(&mut length[..wide]).map_err(|error| error.to_string())?;
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST_HEADER {
        return Err(format!("its header claims {length} bytes"));
    }
    let mut text = vec![0; length];
    file.read_exact(&mut text).map_err(|error| error.to_string())?;
    parse(&String::from_utf8_lossy(&text))
}

/// `{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }`
fn parse(text: &str) -> Result<Header, String> {
    let value = |key: &str| {
        let (_, rest) = text.split_once(&format!("'{key}':")).ok_or(format!("its header has no `{key}`"))?;
        Ok::<&str, String>(rest.trim_start())
    };
    let kind = value("descr")?.strip_prefix('\'').and_then(|rest| rest.split_once('\'')).map(|(kind, _)| kind);
    let kind = kind.ok_or("it holds records, and should hold plain numbers")?.to_owned();
    if !value("fortran_order")?.starts_with("False") {
        return Err("it is in Fortran's order: save `numpy.ascontiguousarray` of it".into());
    }
    let inside = value("shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let (inside, _) = inside.ok_or("its header has no shape")?;
    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
    let shape =
        sizes.map(|size| size.parse().map_err(|_| format!("its shape has `{size}`"))).collect::<Result<_, _>>()?;
    Ok(Header { kind, shape })
}

impl Header {
    /// How many numbers it holds, if that can be.
    pub(super) fn count(&self) -> Option<usize> {
        self.shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size))
    }
}

/// The integers of a whole file.
pub(super) fn labels(bytes: &[u8]) -> Result<Vec<i64>, String> {
    let mut rest = bytes;
    let header = header(&mut rest)?;
    integers(&header, rest)
}

/// The integers of an array of one dimension, or of two of which the second is 1.
pub(super) fn integers(header: &Header, bytes: &[u8]) -> Result<Vec<i64>, String> {
    if !matches!(header.shape.as_slice(), [_] | [_, 1]) {
        return Err(format!("labels are an array of one dimension, and it has shape {:?}", header.shape));
    }
    let (order, kind) = header.kind.split_at_checked(1).unwrap_or(("", ""));
    let width = match kind {
        "u1" | "i1" | "b1" => 1,
        "u2" | "i2" => 2,
        "u4" | "i4" => 4,
        "u8" | "i8" => 8,
        _ => return Err(format!("labels are integers, and it holds `{}`", header.kind)),
    };
    let count = header.count().ok_or("its shape is beyond all memory")?;
    if order == ">" && width > 1 {
        return Err("its bytes are in big-endian order: save it as a native integer".into());
    }
    if count.checked_mul(width) != Some(bytes.len()) {
        return Err(format!("its shape {:?} does not fit its {} bytes", header.shape, bytes.len()));
    }
    let signed = kind.starts_with('i');
    let number = |part: &[u8]| {
        let negative = signed && part[width - 1] & 0x80 != 0;
        let mut wide = [if negative { 0xff } else { 0 }; 8];
        wide[..width].copy_from_slice(part);
        i64::from_le_bytes(wide)
    };
    Ok(bytes.chunks_exact(width).map(number).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, header: &str, bytes: &[u8]) -> Vec<u8> {
        let length = header.len() as u32;
        let length = if version == 1 { length.to_le_bytes()[..2].to_vec() } else { length.to_le_bytes().to_vec() };
        [MAGIC, &[version, 0], &length, header.as_bytes(), bytes].concat()
    }

    #[test]
    fn labels_of_every_width_are_read() {
        let of =
            |kind: &str, shape: &str| format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let cases: [(u8, String, &[u8], &[i64]); 4] = [
            (1, of("|u1", "(3,)"), &[1, 2, 255], &[1, 2, 255]),
            (2, of("|i1", "(2, 1)"), &[1, 255], &[1, -1]),
            (3, of("<i4", "(1,)"), &[1, 2, 0, 0], &[513]),
            (1, of("<i8", "(1,)"), &[0xfe, 255, 255, 255, 255, 255, 255, 255], &[-2]),
        ];
        for (version, header, bytes, expected) in cases {
            assert_eq!(labels(&file(version, &header, bytes)).as_deref(), Ok(expected), "{header}");
        }
    }

    #[test]
    fn what_is_no_array_of_labels_says_why() {
        let of = |kind: &str, order: &str, shape: &str| {
            file(1, &format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}"), &[1, 2, 3, 4])
        };
        let cases = [
            (b"PK".to_vec(), "failed to fill"),
            (b"\x93NUMPX\x01\0".to_vec(), "it does not begin"),
            (b"\x93NUMPY\x09\0".to_vec(), "it is of version 9"),
            (b"\x93NUMPY\x02\0\xff\xff\xff\xff".to_vec(), "its header claims 4294967295 bytes"),
            (file(1, "{}", &[]), "its header has no `descr`"),
            (of("<f4", "False", "(1,)"), "labels are integers"),
            (of("|u1", "True", "(4,)"), "it is in Fortran's order"),
            (of(">i4", "False", "(1,)"), "its bytes are in big-endian order"),
            (of("|u1", "False", "(5,)"), "its shape [5] does not fit its 4 bytes"),
            (of("|u1", "False", "(2, 2)"), "labels are an array of one dimension"),
            (of("|u1", "False", "(x,)"), "its shape has `x`"),
            (of("<i8", "False", "(18446744073709551615,)"), "its shape [18446744073709551615] does not fit"),
        ];
        for (bytes, expected) in cases {
            let cause = labels(&bytes).expect_err("it is no array of labels");
            assert!(cause.starts_with(expected), "{cause}");
        }
    }
}
