//! Parses one claim of `[report]`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::claim::{Claim, ClaimedWeights, Over, Reached, Statement};
use super::keys;
use crate::text;

/// Default of `least_size`: a rise or drop below one percentage point matters little, even where it is significant.
const LEAST_SIZE: f64 = 0.01;

/// The kinds of claims, each with its keys.
pub(super) const KINDS: [(&str, &[&str]); 6] = [
    ("frozen-layers", &["first_valley", "peak", "later_valley", "least_size"]),
    ("epochs", &["first_valley", "peak", "later_valley", "least_size"]),
    ("larger-bump", &["over", "key", "reference", "larger", "first_valley", "peak", "later_valley", "least_size"]),
    ("delay", &["key", "reference", "delayed", "of", "least_size"]),
    ("order", &["key", "values", "at"]),
    ("equivalence", &["key", "values", "margin"]),
];

/// Their names.
pub(super) fn kinds() -> Vec<&'static str> {
    KINDS.iter().map(|(kind, _)| *kind).collect()
}

/// A claim as written in the spec.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typing {
    kind: String,
    #[serde(default)]
    setting: Json,
    #[serde(default)]
    weights: ClaimedWeights,
    first_valley: Option<Json>,
    peak: Option<Json>,
    later_valley: Option<Json>,
    least_size: Option<f64>,
    key: Option<String>,
    reference: Option<Json>,
    delayed: Option<Json>,
    larger: Option<Json>,
    over: Option<Over>,
    of: Option<Reached>,
    values: Option<[Json; 2]>,
    at: Option<[Json; 2]>,
    margin: Option<f64>,
}

/// Parses a claim. The error is a message without a place; the caller adds it.
pub(super) fn read(json: &Json) -> Result<Claim, String> {
    let typed: Typing = serde_json::from_value(json.clone()).map_err(|error| error.to_string())?;
    check_keys(&typed.kind, json)?;
    let statement = match typed.kind.as_str() {
        "frozen-layers" => {
            Statement::FrozenLayers { sites: typed.sites(Over::FrozenLayers, 0)?, least_size: typed.least_size()? }
        }
        "epochs" => {
            Statement::Epochs { sites: epochs(typed.sites(Over::Epochs, 0)?)?, least_size: typed.least_size()? }
        }
        "larger-bump" => {
            let over = typed.over.unwrap_or_default();
            Statement::LargerBump {
                over,
                key: typed.key()?,
                reference: needed(typed.reference.as_ref(), "reference")?,
                larger: needed(typed.larger.as_ref(), "larger")?,
                sites: [typed.sites(over, 0)?, typed.sites(over, 1)?],
                least_size: typed.least_size()?,
            }
        }
        "delay" => {
            let of = typed.of.unwrap_or_default();
            if of != Reached::Peak && typed.least_size.is_some() {
                return Err("`least_size` needs `of = \"peak\"`".to_owned());
            }
            Statement::Delay {
                key: typed.key()?,
                reference: needed(typed.reference.as_ref(), "reference")?,
                delayed: needed(typed.delayed.as_ref(), "delayed")?,
                of,
                least_size: (of == Reached::Peak).then_some(typed.least_size()?),
            }
        }
        "order" => Statement::Order {
            key: typed.key()?,
            values: pair(typed.values.as_ref(), "values")?,
            at: pair(typed.at.as_ref(), "at")?,
        },
        _ => {
            let margin = typed.margin.filter(|margin| *margin > 0.0 && *margin < 1.0);
            let margin = margin.ok_or("missing `margin`, a fraction above 0")?;
            Statement::Equivalence { key: typed.key()?, values: pair(typed.values.as_ref(), "values")?, margin }
        }
    };
    let mut setting = BTreeMap::new();
    flatten(&typed.setting, "", &mut setting)?;
    setting.keys().try_for_each(|key| check_is_key(key))?;
    Ok(Claim { statement, setting, weights: typed.weights })
}

