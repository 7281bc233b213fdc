//! The keys that count towards a run's hash, and their defaults.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde_json::Value as Json;

use super::defaults;
use super::keys::{self, Key, KeyType};
use super::written::{Source, Synthetic, Written};

/// A key that changes results.
pub(super) struct IdentityKey {
    path: Vec<String>,
    pub(super) dotted: String,
    /// Its default, if that does not depend on other keys.
    fixed_default: Option<Json>,
    /// Whether its presence changes the defaults of other keys.
    decides: bool,
}

const DECIDING: [&str; 3] = ["source.train.steps", "target.train.steps", "source.weights"];

/// All identity keys. Looked up for every cell of a sweep, so everything possible is computed once.
pub(super) static KEYS: LazyLock<Vec<IdentityKey>> = LazyLock::new(|| {
    let (source, synthetic) = (Some(Source::default()), Some(Synthetic::default()));
    let defaults = as_json(&Written { source, synthetic, ..Written::default() });
    let mut found = Vec::new();
    collect(keys::all(), &mut Vec::new(), &defaults, &mut found);
    found
});

fn collect(keys: &[Key], prefix: &mut Vec<String>, defaults: &Json, found: &mut Vec<IdentityKey>) {
    for key in keys {
        prefix.push(key.name.clone());
        match &key.kind {
            KeyType::Table(inner) => collect(inner, prefix, defaults, found),
            _ if key.identity => {
                let (path, dotted) = (prefix.clone(), prefix.join("."));
                let fixed_default = at(defaults, &path).cloned();
                let decides = DECIDING.contains(&dotted.as_str());
                found.push(IdentityKey { path, dotted, fixed_default, decides });
            }
            _ => {}
        }
        prefix.pop();
    }
}

impl IdentityKey {
    /// Its value in a spec.
    pub(super) fn get<'a>(&self, spec: &'a Json) -> Option<&'a Json> {
        at(spec, &self.path)
    }

    fn remove(&self, spec: &mut Json) {
        let Some((last, tables)) = self.path.split_last() else { return };
        let table = tables.iter().try_fold(spec, |json, name| json.get_mut(name));
        if let Some(table) = table.and_then(Json::as_object_mut) {
            table.remove(last);
        }
    }

    /// The value that the key gets if it is removed from an otherwise unchanged spec.
    fn value_without(&self, filled: &Json) -> Option<Json> {
        let mut without = filled.clone();
        self.remove(&mut without);
        self.get(&refilled(without)).cloned()
    }
}

fn at<'a>(spec: &'a Json, path: &[String]) -> Option<&'a Json> {
    path.iter().try_fold(spec, |json, name| json.get(name))
}

/// The default of every identity key in the context of one spec.
pub(super) struct Defaults(Json);

impl Defaults {
    /// Computes all defaults of a spec at once. This works because no default depends on a key with a dynamic default,
    /// except on the deciding keys.
    pub(super) fn of(filled: &Json) -> Self {
        let mut bare = filled.clone();
        KEYS.iter().filter(|key| key.fixed_default.is_none() && !key.decides).for_each(|key| key.remove(&mut bare));
        Self(refilled(bare))
    }

    /// The default of a key, with all other keys unchanged.
    pub(super) fn value<'a>(&'a self, filled: &Json, key: &'a IdentityKey) -> Option<Cow<'a, Json>> {
        match &key.fixed_default {
            Some(default) => Some(Cow::Borrowed(default)),
            None if key.decides => key.value_without(filled).map(Cow::Owned),
            None => key.get(&self.0).map(Cow::Borrowed),
        }
    }
}

/// Fills the defaults of a spec again.
fn refilled(spec: Json) -> Json {
    let mut spec: Written = serde_json::from_value(spec).unwrap_or_default();
    defaults::fill(&mut spec, "");
    as_json(&spec)
}

/// A spec as JSON, without `None` values.
pub(super) fn as_json(spec: &Written) -> Json {
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
    fn defaults_found_together_equal_those_found_one_by_one() {
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
            let filled = as_json(&spec.filled);
            let defaults = Defaults::of(&filled);
            for key in KEYS.iter().filter(|key| key.get(&filled).is_some()) {
                let found = defaults.value(&filled, key).map(Cow::into_owned);
                assert_eq!(found, key.value_without(&filled), "{}\n{text}", key.dotted);
            }
        }
    }
}
