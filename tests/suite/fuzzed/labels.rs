//! An untrusted label file, text or array, is a short error or a valid class for each line.

use freezewise::data::foreign;

const LONGEST: usize = 2000;

/// Checks the properties for any bytes.
pub fn hold(bytes: &[u8]) {
    let names: Vec<String> = ["cat", "dog", "tree frog", "7", "ä"].map(str::to_owned).to_vec();
    match foreign::labels(bytes, &names) {
        Ok(classes) => {
            assert!(classes.iter().all(|&class| class < names.len()));
            assert!(classes.len() <= bytes.len());
        }
        Err(cause) => assert!(!cause.is_empty() && cause.len() < LONGEST, "{cause}"),
    }
}
