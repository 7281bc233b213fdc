use anyhow::Result;

use super::*;
use crate::spec::{Notation, Over, Statement, Text, Typed};

fn read(text: &str) -> Result<ReportSpec> {
    let text = Text { file: "s.toml", name: "s", text, notation: Notation::Toml };
    Ok(Typed::parse(text, &[])?.report)
}

const BUMP: &str = "[[report.claims]]\nkind = \"frozen-layers\"\nfirst_valley = \"all\"\npeak = 8\nlater_valley = 0\n\
                    setting = { target.train_size = 4000 }\n";

#[test]
fn claims_are_parsed_and_hashed() -> Result<()> {
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
fn a_larger_bump_has_places_in_both_settings() -> Result<()> {
    let text = "[[report.claims]]\nkind = \"larger-bump\"\nkey = \"target.train_size\"\nreference = 1000\nlarger = 4000\n\
                first_valley = [5, 8]\npeak = [20, 30]\nlater_valley = 100\n";
    let expected = Statement::LargerBump {
        over: Over::Epochs,
        key: "target.train_size".to_owned(),
        reference: "1000".to_owned(),
        larger: "4000".to_owned(),
        sites: [["5", "20", "100"], ["8", "30", "100"]].map(|sites| sites.map(str::to_owned)),
        least_size: 0.01,
    };
    assert_eq!(read(text)?.claims[0].statement, expected);
    let over_layers = text
        .replace("[5, 8]", "\"all\"")
        .replace("= 100\n", "= 0\n")
        .replace("larger-bump\"", "larger-bump\"\nover = \"frozen-layers\"");
    assert!(matches!(read(&over_layers)?.claims[0].statement, Statement::LargerBump { over: Over::FrozenLayers, .. }));
    assert!(
        read(&text.replace("[20, 30]", "[20, 3]"))
            .is_err_and(|error| error.to_string().contains("must be in increasing order"))
    );
    Ok(())
}

#[test]
fn errors_name_their_line() {
    for (text, message) in [
        ("[report]\nclaim = 1\n", "s.toml:2:1: `report.claim` is not a key; did you mean `report.claims`?"),
        ("[[report.claims]]\nkind = \"bump\"\n", "`bump` is not a kind of claim"),
        (
            "[[report.claims]]\nkind = \"epochs\"\nfirst_valley = 9\npeak = 4\nlater_valley = 5\n",
            "must be in increasing order",
        ),
        ("[[report.claims]]\nkind = \"delay\"\n", "missing `key`"),
        ("[[report.claims]]\nkind = \"epochs\"\nsites = 1\n", "unknown field `sites`"),
        ("[[report.claims]]\nkind = \"epochs\"\nmargin = 0.1\n", "`margin` is not a key of the kind `epochs`"),
        (
            "[[report.claims]]\nkind = \"order\"\nkey = \"source.datset\"\n",
            "`source.datset` is not a key of a spec; did you mean `source.dataset`?",
        ),
        (
            "[[report.claims]]\nkind = \"frozen-layers\"\nfirst_valley = 0\npeak = 8\nlater_valley = \"all\"\n",
            "must decrease from the first valley",
        ),
        (
            "[[report.claims]]\nkind = \"frozen-layers\"\nfirst_valley = \"al\"\npeak = 8\nlater_valley = 0\n",
            "`first_valley`: `al` is not a number of frozen layers",
        ),
    ] {
        let error = read(text).expect_err("a mistake").to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn the_schema_has_every_key_of_every_kind() {
    let schema = schema();
    let known = &schema["properties"]["claims"]["items"]["properties"];
    let keys = claim_typed::KINDS.iter().flat_map(|(_, keys)| *keys);
    for key in keys.chain(&["kind", "setting", "weights"]) {
        assert!(known.get(key).is_some(), "`{key}`");
    }
}
