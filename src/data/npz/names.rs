//! Which arrays of a file are read, by their names.

use crate::spec::Npz;
use crate::text;

/// The names that are in use.
const USUAL: [[&str; 4]; 2] =
    [["train_images", "train_labels", "test_images", "test_labels"], ["x_train", "y_train", "x_test", "y_test"]];
/// Those of validation images, `MedMNIST`'s first.
const VALIDATION: [&str; 2] = ["val_images", "x_val"];

fn has(found: &[String], name: &str) -> bool {
    found.iter().any(|found| found.strip_suffix(".npy") == Some(name))
}

/// The arrays of an archive that are read: images and labels of training, of testing and, where they are given, of
/// validation.
pub(super) fn chosen(found: &[String], npz: Option<&Npz>) -> Result<Vec<[String; 2]>, String> {
    let all = |names: &[String; 4]| names.iter().all(|name| has(found, name));
    let names = match npz.and_then(|npz| npz.arrays.as_ref()) {
        Some(names) => Some(names.clone()).filter(all),
        None => USUAL.map(|names| names.map(str::to_owned)).into_iter().find(all),
    };
    let Some([train_images, train_labels, test_images, test_labels]) = names else {
        let found: Vec<&str> = found.iter().map(|name| name.trim_end_matches(".npy")).take(12).collect();
        return Err(if found.is_empty() {
            "it holds nothing".into()
        } else {
            format!("it holds {}", text::listed(&found))
        });
    };
    let validation = npz.and_then(|npz| npz.validation.clone());
    if let Some(absent) = validation.iter().flatten().find(|name| !has(found, name)) {
        return Err(format!("it has no `{}`", text::shortened(absent)));
    }
    Ok([[train_images, train_labels], [test_images, test_labels]].into_iter().chain(validation).collect())
}

/// Validation images that are there and are not read, in words.
pub(super) fn unused(found: &[String], names: &[[String; 2]]) -> Option<String> {
    let name = VALIDATION.into_iter().filter(|_| names.len() == 2).find(|name| has(found, name))?;
    Some(format!("`{name}` is not used: `arrays` with six names takes it for validation"))
}
