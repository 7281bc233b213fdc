//! The `[report]` table: claims that a sweep is meant to test, stated before it runs. It changes neither the runs nor
//! their names. Like `[sweep]`, it is removed from the tree before the spec itself is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::claim_typed;
use super::problem::{Problem, Problems};
use super::tree::{Node, TableEntry, Value};
use crate::text;

/// Name of the table.
const TABLE: &str = "report";

/// What a spec says about reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReportSpec {
    /// Claims to test.
    pub claims: Vec<Claim>,
}

/// The record of the claims in `sweep.json`, made when the first cell starts. Claims stated later are exploratory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedClaims {
    /// Hash of all claims.
    pub hash: String,
    /// Number of distinct seeds in the grid.
    pub seeds: usize,
}

/// A claim about the runs of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// What it claims.
    pub statement: Statement,
    /// The runs it is about, as values of dotted keys; empty for all runs.
    pub setting: BTreeMap<String, String>,
}

/// What a claim states.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statement {
    /// Test error against frozen layers has a bump: valley, peak, valley.
    FrozenLayers {
        /// First valley, peak and later valley as numbers of frozen layers or `all`, from most to least frozen.
        sites: [String; 3],
        /// Smallest rise and drop that count, as a fraction.
        least_size: f64,
    },
    /// Test error against epochs has a bump: valley, peak, valley.
    Epochs {
        /// Epochs of first valley, peak and later valley.
        sites: [u64; 3],
        /// Smallest rise and drop that count, as a fraction.
        least_size: f64,
    },
    /// With one value of a key the bump of test error is larger than with another.
    LargerBump {
        /// What it is a bump over.
        over: Over,
        /// Dotted key.
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
    /// One value of a key delays an event, compared to a reference value.
    Delay {
        /// Dotted key.
        key: String,
        /// Value with the earlier event.
        reference: String,
        /// Value with the later event.
        delayed: String,
        /// The event.
        of: Reached,
        /// The least rise and drop of a bump whose peak counts, a fraction; none where no peak is asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        least_size: Option<f64>,
    },
    /// Which of two values of a key has the lower test error depends on k.
    Order {
        /// Dotted key.
        key: String,
        /// The two values.
        values: [String; 2],
        /// The k at which the first value is better, and the k at which the second is.
        at: [String; 2],
    },
    /// The test errors for two values of a key differ by less than a margin.
    Equivalence {
        /// Dotted key.
        key: String,
        /// The two values.
        values: [String; 2],
        /// The margin, as a fraction.
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

/// An event in training, dated by its epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    /// Sustained interpolation.
    #[default]
    Interpolation,
    /// The first evaluation that interpolates: later spikes of the optimizer do not move it.
    FirstInterpolation,
    /// The peak of the largest bump in test error.
    Peak,
}

impl ReportSpec {
    /// Hash of the claims; it changes if any claim changes.
    pub fn hash(&self) -> String {
        // Plain data always serialises.
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        text::hex(&Sha256::digest(bytes))[..16].to_owned()
    }
}

/// Removes the table from a spec and parses it; reports all problems at once.
pub(super) fn detach(root: &mut Node) -> Result<ReportSpec, Problems> {
    let Value::Table(entries) = &mut root.value else { return Ok(ReportSpec::default()) };
    let Some(at) = entries.iter().position(|entry| entry.key == TABLE) else { return Ok(ReportSpec::default()) };
    let entry = entries.remove(at);
    let (mut claims, mut problems) = (Vec::new(), Vec::new());
    let mut report = |entry: &TableEntry, message: String| {
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
                    (other, "claims") => report(key, format!("`report.claims` must be a list, found {}", other.kind())),
                    (_, other) => report(key, format!("`report.{other}` is not a key; did you mean `report.claims`?")),
                }
            }
        }
        other => report(&entry, format!("`report` must be a table, found {}", other.kind())),
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

/// The table's JSON schema, for editors.
pub(super) fn schema() -> Json {
    let kinds = json!(claim_typed::kinds());
    let layers = json!({ "type": ["integer", "string", "array"], "minItems": 2, "maxItems": 2 });
    let pair = json!({ "type": "array", "minItems": 2, "maxItems": 2 });
    let fraction = json!({ "type": "number", "minimum": 0, "exclusiveMaximum": 1 });
    json!({
        "type": "object",
        "description": "Claims that `freezewise report` tests, stated before the first run.",
        "properties": { "claims": { "type": "array", "items": {
            "type": "object",
            "properties": {
                "kind": { "enum": kinds },
                "setting": { "type": "object", "description": "Runs that the claim is about, as values of dotted keys; all runs by default." },
                "first_valley": layers, "peak": layers, "later_valley": layers,
                "least_size": fraction,
                "key": { "type": "string" },
                "reference": {}, "delayed": {}, "larger": {},
                "over": { "enum": ["epochs", "frozen-layers"] },
                "of": { "enum": ["interpolation", "first-interpolation", "peak"] },
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
