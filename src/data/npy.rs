//! The `.npy` format of `NumPy`, versions 1 to 3: a magic string, a header that is a Python dictionary, then the
//! numbers.

use std::io::Read;

use crate::text;

/// Magic string of every file.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// In bytes. A typical header has a hundred.
const LONGEST_HEADER: usize = 64 * 1024;

/// Type and shape of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NpyHeader {
    /// `NumPy` type string, such as `|u1` or `<i8`.
    pub(super) kind: String,
    /// Whether the array is in column-major order, as in Fortran, MATLAB and R.
    pub(super) columns_first: bool,
    pub(super) shape: Vec<usize>,
}

/// Reads the header, up to the start of the numbers.
pub(super) fn header(file: &mut impl Read) -> Result<NpyHeader, String> {
    let mut start = [0; 8];
    file.read_exact(&mut start).map_err(|error| error.to_string())?;
    if &start[..6] != MAGIC {
        return Err("it does not start like an `.npy` file".into());
    }
    let wide = match start[6] {
        1 => 2,
        2 | 3 => 4,
        version => return Err(format!("version {version} of the format is not supported, expected 1 to 3")),
    };
    let mut length = [0; 4];
    file.read_exact(&mut length[..wide]).map_err(|error| error.to_string())?;
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST_HEADER {
        return Err(format!("its header claims to have {length} bytes"));
    }
    let mut text = vec![0; length];
    file.read_exact(&mut text).map_err(|error| error.to_string())?;
    parse(&String::from_utf8_lossy(&text))
}

/// Parses `{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }`.
fn parse(text: &str) -> Result<NpyHeader, String> {
    let mut header = Dictionary { rest: text };
    let (mut kind, mut columns_first, mut shape) = (None, None, None);
    header.take("{").ok_or("its header is not a Python dictionary")?;
    while header.take("}").is_none() {
        let key = header.string().ok_or("its header is not a Python dictionary with string keys")?;
        header.take(":").ok_or_else(|| format!("its header has no value for `{}`", text::shortened(key)))?;
        match key {
            "descr" => {
                kind = Some(header.string().ok_or("it contains records, expected plain numbers")?.to_owned());
            }
            "fortran_order" => {
                columns_first = Some(header.flag().ok_or("its header's `fortran_order` is not a boolean")?);
            }
            "shape" => shape = Some(header.sizes()?),
            other => return Err(format!("its header has an unknown key `{}`", text::shortened(other))),
        }
        if header.take(",").is_none() && !header.rest.trim_start().starts_with('}') {
            return Err("its header is not a Python dictionary".into());
        }
    }
    let missing = |key: &str| format!("its header has no `{key}`");
    Ok(NpyHeader {
        kind: kind.ok_or_else(|| missing("descr"))?,
        columns_first: columns_first.ok_or_else(|| missing("fortran_order"))?,
        shape: shape.ok_or_else(|| missing("shape"))?,
    })
}

/// A parser for the Python literals in a header. Other libraries write different spaces and quotes.
struct Dictionary<'a> {
    rest: &'a str,
}

impl<'a> Dictionary<'a> {
    /// Consumes a word, and spaces before it.
    fn take(&mut self, word: &str) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(word)?;
        Some(())
    }

    /// A string without escapes, in single or double quotes; Python 2 may put a letter before it.
    fn string(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start().trim_start_matches(['u', 'b']);
        let quote = rest.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
        let (inside, rest) = rest[1..].split_once(quote)?;
        self.rest = rest;
        Some(inside)
    }

    fn flag(&mut self) -> Option<bool> {
        self.take("True").map(|()| true).or_else(|| self.take("False").map(|()| false))
    }

    /// `()`, `(3,)`, `(60000, 28L)`: Python 2 puts an `L` after long integers.
    fn sizes(&mut self) -> Result<Vec<usize>, String> {
        let inside = self.take("(").and_then(|()| self.rest.split_once(')'));
        let (inside, rest) = inside.ok_or("its header's shape is not a tuple")?;
        self.rest = rest;
        let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
        let number = |size: &str| size.trim_end_matches('L').parse();
        sizes.map(|size| number(size).map_err(|_| format!("its shape has `{}`", text::shortened(size)))).collect()
    }
}

impl NpyHeader {
    /// Whether it is big-endian, and the type without byte order: `u1` for `|u1`, `>u1` and `uint8`.
    pub(super) fn order_and_kind(&self) -> (bool, &str) {
        let kind = self.kind.trim_start_matches(['<', '>', '=', '|']);
        let kind = match kind {
            "uint8" | "B" => "u1",
            "?" | "bool" => "b1",
            other => other,
        };
        (self.kind.starts_with('>'), kind)
    }

