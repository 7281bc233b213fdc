//! The `[report]` table: claims that a sweep is meant to test, stated before it runs. It changes neither the runs nor
//! their names. Like `[sweep]`, it is removed from the tree before the spec itself is read.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::claim::Claim;
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
                "weights": { "enum": ["raw", "averaged"] },
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
