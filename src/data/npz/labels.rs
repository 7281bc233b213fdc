//! The labels of an `.npz` file: whole numbers from 0, in any integer or floating-point type.

use std::collections::BTreeSet;
use std::io::Read;

use crate::data::npy;
use crate::error::UserError;

const MOST_LABELS: u64 = 100_000_000;

/// Reads the array called `name`, with a label for each of `count` images.
pub(super) fn read(file: &mut impl Read, name: &str, count: usize) -> Result<Vec<u16>, UserError> {
    let wrong = |cause: String| UserError::new(format!("`{name}`: {cause}"));
    let header = npy::header(file).map_err(wrong)?;
    if header.count() != Some(count) || count as u64 > MOST_LABELS {
        let error = UserError::new(format!("`{name}` has shape {:?}, but there are {count} images", header.shape));
        return Err(match *header.shape.as_slice() {
            [rows, classes] if rows == count && classes > 1 => error.hint(format!(
                "for one-hot labels, with a single 1 in each row, save `{name}.argmax(axis=1)`; several labels per \
                     image are not supported"
            )),
            _ => error,
        });
    }
    let mut bytes = Vec::new();
    // A label has at most eight bytes.
    file.take(8 * count as u64 + 1).read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
    let numbers = npy::integers(&header, &bytes).map_err(|cause| match header.order_and_kind().1.chars().next() {
        Some('U' | 'S') => wrong(cause).hint(format!("for names, save `numpy.unique({name}, return_inverse=True)[1]`")),
        _ => wrong(cause),
    })?;
    let label = |number: i64| {
        let message = || format!("`{name}` has label {number}, expected numbers from 0");
        u16::try_from(number).map_err(|_| UserError::new(message()))
    };
    numbers.into_iter().map(label).collect()
}

/// Number of classes: every number up to the largest must be a class in both splits.
pub(super) fn class_count(labels: &[Vec<u16>; 2]) -> Result<usize, UserError> {
    let [train, test] = labels.each_ref().map(|labels| labels.iter().copied().collect::<BTreeSet<u16>>());
    let most = train.union(&test).max().copied().unwrap_or_default();
    for label in 0..=most {
        for (split, name) in [(&train, "training"), (&test, "test")] {
            if label == 0 && !train.contains(&0) && !test.contains(&0) {
                let message = format!("no image has label 0, but labels go up to {most}: number the classes from 0");
                return Err(UserError::new(message).hint("for labels that start at 1, save `labels - 1`"));
            }
            if !split.contains(&label) {
                return Err(format!("class {label} has no {name} image, but classes range from 0 to {most}").into());
            }
        }
    }
    if most == 0 {
        return Err("it has only one class, expected two or more".to_owned().into());
    }
    Ok(usize::from(most) + 1)
}
