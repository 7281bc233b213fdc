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

/// An event in training, dated by its epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reached {
    /// Sustained interpolation.
    #[default]
    Interpolation,
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
    let kinds = json!(["frozen-layers", "epochs", "delay", "order", "equivalence"]);
    let layers = json!({ "type": ["integer", "string"] });
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
                "reference": {}, "delayed": {},
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
mod tests {
    use anyhow::Result;

    use super::super::{Notation, Text, Typed};
    use super::*;

    fn read(text: &str) -> Result<ReportSpec> {
        let text = Text { file: "s.toml", name: "s", text, notation: Notation::Toml };
        Ok(Typed::parse(text, &[])?.report)
    }

    const BUMP: &str = "[[report.claims]]\nkind = \"frozen-layers\"\nfirst_valley = \"all\"\npeak = 8\nlater_valley = 0\n\
                        setting = { target.train_size = 4000 }\n";

    #[test]
    fn claims_are_read_and_named() -> Result<()> {
        let spec = read(BUMP)?;
        let sites = ["all", "8", "0"].map(str::to_owned);
        assert_eq!(spec.claims[0].statement, Statement::FrozenLayers { sites, least_size: 0.01 });
        assert_eq!(spec.claims[0].setting.get("target.train_size").map(String::as_str), Some("4000"));
        assert_eq!(spec.hash(), read(BUMP)?.hash());
        assert_ne!(spec.hash(), read(&BUMP.replace("peak = 8", "peak = 7"))?.hash());
        assert_eq!(read("seed = 1\n")?.claims, []);
        Ok(())
    }

    #[test]
    fn mistakes_have_their_line() {
        for (text, message) in [
            ("[report]\nclaim = 1\n", "s.toml:2:1: `report.claim` is not a key; did you mean `report.claims`?"),
            ("[[report.claims]]\nkind = \"bump\"\n", "`bump` is not a kind of claim"),
            (
                "[[report.claims]]\nkind = \"epochs\"\nfirst_valley = 9\npeak = 4\nlater_valley = 5\n",
                "must be in increasing order",
            ),
            ("[[report.claims]]\nkind = \"delay\"\n", "missing `key`"),
            ("[[report.claims]]\nkind = \"epochs\"\nsites = 1\n", "unknown field `sites`"),
        ] {
            let error = read(text).expect_err("a mistake").to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
