//! An untrusted table of Tiny ImageNet's validation images is a short error or file names without folders, each with a
//! valid class.

use freezewise::data::foreign;

const LONGEST: usize = 2000;

/// Checks the properties for any bytes.
pub fn hold(bytes: &[u8]) {
    let table = String::from_utf8_lossy(bytes);
    let classes: Vec<String> = ["n01443537", "n01629819", "n02124075"].map(str::to_owned).to_vec();
    match foreign::annotations(&table, &classes) {
        Ok(files) => {
            for (name, label) in files {
                assert!(usize::from(label) < classes.len());
                let parts: Vec<_> = std::path::Path::new(name).components().collect();
                assert!(matches!(parts.as_slice(), [std::path::Component::Normal(_)]), "`{name}` leads elsewhere");
            }
        }
        Err(cause) => assert!(!cause.is_empty() && cause.len() < LONGEST, "{cause}"),
    }
}
