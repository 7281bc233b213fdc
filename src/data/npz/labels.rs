//! The labels of an archive, and the classes that they number.

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use zip::ZipArchive;

use super::entry;
use crate::data::npy;

const MOST_LABELS: u64 = 100_000_000;

pub(super) fn labels<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    name: &str,
    count: usize,
) -> Result<Vec<u16>, String> {
    let wrong = |cause: String| format!("`{name}`: {cause}");
    let mut file = entry(archive, name)?;
    let header = npy::header(&mut file).map_err(wrong)?;
    if header.count() != Some(count) || count as u64 > MOST_LABELS {
        return Err(format!("`{name}` has shape {:?}, but there are {count} images", header.shape));
    }
    let mut bytes = Vec::new();
    // A label has at most eight bytes.
    file.take(8 * count as u64 + 1).read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
    let numbers = npy::integers(&header, &bytes).map_err(wrong)?;
    let label = |number: i64| {
        u16::try_from(number).map_err(|_| format!("`{name}` has label {number}, expected numbers from 0"))
    };
    numbers.into_iter().map(label).collect()
}

/// Number of classes: every number up to the largest must be a class in both splits.
pub(super) fn classes(labels: &[Vec<u16>; 2]) -> Result<usize, String> {
    let [train, test] = labels.each_ref().map(|labels| labels.iter().copied().collect::<BTreeSet<u16>>());
    let most = train.union(&test).max().copied().unwrap_or_default();
    for label in 0..=most {
        for (split, name) in [(&train, "training"), (&test, "test")] {
            if label == 0 && !train.contains(&0) && !test.contains(&0) {
                return Err(format!("no image has label 0, but labels go up to {most}: number the classes from 0"));
            }
            if !split.contains(&label) {
                return Err(format!("class {label} has no {name} image, but classes range from 0 to {most}"));
            }
        }
    }
    if most == 0 {
        return Err("it has only one class, expected two or more".into());
    }
    Ok(usize::from(most) + 1)
}
