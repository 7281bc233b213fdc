//! Chooses the arrays of a file by name.

use crate::error::UserError;
use crate::spec::Npz;
use crate::text;

/// Common names.
const USUAL: [[&str; 4]; 3] = [
    ["train_images", "train_labels", "test_images", "test_labels"],
    ["x_train", "y_train", "x_test", "y_test"],
    ["X_train", "y_train", "X_test", "y_test"],
];
const NAMES: &str = "set `arrays` in the spec to the names: training images, their labels, test images, their labels";
/// Common names of validation images, `MedMNIST`'s first.
const VALIDATION: [&str; 2] = ["val_images", "x_val"];

fn has(found: &[String], name: &str) -> bool {
    found.iter().any(|found| found.strip_suffix(".npy") == Some(name))
}

/// The arrays to read: images and labels of training, test and, if named, validation.
pub(super) fn chosen(found: &[String], npz: Option<&Npz>) -> Result<Vec<[String; 2]>, UserError> {
    let given = npz.and_then(|npz| npz.arrays.as_ref());
    let validation = npz.and_then(|npz| npz.validation.clone());
    if let Some(absent) = given.into_iter().flatten().chain(validation.iter().flatten()).find(|name| !has(found, name))
    {
        let error = UserError::new(format!("it has no `{}`", text::shortened(absent))).hint(contents(found));
        return Err(match absent.strip_suffix(".npy").filter(|name| has(found, name)) {
            Some(name) => error.hint(format!("write the name without `.npy`: `{name}`")),
            None => error.hints_of(without_ending(found, absent).as_slice()),
        });
    }
    let names = match given {
        Some(names) => Some(names.clone()),
        None => usual(found)?,
    };
    let Some([train_images, train_labels, test_images, test_labels]) = names else {
        let usual = "expected the arrays `train_images`, `train_labels`, `test_images` and `test_labels`, or `x_train` and so on";
        return Err(UserError::new(contents(found))
            .hint(usual)
            .hints_of(without_ending(found, USUAL[0][0]).as_slice())
            .hint(NAMES));
    };
    Ok([[train_images, train_labels], [test_images, test_labels]].into_iter().chain(validation).collect())
}

/// What is in a file, in words.
fn contents(found: &[String]) -> String {
    let found: Vec<String> = found.iter().map(|name| text::shortened(name.trim_end_matches(".npy"))).take(12).collect();
    if found.is_empty() { "it is empty".to_owned() } else { format!("it contains {}", text::listed(&found)) }
}

/// A hint for a file in the archive that has the name of an array, but not its ending.
fn without_ending(found: &[String], name: &str) -> Option<String> {
    let is_there = found.iter().any(|found| found == name);
    is_there.then(|| format!("rename `{name}` in the archive to `{name}.npy`"))
}

/// The arrays with common names; an error if two such data sets are there.
fn usual(found: &[String]) -> Result<Option<[String; 4]>, UserError> {
    let sets: Vec<[&str; 4]> = USUAL.into_iter().filter(|names| names.iter().all(|name| has(found, name))).collect();
    match sets.as_slice() {
        [one, other, ..] => {
            let message = format!("it contains {}, and also {}", text::listed(one), text::listed(other));
            Err(UserError::new(message).hint(NAMES))
        }
        sets => Ok(sets.first().map(|names| names.map(str::to_owned))),
    }
}

/// A note on validation images that exist but are not used.
pub(super) fn unused(found: &[String], names: &[[String; 2]]) -> Option<String> {
    let name = VALIDATION.into_iter().filter(|_| names.len() == 2).find(|name| has(found, name))?;
    Some(format!("`{name}` is not used: name it in `arrays` to validate on it"))
}