    /// Number of elements, unless it overflows.
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

/// The integers of an array of one dimension, or of two where one is 1. Floats with integer values are accepted: MATLAB
/// and R use them by default.
pub(super) fn integers(header: &NpyHeader, bytes: &[u8]) -> Result<Vec<i64>, String> {
    if !matches!(header.shape.as_slice(), [_] | [_, 1] | [1, _]) {
        return Err(format!("expected labels as an array of one dimension, found shape {:?}", header.shape));
    }
    let (big_endian, kind) = header.order_and_kind();
    let width = match kind {
        "u1" | "i1" | "b1" => 1,
        "u2" | "i2" => 2,
        "u4" | "i4" | "f4" => 4,
        "u8" | "i8" | "f8" => 8,
        _ => return Err(format!("expected integer labels, found `{}`", text::shortened(&header.kind))),
    };
    let count = header.count().ok_or("its shape is too large")?;
    if count.checked_mul(width) != Some(bytes.len()) {
        return Err(format!("its shape {:?} does not fit its {} bytes", header.shape, bytes.len()));
    }
    let number = |(at, part): (usize, &[u8])| -> Result<i64, String> {
        // Little-endian, in any number of bytes.
        let mut wide = [0; 8];
        let ordered = part.iter().enumerate().map(|(at, &byte)| (if big_endian { width - 1 - at } else { at }, byte));
        ordered.for_each(|(at, byte)| wide[at] = byte);
        let float = match kind {
            "f4" => f64::from(f32::from_le_bytes([wide[0], wide[1], wide[2], wide[3]])),
            "f8" => f64::from_le_bytes(wide),
            _ => {
                let negative = kind.starts_with('i') && wide[width - 1] & 0x80 != 0;
                wide[width..].fill(if negative { 0xff } else { 0 });
                return Ok(i64::from_le_bytes(wide));
            }
        };
        let whole = float.fract() == 0.0 && float.abs() < 1e9;
        whole.then_some(float as i64).ok_or_else(|| format!("expected integer labels, found {float} at index {at}"))
    };
    bytes.chunks_exact(width).enumerate().map(number).collect()
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
        let cases: [(u8, String, &[u8], &[i64]); 9] = [
            (1, of("|u1", "(3,)"), &[1, 2, 255], &[1, 2, 255]),
            (1, of(">u1", "(1, 3)"), &[1, 2, 255], &[1, 2, 255]),
            (1, of(">i4", "(2,)"), &[0, 0, 1, 2, 255, 255, 255, 254], &[258, -2]),
            (1, of(">u2", "(1,)"), &[1, 2], &[258]),
            (1, of("<f8", "(1, 1)"), &3f64.to_le_bytes(), &[3]),
            (1, of(">f4", "(1,)"), &(-7f32).to_be_bytes(), &[-7]),
            (2, of("|i1", "(2, 1)"), &[1, 255], &[1, -1]),
            (3, of("<i4", "(1,)"), &[1, 2, 0, 0], &[513]),
            (1, of("<i8", "(1,)"), &[0xfe, 255, 255, 255, 255, 255, 255, 255], &[-2]),
        ];
        for (version, header, bytes, expected) in cases {
            assert_eq!(labels(&file(version, &header, bytes)).as_deref(), Ok(expected), "{header}");
        }
    }

    /// From NumPy under Python 2, NPZ.jl, cnpy and hand-written files: `numpy.load` accepts all of them.
    #[test]
    fn headers_of_all_writers_are_read() {
        for text in [
            "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2), }",
            "{'descr':'|u1','fortran_order':False,'shape':(3,2)}",
            "{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": (3, 2)}",
            "{ 'shape' : (3L, 2L) , 'fortran_order' : False , u'descr' : '|u1' , }   \n",
            "{'fortran_order': False, 'shape': (3, 2,), 'descr': '|u1'}\n",
        ] {
            let expected = NpyHeader { kind: "|u1".into(), columns_first: false, shape: vec![3, 2] };
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        assert!(
            parse("{'descr': '<u1', 'fortran_order': True, 'shape': (3, 2)}").is_ok_and(|header| header.columns_first)
        );
        assert!(
            parse("{'descr': '<u1', 'fortran_order': True, 'shape': ()}").is_ok_and(|header| header.shape.is_empty())
        );
    }

    #[test]
    fn invalid_label_arrays_say_why() {
        let of = |kind: &str, order: &str, shape: &str| {
            file(1, &format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}"), &[1, 2, 3, 4])
        };
        let cases = [
            (b"PK".to_vec(), "failed to fill"),
            (b"\x93NUMPX\x01\0".to_vec(), "it does not start"),
            (b"\x93NUMPY\x09\0".to_vec(), "version 9 of the format"),
            (b"\x93NUMPY\x02\0\xff\xff\xff\xff".to_vec(), "its header claims to have 4294967295 bytes"),
            (file(1, "{}", &[]), "its header has no `descr`"),
            (file(1, "{'descr': '|u1'}", &[]), "its header has no `fortran_order`"),
            (file(1, "{'descr': [('a', '|u1')], ", &[]), "it contains records"),
            (file(1, "{'descr' '|u1'}", &[]), "its header has no value for `descr`"),
            (file(1, "{'descr': '|u1' 'shape': (1,)}", &[]), "its header is not a Python dictionary"),
            (file(1, "{'descr': '|u1', 'shape': 1}", &[]), "its header's shape is not a tuple"),
            (file(1, "{'descr': '|u1', 'fortran_order': 0}", &[]), "its header's `fortran_order` is not"),
            (file(1, "{'size': 1}", &[]), "its header has an unknown key `size`"),
            (file(1, "", &[]), "its header is not a Python dictionary"),
            (of("<U4", "False", "(1,)"), "expected integer labels, found `<U4`"),
            (of("<f4", "False", "(1,)"), "expected integer labels, found 0.0000"),
            (of("|u1", "False", "(5,)"), "its shape [5] does not fit its 4 bytes"),
            (of("|u1", "False", "(2, 2)"), "expected labels as an array of one dimension"),
            (of("|u1", "False", "(x,)"), "its shape has `x`"),
            (of("<i8", "False", "(18446744073709551615,)"), "its shape [18446744073709551615] does not fit"),
        ];
        for (bytes, expected) in cases {
            let cause = labels(&bytes).expect_err("it is no array of labels");
            assert!(cause.starts_with(expected), "{cause}");
        }
    }
}
