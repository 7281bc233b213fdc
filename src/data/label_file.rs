//! Label files: a class number or name per line, or a `NumPy` array.
//!
//! If a number is both the number of one class and the name of another, the file is rejected: there is no way to tell
//! which was meant, and a wrong guess would look like label noise. A quoted name is always a name.

use std::borrow::Cow;
use std::path::Path;

use anyhow::Result;

use super::npy;
use super::relabel::Relabel;
use crate::catalogue::Naming;
use crate::error::UserError;
use crate::text;

/// In bytes. A label file for a data set of millions is far smaller.
const LARGEST_FILE: u64 = 256 << 20;

/// Why a file is rejected, and a hint.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) cause: String,
    pub(super) hint: String,
}

/// The labels of some indices of the full training set, from a file with labels for all `count` examples of it.
pub(super) fn labels(path: &Path, count: usize, indices: &[usize], relabel: &Relabel) -> Result<Vec<u16>> {
    let wrong = |cause: String| UserError::new(format!("cannot read the labels `{}`: {cause}", path.display()));
    let bytes = super::files::read_whole(path, LARGEST_FILE).map_err(|error| wrong(error.to_string()))?;
    let all = parse(&bytes, &relabel.naming(), |place| relabel.meaning(place))
        .map_err(|refusal| wrong(refusal.cause).hint(refusal.hint))?;
    if all.len() != count {
        let (found, wanted) = (text::grouped(all.len() as u64), text::grouped(count as u64));
        let message = format!("it has {found} labels, but the full training set has {wanted} examples");
        return Err(wrong(message)
            .hint("expected a label for each training example, in the order of the data set")
            .into());
    }
    let label = |&index: &usize| {
        let (name, label) = relabel.meaning(all[index]);
        label.ok_or_else(|| {
            wrong(format!("example {index} has class `{name}`, which the task does not use"))
                .hint("add it to `classes`, or change the label of the example")
                .into()
        })
    };
    indices.iter().map(label).collect()
}

/// Parses a label file to indices in `naming`. `meaning` returns the name and label at an index; two readings with the
/// same label are not ambiguous.
pub(super) fn parse<'a>(
    bytes: &[u8],
    naming: &Naming<'_>,
    meaning: impl Fn(usize) -> (&'a str, Option<u16>),
) -> Result<Vec<usize>, Refusal> {
    let plain =
        |cause: String| Refusal { cause, hint: "expected a class's number or name for each example".to_owned() };
    let place = |at: usize, shown: &str, readings: &[usize]| {
        let is_array = bytes.starts_with(npy::MAGIC);
        let place = if is_array { format!("number {at}, counted from 0,") } else { format!("line {}", at + 1) };
        let line = || format!("{place} is `{}`", text::shortened(shown));
        match *readings {
            [] => Err(plain(format!("{}, which is not a class", line()))),
            [first, ref others @ ..] if others.iter().all(|&other| meaning(other).1 == meaning(first).1) => Ok(first),
            _ => {
                let names: Vec<String> = readings.iter().map(|&place| format!("\"{}\"", meaning(place).0)).collect();
                let cause =
                    format!("{}, which is both the number of one class and the name or number of another", line());
                let hint = format!("write names in quotes, one per line: here {}", text::alternatives(&names));
                Err(Refusal { cause, hint })
            }
        }
    };
    if bytes.starts_with(npy::MAGIC) {
        let numbers = npy::labels(bytes).map_err(plain)?.into_iter().enumerate();
        return numbers.map(|(at, number)| place(at, &number.to_string(), naming.number(number))).collect();
    }
    let text = text_of(bytes).ok_or_else(|| plain("expected text or an `.npy` file".to_owned()))?;
    // Editors add a byte-order mark before the first line and empty lines at the end.
    let lines = text.strip_prefix('\u{feff}').unwrap_or(&text).trim_end().lines().enumerate();
    lines.map(|(at, line)| place(at, line, readings(naming, line.trim()))).collect()
}

/// Decodes UTF-8, or UTF-16 with a byte-order mark, as Windows shells write it.
fn text_of(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let read: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    };
    let units: Vec<u16> = pairs.iter().map(|&pair| read(pair)).collect();
    String::from_utf16(&units).ok().filter(|_| rest.is_empty()).map(Cow::Owned)
}

