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
    let all = |names: &[String; 4]| names.iter().all(|name| has(found, name));
    let names = match npz.and_then(|npz| npz.arrays.as_ref()) {
        Some(names) => Some(names.clone()).filter(all),
        None => usual(found)?,
    };
    let Some([train_images, train_labels, test_images, test_labels]) = names else {
        let found: Vec<&str> = found.iter().map(|name| name.trim_end_matches(".npy")).take(12).collect();
        let message =
            if found.is_empty() { "it is empty".to_owned() } else { format!("it contains {}", text::listed(&found)) };
        return Err(UserError::new(message)
            .hint(
                "expected the arrays `train_images`, `train_labels`, `test_images` and `test_labels`, or `x_train` and so on",
            )
            .hint(NAMES));
    };
    let validation = npz.and_then(|npz| npz.validation.clone());
    if let Some(absent) = validation.iter().flatten().find(|name| !has(found, name)) {
        return Err(format!("it has no `{}`", text::shortened(absent)).into());
    }
    Ok([[train_images, train_labels], [test_images, test_labels]].into_iter().chain(validation).collect())
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
