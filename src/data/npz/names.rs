//! Chooses the arrays of a file by name.

use crate::spec::Npz;
use crate::text;

/// Common names.
const USUAL: [[&str; 4]; 2] =
    [["train_images", "train_labels", "test_images", "test_labels"], ["x_train", "y_train", "x_test", "y_test"]];
/// Common names of validation images, `MedMNIST`'s first.
const VALIDATION: [&str; 2] = ["val_images", "x_val"];

fn has(found: &[String], name: &str) -> bool {
    found.iter().any(|found| found.strip_suffix(".npy") == Some(name))
}

/// The arrays to read: images and labels of training, test and, if named, validation.
pub(super) fn chosen(found: &[String], npz: Option<&Npz>) -> Result<Vec<[String; 2]>, String> {
    let all = |names: &[String; 4]| names.iter().all(|name| has(found, name));
    let names = match npz.and_then(|npz| npz.arrays.as_ref()) {
        Some(names) => Some(names.clone()).filter(all),
        None => USUAL.map(|names| names.map(str::to_owned)).into_iter().find(all),
    };
    let Some([train_images, train_labels, test_images, test_labels]) = names else {
        let found: Vec<&str> = found.iter().map(|name| name.trim_end_matches(".npy")).take(12).collect();
        return Err(if found.is_empty() {
            "it is empty".into()
        } else {
            format!("it contains {}", text::listed(&found))
        });
    };
    let validation = npz.and_then(|npz| npz.validation.clone());
    if let Some(absent) = validation.iter().flatten().find(|name| !has(found, name)) {
        return Err(format!("it has no `{}`", text::shortened(absent)));
    }
    Ok([[train_images, train_labels], [test_images, test_labels]].into_iter().chain(validation).collect())
}

/// A note on validation images that exist but are not used.
pub(super) fn unused(found: &[String], names: &[[String; 2]]) -> Option<String> {
    let name = VALIDATION.into_iter().filter(|_| names.len() == 2).find(|name| has(found, name))?;
    Some(format!("`{name}` is not used: name it in `arrays` to validate on it"))
}
