//! Parses one claim of `[report]`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::claims::{Claim, Reached, Statement};
use crate::text;

/// Default of `least_size`: a rise or drop below one percentage point matters little, even where it is significant.
const LEAST_SIZE: f64 = 0.01;

/// A claim as written in the spec.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
struct Typing {
    kind: String,
    #[serde(default)]
    setting: Json,
    first_valley: Option<Json>,
    peak: Option<Json>,
    later_valley: Option<Json>,
    least_size: Option<f64>,
    key: Option<String>,
    reference: Option<Json>,
    delayed: Option<Json>,
    of: Option<Reached>,
    values: Option<[Json; 2]>,
    at: Option<[Json; 2]>,
    margin: Option<f64>,
}

/// Parses a claim. The error is a message without a place; the caller adds it.
pub(super) fn read(json: &Json) -> Result<Claim, String> {
    let typed: Typing = serde_json::from_value(json.clone()).map_err(|error| error.to_string())?;
    let least_size = typed.least_size.unwrap_or(LEAST_SIZE);
    if !(0.0..1.0).contains(&least_size) {
        return Err(format!("`least_size` must be a fraction in [0, 1), found {least_size}"));
    }
    let needed = |value: &Option<Json>, name: &str| value.as_ref().map(plain).ok_or(format!("missing `{name}`"));
    let site = |name: &str| match name {
        "first_valley" => needed(&typed.first_valley, name),
        "peak" => needed(&typed.peak, name),
        _ => needed(&typed.later_valley, name),
    };
    let sites = || Ok::<_, String>([site("first_valley")?, site("peak")?, site("later_valley")?]);
    let key = || typed.key.clone().ok_or("missing `key`".to_owned());
    let pair = |pair: &Option<[Json; 2]>, name: &str| {
        pair.as_ref().map(|pair| [plain(&pair[0]), plain(&pair[1])]).ok_or(format!("missing `{name}`, two values"))
    };
    let statement = match typed.kind.as_str() {
        "frozen-layers" => Statement::FrozenLayers { sites: sites()?, least_size },
        "epochs" => Statement::Epochs { sites: epochs(sites()?)?, least_size },
        "delay" => Statement::Delay {
            key: key()?,
            reference: needed(&typed.reference, "reference")?,
            delayed: needed(&typed.delayed, "delayed")?,
            of: typed.of.unwrap_or_default(),
        },
        "order" => Statement::Order { key: key()?, values: pair(&typed.values, "values")?, at: pair(&typed.at, "at")? },
        "equivalence" => {
            let margin = typed.margin.filter(|margin| *margin > 0.0 && *margin < 1.0);
            let margin = margin.ok_or("missing `margin`, a fraction above 0")?;
            Statement::Equivalence { key: key()?, values: pair(&typed.values, "values")?, margin }
        }
        other => {
            let kinds = ["frozen-layers", "epochs", "delay", "order", "equivalence"];
            return Err(format!("`{other}` is not a kind of claim; expected {}", text::listed(&kinds)));
        }
    };
    let mut setting = BTreeMap::new();
    flatten(&typed.setting, "", &mut setting)?;
    Ok(Claim { statement, setting })
}

fn epochs(sites: [String; 3]) -> Result<[u64; 3], String> {
    let [first, peak, later] = sites.map(|site| site.parse().map_err(|_| format!("`{site}` is not an epoch")));
    let sites: [u64; 3] = [first?, peak?, later?];
    if sites[0] < sites[1] && sites[1] < sites[2] {
        Ok(sites)
    } else {
        Err("the epochs must be in increasing order".to_owned())
    }
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
