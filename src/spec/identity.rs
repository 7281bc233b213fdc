//! What makes two runs the same run: a hash of the keys that change numbers and differ from their defaults.
//!
//! Keys at their defaults stay out, so that a key added later does not orphan old runs. So do the device, paths,
//! threads, what only adds measurements, and the target's budget unless its schedule looks at it: a longer budget is
//! the same run. The source's budget always counts.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::canonical::{canonical, without_effect};
use super::defaults;
use super::experiment::Experiment;
use super::keys::{self, Key, Kind};
use super::meaning::Digests;
use super::written::{Schedule, Written};
use crate::catalogue::Dataset;
use crate::text;

/// To be raised when the same spec starts to give other numbers.
const NUMERICS: u64 = 3;

/// Length of a hash in a folder's name: 40 bits: of a thousand runs, two share one once in two million times.
const LETTERS: usize = 10;

/// The hash of the whole run.
pub(super) fn run(spec: &Written, experiment: &Experiment, digests: &Digests) -> String {
    let mut own = own_keys(&canonical(spec, experiment), digests);
    let idle = without_effect(experiment);
    own.retain(|(key, _)| !idle.contains(&key.as_str()));
    if spec.target.train.schedule != Schedule::Cosine {
        own.retain(|(key, _)| key != "target.train.epochs" && key != "target.train.steps");
    }
    hash(&own)
}

/// The hash of what trains the source: everything that its numbers depend on, and nothing of the target.
pub(super) fn source(spec: &Written, experiment: &Experiment, digests: &Digests) -> String {
    let mut own = own_keys(&canonical(spec, experiment), digests);
    let synthetic = spec.source.as_ref().is_some_and(|source| source.task.dataset == Dataset::Synthetic.name());
    own.retain(|(key, _)| match key.as_str() {
        "synthetic.classes" => synthetic,
        "image_size" | "image_fit" | "channels" | "precision" | "seeds.source" => true,
        _ => ["network.", "source."].iter().any(|table| key.starts_with(table)),
    });
    hash(&own)
}

fn hash(own: &[(String, Json)]) -> String {
    let mut sorted: Vec<_> = own.iter().collect();
    sorted.sort_by(|one, other| one.0.cmp(&other.0));
    let mut canonical = Map::new();
    canonical.insert("numerics".into(), NUMERICS.into());
    canonical.extend(sorted.into_iter().cloned());
    text::hex(&Sha256::digest(Json::Object(canonical).to_string()))[..LETTERS].to_owned()
}

/// The digest of a file's content, which stands for the file in a hash: its path says nothing. A pipe or a device is
/// no file: it may never end.
pub(super) fn digest_of_file(path: &Path) -> io::Result<Option<String>> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut file = File::open(path)?;
    let (mut digest, mut part) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut part)? {
            0 => return Ok(Some(text::hex(&digest.finalize()))),
            count => digest.update(&part[..count]),
        }
    }
}

/// The dotted keys that count, with their values: those that would have another value if they were left out. A file
/// counts by its digest.
fn own_keys(spec: &Written, digests: &Digests) -> Vec<(String, Json)> {
    let filled = json(spec);
    let keys = keys::keys();
    let mut paths = Vec::new();
    collect(&keys, &mut Vec::new(), &mut paths);
    paths
        .into_iter()
        .filter_map(|path| {
            let key = path.join(".");
            let mut value = filled.pointer(&format!("/{}", path.join("/")))?.clone();
            let differs = match key.as_str() {
                // By the subset's own statistics runs were normalised, whatever the source, before there was a choice.
                "target.normalisation" => value != "subset",
                _ => value_without(&filled, &path) != Some(&value).cloned(),
            };
            if let Some(digest) = digests.get(&key) {
                value = digest.into();
            }
            differs.then_some((key, value))
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
