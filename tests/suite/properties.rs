//! Properties of all tables and all specs, tested on a few random ones.

use freezewise::rundir::{Metrics, cut, parse};
use freezewise::spec::{Notation, Spec, Text};
use proptest::prelude::*;
use proptest::{collection, option, sample};

use super::fuzzed::metrics_csv::{HEADER, hold};
use super::fuzzed::spec::{NoOne, holds_of};

fn few() -> ProptestConfig {
    ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() }
}

/// A table with an epoch for each of these times.
fn table(seconds: &[f64]) -> String {
    let rows = seconds.iter().enumerate().map(|(epoch, seconds)| format!("target,{epoch},{seconds}\n"));
    HEADER.to_owned() + &rows.collect::<String>()
}

/// Bytes that may follow a table after a crash, including almost complete rows.
fn tail() -> impl Strategy<Value = Vec<u8>> {
    let letters = sample::select(b"target,0123456789.\"\r\n\0\xff".to_vec());
    prop_oneof![collection::vec(any::<u8>(), 0..200), collection::vec(letters, 0..200)]
}

fn measured() -> impl Strategy<Value = Option<f64>> {
    // Non-finite losses are never written: they end a run.
    option::of(any::<f64>().prop_filter("finite", |number| number.is_finite()))
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn damaged_tails_do_not_lose_whole_rows(seconds in collection::vec(0.0..1e9, 0..30), tail in tail()) {
        let whole = table(&seconds);
        let bytes = [whole.as_bytes(), &tail].concat();
        prop_assert!(cut(&bytes, HEADER, u64::MAX).starts_with(whole.as_bytes()));
        if let Some(last) = seconds.len().checked_sub(1) {
            prop_assert_eq!(cut(&bytes, HEADER, last as u64), whole.as_bytes());
        }
        hold(&bytes);
    }

    #[test]
    fn a_truncated_table_keeps_its_whole_rows(seconds in collection::vec(0.0..1e9, 1..30), share in 0.0..1.0) {
        let whole = table(&seconds);
        let torn = &whole.as_bytes()[..(whole.len() as f64 * share) as usize];
        let lines = torn.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        prop_assert_eq!(cut(torn, HEADER, u64::MAX), &torn[..lines]);
    }

    #[test]
    fn a_row_reads_back_bit_identical(
        epoch in any::<u64>(),
        step in any::<u64>(),
        train_loss in measured(),
        test_error in measured(),
        gradient_norm in measured(),
    ) {
        let row = Metrics { phase: "source".into(), epoch, step, train_loss, test_error, gradient_norm, ..Metrics::default() };
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(&row).expect("a row");
        let bytes = writer.into_inner().expect("a table");
        let read: Vec<Metrics> = parse(&bytes).expect("a row");
        let bits = |row: &Metrics| [row.train_loss, row.test_error, row.gradient_norm].map(|number| number.map(f64::to_bits));
        prop_assert_eq!(bits(&read[0]), bits(&row));
        prop_assert_eq!(&read[..], &[row][..]);
    }
}

/// Keys with TOML values, all compatible with each other.
fn keys() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let number = |key, range: std::ops::Range<u64>| (key, range.prop_map(|number| number.to_string()).boxed());
    let share = |key, range: std::ops::Range<f64>| (key, range.prop_map(|number| format!("{number:?}")).boxed());
    let word = |key, words: &'static [&'static str]| (key, sample::select(words).prop_map(str::to_owned).boxed());
    let keys = vec![
        number("seed", 0..1 << 40),
        number("seeds.init", 0..5),
        number("network.width", 1..64),
        number("source.train.epochs", 1..300),
        number("target.train.epochs", 1..100_000),
        number("target.validation_size", 0..50),
        number("target.train.batch_size", 1..100),
        number("transfer.frozen_layers", 0..10),
        number("evaluate.every", 1..50),
        number("compute.evaluation_batch", 1..5000),
        share("target.label_noise", 0.0..0.9),
        share("source.label_noise", 0.0..0.9),
        share("target.train.learning_rate", 1e-7..1.0),
        share("target.train.weight_decay", 0.0..0.1),
        word("precision", &["'auto'", "'fp32'", "'bf16'"]),
        word("target.train.optimizer", &["'adam'", "'adamw'", "'sgd'"]),
        word("target.train.schedule", &["'constant'", "'cosine'", "'inverse-sqrt'"]),
        word("target.train.augment", &["[]", "['crop']", "['flip', 'crop']"]),
        word("transfer.frozen_norm", &["'source'", "'target'", "'batch'"]),
        word("transfer.unfrozen_init", &["'source'", "'random'"]),
        word("checkpoint.keep", &["'log'", "[1, 5]", "[]"]),
        word("compute.cache", &["'auto'", "'off'"]),
        word("name", &["'some'", "'another-name'"]),
    ];
    let chosen: Vec<_> =
        keys.into_iter().map(|(key, values)| option::of(values.prop_map(move |value| (key, value)))).collect();
    chosen.prop_map(|chosen| chosen.into_iter().flatten().collect())
}

const LEAST: &str = "source.dataset = 'synthetic'\nsource.train_size = 300\ntarget.dataset = 'synthetic'\n\
    target.train_size = 200\n";

fn spec(text: &str, overrides: &[String]) -> Spec {
    let text = Text { file: "spec.toml", name: "spec", text, notation: Notation::Toml };
    Spec::parse(text, overrides, &NoOne).unwrap_or_else(|error| panic!("{error:#}\n{text:?}"))
}

/// Each as `key=value`, which is also a line of TOML.
fn pairs(keys: &[(&str, String)]) -> Vec<String> {
    keys.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

fn resolved(spec: &Spec) -> String {
    spec.to_toml().expect("a spec can be written down")
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn a_resolved_spec_means_the_same(keys in keys()) {
        holds_of(&spec(&format!("{LEAST}{}", pairs(&keys).join("\n")), &[]));
    }

    #[test]
    fn an_override_equals_a_line_of_the_spec(keys in keys().prop_shuffle(), before in keys()) {
        let written = spec(&format!("{LEAST}{}", pairs(&keys).join("\n")), &[]);
        let overridden = spec(LEAST, &pairs(&keys));
        prop_assert_eq!(resolved(&overridden), resolved(&written));
        prop_assert_eq!(overridden.run_folder(), written.run_folder());
        // The last of several overrides of a key counts.
        let all = [before.clone(), keys.clone()].concat();
        let mut last = before;
        last.retain(|(key, _)| keys.iter().all(|(other, _)| other != key));
        last.extend(keys);
        prop_assert_eq!(resolved(&spec(LEAST, &pairs(&all))), resolved(&spec(LEAST, &pairs(&last))));
    }
}
