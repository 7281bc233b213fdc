//! The `[report]` table: what a sweep is to show, stated before it runs. It changes no run, and no run's name.
//!
//! The table is taken off the tree before the spec itself is read, as `[sweep]` is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::claim_typed;
use super::problem::{Problem, Problems};
use super::tree::{Entry, Node, Value};
use crate::text;

/// The table of a spec that states claims.
const TABLE: &str = "report";

/// What a spec says for reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReportSpec {
    /// What its runs are to show.
    pub claims: Vec<Claim>,
}

/// What `sweep.json` keeps of the claims when the first cell is begun: what is stated later is exploratory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedClaims {
    /// Of all of them.
    pub hash: String,
    /// How many different seeds the grid had.
    pub seeds: usize,
}

/// A statement about the runs of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// What it says.
    pub statement: Statement,
    /// Which runs it is about, by dotted keys; empty where it is about all.
    pub setting: BTreeMap<String, String>,
}

/// What a claim says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statement {
    /// Test error against frozen layers has a bump: `[first valley, peak, later valley]`, a number of layers or `all`.
    FrozenLayers {
        /// The three places, from more frozen layers to fewer.
        sites: [String; 3],
        /// The least rise and drop, a fraction.
        least_size: f64,
    },
    /// Test error against epochs has a bump.
    Epochs {
        /// First valley, peak and later valley.
        sites: [u64; 3],
        /// The least rise and drop, a fraction.
        least_size: f64,
    },
    /// With one value of a key the bump of test error is larger than with another.
    LargerBump {
        /// What it is a bump over.
        over: Over,
        /// The key.
        key: String,
        /// Its value in the setting with the smaller bump.
        reference: String,
        /// Its value in the other one.
        larger: String,
        /// First valley, peak and later valley at the reference, and at the other value.
        sites: [[String; 3]; 2],
        /// The least rise and drop of the larger bump, a fraction.
        least_size: f64,
    },
    /// One value of a key reaches something later than another.
    Delay {
        /// The key.
        key: String,
        /// Its value in the earlier setting.
        reference: String,
        /// Its value in the later one.
        delayed: String,
        /// What is reached.
        of: Reached,
        /// The least rise and drop of a bump whose peak counts, a fraction; none where no peak is asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        least_size: Option<f64>,
    },
    /// One of two values of a key is better at one k, the other at another.
    Order {
        /// The key.
        key: String,
        /// Two of its values.
        values: [String; 2],
        /// The k at which the first is better, and that at which the second is.
        at: [String; 2],
    },
    /// Two values of a key differ by less than a margin.
    Equivalence {
        /// The key.
        key: String,
        /// Two of its values.
        values: [String; 2],
        /// The margin, a fraction.
        margin: f64,
    },
}

/// What a bump is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// Epochs, at one number of frozen layers.
    #[default]
    Epochs,
    /// Frozen layers, at the end of the training.
    FrozenLayers,
}

/// What a training reaches at an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reached {
    /// Sustained interpolation.
    #[default]
    Interpolation,
    /// The peak of its largest bump.
    Peak,
}

impl ReportSpec {
    /// Names the claims: another hash, other claims.
    pub fn hash(&self) -> String {
        // Plain data always makes JSON.
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        text::hex(&Sha256::digest(bytes))[..16].to_owned()
    }
}

/// Takes the table off a spec, and reads it; all of its problems come at once.
pub(super) fn detach(root: &mut Node) -> Result<ReportSpec, Problems> {
    let Value::Table(entries) = &mut root.value else { return Ok(ReportSpec::default()) };
    let Some(at) = entries.iter().position(|entry| entry.key == TABLE) else { return Ok(ReportSpec::default()) };
    let entry = entries.remove(at);
    let (mut claims, mut problems) = (Vec::new(), Vec::new());
    let mut report = |entry: &Entry, message: String| {
        problems.push(Problem {
            place: entry.place.clone(),
            key: TABLE.to_owned(),
            message,
            hint: None,
            of_data: false,
        });
    };
    match &entry.node.value {
        Value::Table(keys) => {
            for key in keys {
                match (&key.node.value, key.key.as_str()) {
                    (Value::List(items), "claims") => {
                        for (index, item) in items.iter().enumerate() {
                            match claim_typed::read(&as_json(item)) {
                                Ok(claim) => claims.push(claim),
                                Err(message) => {
                                    report(key, format!("claim {} of `report.claims`: {message}", index + 1));
                                }
                            }
                        }
                    }
                    (other, "claims") => report(key, format!("`report.claims` is a list, found {}", other.kind())),
                    (_, other) => report(key, format!("`report.{other}` is not a key; `report` takes `claims`")),
                }
            }
        }
        other => report(&entry, format!("`report` is a table, found {}", other.kind())),
    }
    if problems.is_empty() { Ok(ReportSpec { claims }) } else { Err(Problems(problems)) }
}

fn as_json(node: &Node) -> Json {
    match &node.value {
        Value::Flag(flag) => json!(flag),
        Value::Integer(number) => json!(number),
        Value::Number(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::List(items) => items.iter().map(as_json).collect(),
        Value::Table(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), as_json(&entry.node)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Foreign(name) => json!(name),
    }
}

/// The table's schema, for editors.
pub(super) fn schema() -> Json {
    let kinds = json!(claim_typed::kinds());
    let layers = json!({ "type": ["integer", "string", "array"], "minItems": 2, "maxItems": 2 });
    let pair = json!({ "type": "array", "minItems": 2, "maxItems": 2 });
    let fraction = json!({ "type": "number", "minimum": 0, "exclusiveMaximum": 1 });
    json!({
        "type": "object",
        "description": "What `freezewise report` is to test, stated before the first run.",
        "properties": { "claims": { "type": "array", "items": {
            "type": "object",
            "properties": {
                "kind": { "enum": kinds },
                "setting": { "type": "object", "description": "Which runs it is about, by dotted keys." },
                "first_valley": layers, "peak": layers, "later_valley": layers,
                "least_size": fraction,
                "key": { "type": "string" },
                "reference": {}, "delayed": {}, "larger": {},
                "over": { "enum": ["epochs", "frozen-layers"] },
                "of": { "enum": ["interpolation", "peak"] },
                "values": pair, "at": pair,
                "margin": fraction
            },
            "required": ["kind"],
            "additionalProperties": false
        } } },
        "additionalProperties": false
    })
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
