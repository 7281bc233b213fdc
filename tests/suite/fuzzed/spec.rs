//! An untrusted spec is an error, or its resolved form is the same spec. Text that starts with `{` is JSON, other text
//! is TOML; each override is preceded by a zero byte.

use freezewise::catalogue::Facts;
use freezewise::spec::{Notation, Question, Spec, Survey, Text};

/// Knows no data set.
pub struct NoOne;

impl Survey for NoOne {
    fn facts(&self, _: &Question<'_>) -> anyhow::Result<Option<Facts>> {
        Ok(None)
    }
}

/// Checks the properties for any bytes.
pub fn hold(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut parts = text.split('\0');
    let text = parts.next().unwrap_or_default();
    let overrides: Vec<String> = parts.map(str::to_owned).collect();
    let notation = if text.starts_with('{') { Notation::Json } else { Notation::Toml };
    match Spec::parse(Text { file: "a file", name: "some", text, notation }, &overrides, &NoOne) {
        Ok(spec) => holds_of(&spec),
        Err(error) => assert!(!format!("{error:#}").is_empty()),
    }
}

/// Checks the properties for any spec.
pub fn holds_of(spec: &Spec) {
    let resolved = spec.to_toml().expect("a spec can be written down");
    let text = Text { file: "spec.toml", name: "other", text: &resolved, notation: Notation::Toml };
    let again = Spec::parse(text, &[], &NoOne).unwrap_or_else(|error| panic!("{error:#}\n{resolved}"));
    assert_eq!(again.to_toml().expect("a spec can be written down"), resolved);
    assert_eq!(format!("{:?}", again.experiment), format!("{:?}", spec.experiment));
    assert_eq!((again.run_folder(), again.source_hash()), (spec.run_folder(), spec.source_hash()));
}
