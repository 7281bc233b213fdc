//! What makes two runs the same run: a hash of the keys that change numbers and differ from their defaults.
//!
//! Keys at their defaults stay out, so that a key added later does not orphan old runs. So do the device, paths,
//! threads, what only adds measurements, and the target's budget unless its schedule looks at it: a longer budget is
//! the same run. The source's budget always counts. Images count as the network sees them, by their resolved shape,
//! and not by the keys that led to it: those mean something else beside another task.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::LazyLock;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::canonical::canonical;
use super::data::Side;
use super::defaults;
use super::experiment::{self, Experiment};
use super::idle;
use super::keys::{self, Key, Kind};
use super::observed::Observed;
use super::task::prefix;
use super::written::{Schedule, Source, Synthetic, Written};
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

/// The dotted keys with an identity, each as its names.
static PATHS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let mut paths = Vec::new();
    collect(keys::all(), &mut Vec::new(), &mut paths);
    paths
});

/// The keys whose default is the same beside any others.
static DEFAULTS: LazyLock<Json> = LazyLock::new(|| {
    json(&Written { source: Some(Source::default()), synthetic: Some(Synthetic::default()), ..Written::default() })
});

/// What counts of a spec: dotted keys and their values.
pub(super) type Counted = Vec<(String, Json)>;

/// The hash of the whole run.
pub(super) fn run(spec: &Written, counted: &Counted) -> String {
    let mut own = counted.clone();
    if spec.target.train.schedule != Schedule::Cosine {
        own.retain(|(key, _)| key != "target.train.epochs" && key != "target.train.steps");
    }
    hash(own)
}

/// The hash of what trains the source: everything that its numbers depend on, and nothing of the target. Weights from a
/// file were trained elsewhere: they are what the file holds, in the network that takes them.
pub(super) fn source(spec: &Written, experiment: &Experiment, counted: &Counted) -> String {
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

fn hash(mut own: Counted) -> String {
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
pub(super) fn counted(spec: &Written, experiment: &Experiment, observed: &Observed) -> Counted {
    let idle = idle::keys(spec, experiment);
    let filled = json(&canonical(spec, experiment, observed));
    let defaults = Defaults::of(&filled);
    let mut own = Vec::new();
    for path in PATHS.iter() {
        let key = path.join(".");
        let Some(value) = filled.pointer(&format!("/{}", path.join("/"))) else { continue };
        if idle.contains(&key.as_str()) || defaults.value(&filled, path).as_ref() == Some(value) {
            continue;
        }
        let value = observed.digest(&key).map_or_else(|| value.clone(), Json::from);
        own.push((key, value));
    }
    let image = experiment.image;
    own.push((IMAGE.into(), json!([image.channels, image.height, image.width])));
    let squeezed = [Side::Source, Side::Target].into_iter().filter(|&side| observed.is_squeezed(side));
    own.extend(squeezed.map(|side| (format!("{}.image_fit", prefix(side)), "squeeze".into())));
    own
}

/// Keys whose presence decides over the defaults of others.
const DECIDING: [&str; 3] = ["source.train.steps", "target.train.steps", "source.weights"];

/// What keys are where they are left out: most of them the same in every spec, the others by the rest of this one.
struct Defaults(Json);

impl Defaults {
    /// Those of a spec, found at once: a default depends on no key that has none of its own, but for the deciding ones.
    fn of(filled: &Json) -> Self {
        let mut bare = filled.clone();
        for path in PATHS.iter().filter(|path| fixed_default(path).is_none()) {
            if !DECIDING.contains(&path.join(".").as_str()) {
                remove(&mut bare, path);
            }
        }
        Self(refilled(bare))
    }

    /// The value that a key takes when it is left out and all others stay.
    fn value(&self, filled: &Json, path: &[String]) -> Option<Json> {
        match fixed_default(path) {
            Some(default) => Some(default.clone()),
            None if DECIDING.contains(&path.join(".").as_str()) => value_without(filled, path),
            None => self.0.pointer(&format!("/{}", path.join("/"))).cloned(),
        }
    }
}

fn fixed_default(path: &[String]) -> Option<&'static Json> {
    DEFAULTS.pointer(&format!("/{}", path.join("/")))
}

/// The value that a key takes when it is left out and all others stay, found for it alone.
fn value_without(filled: &Json, path: &[String]) -> Option<Json> {
    let mut without = filled.clone();
    remove(&mut without, path);
    refilled(without).pointer(&format!("/{}", path.join("/"))).cloned()
}

fn remove(json: &mut Json, path: &[String]) {
    let Some((last, tables)) = path.split_last() else { return };
    let table = tables.iter().try_fold(json, |json, name| json.get_mut(name));
    if let Some(table) = table.and_then(Json::as_object_mut) {
        table.remove(last);
    }
}

/// A spec with its defaults filled in again.
fn refilled(spec: Json) -> Json {
    let mut spec: Written = serde_json::from_value(spec).unwrap_or_default();
    defaults::fill(&mut spec, "");
    json(&spec)
}

fn collect(keys: &[Key], prefix: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    for key in keys {
        prefix.push(key.name.clone());
        match &key.kind {
            Kind::Table(inner) => collect(inner, prefix, paths),
            _ if key.identity => paths.push(prefix.clone()),
            _ => {}
        }
        prefix.pop();
    }
}

/// The spec as JSON, without what is absent.
fn json(spec: &Written) -> Json {
    let mut json = serde_json::to_value(spec).unwrap_or_default();
    drop_nulls(&mut json);
    json
}

fn drop_nulls(json: &mut Json) {
    if let Json::Object(object) = json {
        object.retain(|_, value| !value.is_null());
        object.values_mut().for_each(drop_nulls);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::survey::NoOne;
    use crate::spec::{Notation, Spec, Text};

    #[test]
    fn defaults_found_at_once_are_those_found_one_by_one() {
        let source = "[source]\ndataset = \"cifar100\"\n";
        let train = [
            "",
            "steps = 50",
            "optimizer = \"sgd\"",
            "optimizer = \"adamw\"\nlearning_rate = 1e-3",
            "schedule = \"step\"\nmilestones = [3]",
            "schedule = \"inverse-sqrt\"\nperiod = 9",
            "augment = [\"crop\", \"jitter\"]\ncrop_padding = 2",
        ];
        let networks = ["preact-resnet18", "resnet50", "densenet121", "vit-cifar"];
        for (train, network, source) in train.iter().flat_map(|train| {
            networks.iter().flat_map(move |network| ["", source].map(move |source| (train, network, source)))
        }) {
            let own = if source.is_empty() { String::new() } else { format!("{source}[source.train]\n{train}\n") };
            let text = format!(
                "seed = 3\n[seeds]\norder = 4\n[network]\narchitecture = \"{network}\"\n{own}[target]\ndataset = \
                 \"cifar10\"\nlabel_noise = 0.1\n[target.train]\n{train}\n"
            );
            let written = Text { file: "", name: "a", text: &text, notation: Notation::Toml };
            let spec = Spec::parse(written, &[], &NoOne).unwrap_or_else(|error| panic!("{text}\n{error}"));
            let filled = json(&spec.filled);
            let defaults = Defaults::of(&filled);
            for path in PATHS.iter().filter(|path| filled.pointer(&format!("/{}", path.join("/"))).is_some()) {
                assert_eq!(defaults.value(&filled, path), value_without(&filled, path), "{path:?}\n{text}");
            }
        }
    }
}