/// Rejects an unknown kind, and a key that has no effect for its kind.
fn check_keys(kind: &str, json: &Json) -> Result<(), String> {
    let Some((_, taken)) = KINDS.iter().find(|(known, _)| *known == kind) else {
        return Err(format!("`{kind}` is not a kind of claim; expected {}", text::listed(&kinds())));
    };
    let common = ["kind", "setting", "weights"];
    let typed = json.as_object().into_iter().flat_map(|keys| keys.keys().map(String::as_str));
    let foreign = typed.into_iter().find(|key| !common.contains(key) && !taken.contains(key));
    foreign.map_or(Ok(()), |key| {
        Err(format!("`{key}` is not a key of the kind `{kind}`; expected {}", text::listed(taken)))
    })
}

/// Rejects unknown keys of a spec: such a claim could never be tested.
fn check_is_key(key: &str) -> Result<(), String> {
    if keys::dotted().iter().any(|name| name == key) {
        return Ok(());
    }
    let hint = keys::nearest(key).map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    Err(format!("`{key}` is not a key of a spec{hint}"))
}

impl Typing {
    fn key(&self) -> Result<String, String> {
        let key = self.key.clone().ok_or("missing `key`")?;
        check_is_key(&key)?;
        Ok(key)
    }

    fn least_size(&self) -> Result<f64, String> {
        let least_size = self.least_size.unwrap_or(LEAST_SIZE);
        if (0.0..1.0).contains(&least_size) {
            Ok(least_size)
        } else {
            Err(format!("`least_size` must be a fraction in [0, 1), found {least_size}"))
        }
    }

    /// First valley, peak and later valley of one of two settings: each is one place for both, or a list of two.
    fn sites(&self, over: Over, side: usize) -> Result<[String; 3], String> {
        let site = |value: Option<&Json>, name: &str| {
            let place = match value {
                Some(Json::Array(both)) if both.len() == 2 && self.kind == "larger-bump" => plain(&both[side]),
                other => needed(other, name)?,
            };
            let is_layers = over == Over::FrozenLayers && place == "all";
            if is_layers || place.parse::<u64>().is_ok() {
                return Ok(place);
            }
            let of = if over == Over::Epochs { "an epoch" } else { "a number of frozen layers, or `all`" };
            Err(format!("`{name}`: `{place}` is not {of}"))
        };
        let sites = [
            site(self.first_valley.as_ref(), "first_valley")?,
            site(self.peak.as_ref(), "peak")?,
            site(self.later_valley.as_ref(), "later_valley")?,
        ];
        check_order(over, &sites)?;
        Ok(sites)
    }
}

/// Over epochs places rise; over frozen layers they fall, and `all` comes first.
fn check_order(over: Over, sites: &[String; 3]) -> Result<(), String> {
    let places = sites.each_ref().map(|site| site.parse::<u64>().unwrap_or(u64::MAX));
    match over {
        Over::Epochs if !places.is_sorted_by(|one, next| one < next) => {
            Err("the epochs must be in increasing order".to_owned())
        }
        Over::FrozenLayers if !places.is_sorted_by(|one, next| one > next) => {
            Err("frozen layers must decrease from the first valley to the later one".to_owned())
        }
        _ => Ok(()),
    }
}

/// As numbers; `Typing::sites` has checked them.
fn epochs(sites: [String; 3]) -> Result<[u64; 3], String> {
    let [first, peak, later] = sites.map(|site| site.parse().map_err(|_| format!("`{site}` is not an epoch")));
    Ok([first?, peak?, later?])
}

fn needed(value: Option<&Json>, name: &str) -> Result<String, String> {
    value.map(plain).ok_or_else(|| format!("missing `{name}`"))
}

fn pair(pair: Option<&[Json; 2]>, name: &str) -> Result<[String; 2], String> {
    pair.map(|pair| pair.each_ref().map(plain)).ok_or_else(|| format!("missing `{name}`, two values"))
}

fn flatten(json: &Json, prefix: &str, values: &mut BTreeMap<String, String>) -> Result<(), String> {
    match json {
        Json::Null if prefix.is_empty() => {}
        Json::Object(entries) => {
            for (name, value) in entries {
                let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(value, &key, values)?;
            }
        }
        _ if prefix.is_empty() => return Err("`setting` must be a table of keys and values".to_owned()),
        value => {
            values.insert(prefix.to_owned(), plain(value));
        }
    }
    Ok(())
}

fn plain(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}