/// The possible meanings of a line.
fn readings<'a>(naming: &'a Naming<'_>, line: &str) -> &'a [usize] {
    if let Ok(number) = line.parse() {
        return naming.number(number);
    }
    let quoted = line.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match (naming.name(line), quoted) {
        ([], Some(name)) => naming.name(name),
        (found, _) => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Classes that are folders `0` to `11`, sorted as text.
    const SORTED: [&str; 12] = ["0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"];

    fn read(bytes: &[u8], names: &[&str]) -> Result<Vec<usize>, Refusal> {
        parse(bytes, &Naming::new(&[names]), |place| (names[place], Some(place as u16)))
    }

    fn array(numbers: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({},), }}", numbers.len());
        [npy::MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), numbers].concat()
    }

    #[test]
    fn a_line_is_a_number_or_a_name() {
        let names = ["cat", "dog", "tree frog"];
        assert_eq!(read(b"2\n cat\n\"tree frog\"\n1", &names), Ok(vec![2, 0, 2, 1]));
        assert_eq!(read(&array(&[2, 0]), &names), Ok(vec![2, 0]));
        assert_eq!(read("\u{feff}2\r\ncat\r\n\r\n".as_bytes(), &names), Ok(vec![2, 0]));
        let wide =
            |order: fn(u16) -> [u8; 2]| "\u{feff}2\r\ncat\r\n".encode_utf16().flat_map(order).collect::<Vec<u8>>();
        for bytes in [wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
            assert_eq!(read(&bytes, &names), Ok(vec![2, 0]));
            assert!(read(&bytes[..bytes.len() - 1], &names).is_err());
        }
        for none in ["3", "-1", "\"3\"", "", "frog"] {
            let refusal = read(format!("{none}\ncat\n").as_bytes(), &names).expect_err("it is no class");
            assert_eq!(refusal.cause, format!("line 1 is `{none}`, which is not a class"));
        }
    }

    #[test]
    fn numbers_that_are_names_of_other_classes_are_rejected() {
        for (bytes, place) in [(b"1\n10\n".to_vec(), "line 2"), (array(&[1, 10]), "number 1, counted from 0,")] {
            let refusal = read(&bytes, &SORTED).expect_err("it is ambiguous");
            let cause = "is `10`, which is both the number of one class and the name or number of another";
            assert_eq!(refusal.cause, format!("{place} {cause}"));
            assert_eq!(refusal.hint, "write names in quotes, one per line: here `\"10\"` or `\"8\"`");
        }
        assert_eq!(read(b"\"10\"\n\"8\"\n1\n", &SORTED), Ok(vec![2, 10, 1]));
        assert!(read(b"1\n", &["01", "02"]).is_err() && read(b"01\n", &["01", "02"]).is_err());
        // If all names are their own numbers, there is one reading.
        let digits = ["0", "1", "2", "3"];
        assert_eq!((read(b"3\n0\n", &digits), read(&array(&[3, 0]), &digits)), (Ok(vec![3, 0]), Ok(vec![3, 0])));
    }

    #[test]
    fn superclass_numbers_are_not_class_numbers() {
        // Classes 0 to 3 in groups x and y; the groups are the labels.
        let (classes, groups, labels) = (["a", "b", "c", "d"], ["x", "y"], [0, 1, 0, 1, 0, 1]);
        let naming = Naming::new(&[&classes[..], &groups]);
        let read = |text: &str| {
            parse(text.as_bytes(), &naming, |place| ("", Some(labels[place])))
                .map(|places| places.into_iter().map(|place| labels[place]).collect::<Vec<u16>>())
        };
        assert_eq!(read("x\ny\nb\n"), Ok(vec![0, 1, 1]));
        // The same label either way; 2 and 3 can only be class numbers.
        assert_eq!(read("0\n1\n2\n3\n"), Ok(vec![0, 1, 0, 1]));
        let shifted = [0, 0, 1, 1, 0, 1];
        assert!(parse(b"1\n", &naming, |place| ("", Some(shifted[place]))).is_err());
    }
}
