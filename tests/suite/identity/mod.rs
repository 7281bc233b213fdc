//! Two specs have the same name if and only if they produce the same bytes.

mod fixture;
mod table;
mod world;

use std::collections::BTreeSet;

use table::{BASE, CASES, Case, Makes, TASK, WORDS};
use world::{Outcome, Settings, World};

/// Adds settings separated by `; `; `WORDS` stand for several settings, and the value `-` removes a key.
fn add(settings: &mut Settings, written: &str) {
    for part in written.split("; ").map(str::trim).filter(|part| !part.is_empty()) {
        if let Some((_, meaning)) = WORDS.iter().find(|(word, _)| *word == part) {
            add(settings, meaning);
            continue;
        }
        let (key, value) = part.split_once('=').unwrap_or_else(|| panic!("`{part}` is not a setting"));
        match value {
            "-" => settings.remove(key),
            _ => settings.insert(key.to_owned(), value.to_owned()),
        };
    }
}

/// The cases of `TASK` for one of the tasks.
fn of_task(task: &'static str) -> impl Iterator<Item = (String, String, String, String, Makes)> {
    TASK.iter().map(move |case| {
        let (key, context, one, other, makes) = written(case);
        let named = |text: String| text.replace('$', task);
        let context = if task == "source" { format!("trained; {context}") } else { context };
        (named(key), named(context), named(one), named(other), makes)
    })
}

fn written(&(key, context, one, other, makes): &Case) -> (String, String, String, String, Makes) {
    (key.to_owned(), context.to_owned(), one.to_owned(), other.to_owned(), makes)
}

fn cases() -> impl Iterator<Item = (String, String, String, String, Makes)> {
    CASES.iter().map(written).chain(of_task("source")).chain(of_task("target"))
}

/// The dotted keys in a table of the schema.
fn keys(schema: &serde_json::Value, prefix: &str, found: &mut BTreeSet<String>) {
    for (name, schema) in schema["properties"].as_object().expect("a table") {
        let key = format!("{prefix}{name}");
        match schema.get("properties") {
            Some(_) => keys(schema, &format!("{key}."), found),
            None => _ = found.insert(key),
        }
    }
}

#[test]
fn every_key_is_in_the_table() {
    let mut known = BTreeSet::new();
    keys(&freezewise::spec::schema(), "", &mut known);
    // The sweep table only defines cells, each named by its own keys; the report table does not change runs.
    known.retain(|key| !key.starts_with("sweep.") && !key.starts_with("report."));
    let tried: BTreeSet<String> = cases().map(|(key, ..)| key).collect();
    assert_eq!(known.difference(&tried).collect::<Vec<_>>(), [""; 0], "add them to `table.rs`");
    assert_eq!(tried.difference(&known).collect::<Vec<_>>(), [""; 0], "they are not keys");
}

#[test]
fn names_differ_if_and_only_if_bytes_differ() {
    let mut world = World::new();
    let mut base = Settings::new();
    add(&mut base, BASE);
    for (seed, file) in [("0", "one"), ("0", "copy"), ("1", "other")] {
        let settings = [base.clone(), [("seed".to_owned(), seed.to_owned())].into()].into_iter().flatten().collect();
        world.keep_weights(&settings, &format!("{file}.safetensors"));
    }
    let wrong: Vec<String> = cases().filter_map(|case| fault(&mut world, &base, &case)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Describes how a case violates the rule, if it does.
fn fault(
    world: &mut World,
    base: &Settings,
    (key, context, one, other, makes): &(String, String, String, String, Makes),
) -> Option<String> {
    let settings = [one, other].map(|value| {
        let mut settings = base.clone();
        add(&mut settings, context);
        add(&mut settings, &format!("{key}={value}"));
        settings
    });
    let told = |what: &str| Some(format!("{key}: {one} and {other}, with `{context}`: {what}"));
    if let Makes::SameName(_) | Makes::AnotherName(_) = makes {
        let [one, other] = settings.map(|settings| world.spec(&settings).run_folder());
        return if (one == other) == matches!(makes, Makes::SameName(_)) {
            None
        } else {
            told(&format!("{one}, {other}"))
        };
    }
    let [first, second] = settings.map(|settings| world.train(&settings));
    let same_run = first.run.bytes == second.run.bytes;
    if same_run != matches!(makes, Makes::Same | Makes::AnotherSource(_)) {
        return told("the table is wrong about the bytes of the run");
    }
    let source = |outcome: &Outcome| {
        outcome.source.clone().map_or((String::new(), Vec::new()), |source| (source.name, source.bytes))
    };
    let [(name, bytes), (other_name, other_bytes)] = [source(&first), source(&second)];
    if (name == other_name) != (bytes == other_bytes) {
        return told(&format!("the names of the sources, {name} and {other_name}, do not match their bytes"));
    }
    let same_name = first.run.name == second.run.name;
    let wanted = if let Makes::AnotherSource(_) = makes { name == other_name } else { same_run };
    if same_name == wanted {
        return None;
    }
    told(&format!("the names of the runs, {} and {}, do not match their bytes", first.run.name, second.run.name))
}

/// Trains many specs: any two have the same name if and only if they have the same bytes.
#[test]
#[ignore = "takes minutes: hundreds of trainings, for pairs of data sets, sizes, colours, fits and precisions"]
fn names_depend_on_images_as_the_network_sees_them() {
    let kinds = ["npz own.npz", "npz large.npz", "npz wide.npz", "npz grey.npz", "folder folder", "synthetic -"];
    let mut world = World::new();
    let mut base = Settings::new();
    add(&mut base, BASE);
    add(&mut base, "trained; source.train.epochs=1; target.train.epochs=1");
    let (mut runs, mut sources) = (Vec::new(), Vec::new());
    let choices = |key: &str, values: &[&str]| values.iter().map(|value| format!("{key}={value}")).collect::<Vec<_>>();
    for (source, target) in kinds.iter().flat_map(|source| kinds.iter().map(move |target| (source, target))) {
        let data = |task: &str, kind: &str| {
            let (dataset, path) = kind.split_once(' ').expect("a kind and a path");
            format!("{task}.dataset={dataset}; {task}.path={path}")
        };
        for size in choices("image_size", &["-", "8", "16"]) {
            for channels in choices("channels", &["-", "1", "3"]) {
                for rest in ["image_fit=crop; precision=fp32", "image_fit=squeeze; precision=fp32", "precision=bf16"] {
                    let mut settings = base.clone();
                    for part in [&data("source", source), &data("target", target), &size, &channels, rest] {
                        add(&mut settings, part);
                    }
                    if world.try_spec(&settings).is_ok() {
                        let outcome = world.train(&settings);
                        runs.push(outcome.run);
                        sources.extend(outcome.source);
                    }
                }
            }
        }
    }
    assert!(runs.len() > 200, "only {} specs are valid", runs.len());
    for trained in [runs, sources] {
        let names: BTreeSet<_> = trained.iter().map(|one| &one.name).collect();
        let bytes: BTreeSet<_> = trained.iter().map(|one| &one.bytes).collect();
        let both: BTreeSet<_> = trained.iter().map(|one| (&one.name, &one.bytes)).collect();
        assert_eq!((names.len(), bytes.len()), (both.len(), both.len()), "names and bytes do not match");
    }
}
