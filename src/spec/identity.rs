//! Run identity: a hash of the keys that change results and differ from their defaults.
//!
//! Keys at their defaults are left out, so that adding a key does not orphan old runs. Also left out: device, paths,
//! threads, keys that only add measurements, and the target's budget unless its schedule depends on it, since a longer
//! budget continues the same run. The source's budget always counts. Images count by their resolved shape, as the
//! network sees them, not by the keys that lead to it: the same keys give another shape with another task.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::canonical::canonical;
use super::data::Side;
use super::experiment::Experiment;
use super::identity_key::{Defaults, KEYS, as_json};
use super::idle;
use super::observed::Observed;
use super::source::Source;
use super::written::{Schedule, Written};
use crate::catalogue::Dataset;
use crate::text;

/// Version of the numerics. Raise it when the same spec starts to give different results, or when specs that shared a
/// hash must differ.
///
/// 4: images count by their resolved shape (a source trained at another `image_size` could be reused before); keys
/// without effect no longer count; and the other numeric changes of that release.
pub const NUMERICS: u64 = 4;

/// Length of a hash in a folder name, in hexadecimal digits. With 40 bits, a collision among a thousand runs has a
/// probability of 1 in 2 million.
const LETTERS: usize = 10;

/// The keys that a source depends on: single keys, and tables with a trailing dot. The hash of a source and its
/// `spec.toml` contain exactly these.
const SOURCE_KEYS: [&str; 8] =
    ["precision", "image_size", "image_fit", "channels", "network.", "source.", "seeds.source", "synthetic.classes"];

/// Key of the resolved image shape in a hash; it replaces `image_size` and `channels`.
const IMAGE: &str = "image";

/// The keys that count towards a hash, with their values.
pub(super) type IdentityValues = Vec<(String, Json)>;

/// Hash of the whole run.
pub(super) fn run(spec: &Written, counted: &IdentityValues) -> String {
    let mut own = counted.clone();
    if !matches!(spec.target.train.schedule, Schedule::Cosine | Schedule::Linear) {
        own.retain(|(key, _)| key != "target.train.epochs" && key != "target.train.steps");
    }
    hash(own)
}

/// Hash of everything that the source's results depend on, and of nothing in the target. Weights from a file count by
/// the file's content and the network that loads them; they were not trained here.
pub(super) fn source(spec: &Written, experiment: &Experiment, counted: &IdentityValues) -> String {
    let mut own = counted.clone();
    let trained = matches!(experiment.source, Some(Source::Task(_)));
    own.retain(|(key, _)| match key.as_str() {
        IMAGE | "precision" => trained,
        key => is_of_source(key, spec),
    });
    hash(own)
}

/// Whether the source depends on a key.
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

/// SHA-256 of a file's content, which represents the file in a hash instead of its path. Pipes and devices are
/// rejected: they may never end.
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

/// The keys that count, by dotted name: those of the canonical form that differ from their defaults and have an effect.
/// A file counts by its digest, the images by their resolved shape.
pub(super) fn counted(spec: &Written, experiment: &Experiment, observed: &Observed) -> IdentityValues {
    let idle = idle::keys(experiment);
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
