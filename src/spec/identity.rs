//! What makes two runs the same run: a hash of the keys that change numbers and differ from their defaults.
//!
//! Keys at their defaults stay out, so that a key added later does not orphan old runs. So do the device, paths,
//! threads, what only adds measurements, and the target's budget unless its schedule looks at it: a longer budget is
//! the same run. The source's budget always counts. Images count as the network sees them, by their resolved shape,
//! and not by the keys that led to it: those mean something else beside another task.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::canonical::canonical;
use super::data::Side;
use super::experiment::{self, Experiment};
use super::identity_key::{Defaults, KEYS, as_json};
use super::idle;
use super::observed::Observed;
use super::written::{Schedule, Written};
use crate::catalogue::Dataset;
use crate::text;

/// Raised when the same spec starts to give other numbers, or specs that shared a name are told apart.
///
/// 4: images count by their resolved shape, where a source trained at another `image_size` could be reused; keys without
/// effect no longer count; and what the other changes of the same release did to numbers.
pub const NUMERICS: u64 = 4;

/// Length of a hash in a folder's name: 40 bits: of a thousand runs, two share one once in two million times.
const LETTERS: usize = 10;

/// The keys that a source depends on: single keys, and tables by their name and a dot. The hash of a source and its
/// `spec.toml` both have these and no others.
const SOURCE_KEYS: [&str; 8] =
    ["precision", "image_size", "image_fit", "channels", "network.", "source.", "seeds.source", "synthetic.classes"];

/// How the resolved shape of the images is called in a hash, in place of `image_size` and `channels`.
const IMAGE: &str = "image";

/// What counts of a spec: dotted keys and their values.
pub(super) type IdentityValues = Vec<(String, Json)>;

/// The hash of the whole run.
pub(super) fn run(spec: &Written, counted: &IdentityValues) -> String {
    let mut own = counted.clone();
    if !matches!(spec.target.train.schedule, Schedule::Cosine | Schedule::Linear) {
        own.retain(|(key, _)| key != "target.train.epochs" && key != "target.train.steps");
    }
    hash(own)
}

/// The hash of what trains the source: everything that its numbers depend on, and nothing of the target. Weights from a
/// file were trained elsewhere: they are what the file holds, in the network that takes them.
pub(super) fn source(spec: &Written, experiment: &Experiment, counted: &IdentityValues) -> String {
    let mut own = counted.clone();
    let trained = matches!(experiment.source, Some(experiment::Source::Task(_)));
    own.retain(|(key, _)| match key.as_str() {
        IMAGE | "precision" => trained,
        key => is_of_source(key, spec),
    });
    hash(own)
}

/// Whether a source depends on a key.
pub(super) fn is_of_source(key: &str, spec: &Written) -> bool {
    let synthetic = spec.source.as_ref().is_some_and(|source| source.task.dataset == Dataset::Synthetic.name());
    let has = |name: &&str| if name.ends_with('.') { key.starts_with(name) } else { key == *name };
    SOURCE_KEYS.iter().any(has) && (synthetic || !key.starts_with("synthetic."))
}

fn hash(mut own: IdentityValues) -> String {
    own.sort_by(|one, other| one.0.cmp(&other.0));
    let mut canonical = Map::new();
    canonical.insert("numerics".into(), NUMERICS.into());
    canonical.extend(own);
    text::hex(&Sha256::digest(Json::Object(canonical).to_string()))[..LETTERS].to_owned()
}

/// The digest of a file's content, which stands for the file in a hash: its path says nothing. A pipe or a device is
/// no file: it may never end.
pub(super) fn digest_of_file(path: &Path) -> io::Result<String> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut file = File::open(path)?;
    let (mut digest, mut part) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut part)? {
            0 => return Ok(text::hex(&digest.finalize())),
            count => digest.update(&part[..count]),
        }
    }
}

/// What counts of a spec, by dotted keys: the values of one spelling that would be others if they were left out, but for
/// those without effect, a file by its digest; and the images as the network sees them.
pub(super) fn counted(spec: &Written, experiment: &Experiment, observed: &Observed) -> IdentityValues {
    let idle = idle::keys(spec, experiment);
    let filled = as_json(&canonical(spec, experiment, observed));
    let defaults = Defaults::of(&filled);
    let mut own = Vec::new();
    for key in KEYS.iter() {
        let Some(value) = key.get(&filled) else { continue };
        if idle.contains(&key.dotted.as_str()) || defaults.value(&filled, key).as_deref() == Some(value) {
            continue;
        }
        let value = observed.digest(&key.dotted).map_or_else(|| value.clone(), Json::from);
        own.push((key.dotted.clone(), value));
    }
    let image = experiment.image;
    own.push((IMAGE.into(), json!([image.channels, image.height, image.width])));
    let squeezed = [Side::Source, Side::Target].into_iter().filter(|&side| observed.is_squeezed(side));
    own.extend(squeezed.map(|side| (format!("{}.image_fit", side.name()), "squeeze".into())));
    own
}
