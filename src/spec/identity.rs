//! What makes two runs the same run: a hash of the keys that change numbers and differ from their defaults.
//!
//! Keys at their defaults stay out, so that a key added later does not orphan old runs. So do the device, paths,
//! threads, what only adds measurements, and the target's budget unless its schedule looks at it: a longer budget
//! goes on with the same run. The source's budget always counts.

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::defaults;
use super::keys::{Key, Kind};
use super::written::{Schedule, Written};

/// To be raised when the same spec starts to give other numbers.
const NUMERICS: u64 = 1;

/// Length of a hash in a folder's name: 40 bits, enough for a million runs side by side.
const LETTERS: usize = 10;

/// The hash of the whole run.
pub(super) fn run(spec: &Written, keys: &[Key]) -> String {
    let mut own = own_keys(spec, keys);
    if spec.target.train.schedule != Schedule::Cosine {
        own.retain(|(key, _)| key != "target.train.epochs" && key != "target.train.steps");
    }
    hash(&own)
}

/// The hash of what trains the source: everything that its numbers depend on, and nothing of the target.
pub(super) fn source(spec: &Written, keys: &[Key]) -> String {
    let mut own = own_keys(spec, keys);
    own.retain(|(key, _)| {
        ["network.", "source."].iter().any(|table| key.starts_with(table))
            || ["image_size", "seeds.source", "synthetic.classes"].contains(&key.as_str())
    });
    hash(&own)
}

fn hash(own: &[(String, Json)]) -> String {
    let mut sorted: Vec<_> = own.iter().collect();
    sorted.sort_by(|one, other| one.0.cmp(&other.0));
    let mut canonical = Map::new();
    canonical.insert("numerics".into(), NUMERICS.into());
    canonical.extend(sorted.into_iter().cloned());
    let digest = Sha256::digest(Json::Object(canonical).to_string());
    let hex = digest.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    hex[..LETTERS].to_owned()
}

/// The dotted keys that count, with their values: those that would have another value if they were left out.
fn own_keys(spec: &Written, keys: &[Key]) -> Vec<(String, Json)> {
    let filled = json(spec);
    let mut paths = Vec::new();
    collect(keys, &mut Vec::new(), &mut paths);
    paths
        .into_iter()
        .filter_map(|path| {
            let value = filled.pointer(&format!("/{}", path.join("/")))?.clone();
            let differs = value_without(&filled, &path) != Some(&value).cloned();
            differs.then(|| (path.join("."), value))
        })
        .collect()
}

/// The value that a key takes when it is left out and all others stay.
fn value_without(filled: &Json, path: &[&str]) -> Option<Json> {
    let mut without = filled.clone();
    let (last, tables) = path.split_last()?;
    let table = tables.iter().try_fold(&mut without, |json, name| json.get_mut(*name))?;
    table.as_object_mut()?.remove(*last);
    let mut spec: Written = serde_json::from_value(without).ok()?;
    defaults::fill(&mut spec, "");
    json(&spec).pointer(&format!("/{}", path.join("/"))).cloned()
}

fn collect<'a>(keys: &'a [Key], prefix: &mut Vec<&'a str>, paths: &mut Vec<Vec<&'a str>>) {
    for key in keys {
        prefix.push(&key.name);
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
