//! The setting and the seeds of a run, as text by dotted key, from its resolved spec.

use std::collections::BTreeSet;

use crate::rundir::{SpecValues, spec_values};
use crate::spec::{FROZEN_LAYERS, fixed_defaults};

/// Keys that do not affect results. Devices and threads are reported separately. Runs of a cell must be evaluated at
/// the same epochs, but not necessarily because of the same keys.
const IDLE: [&str; 5] = ["name", "device", "threads", "evaluate.every", "evaluate.train_every"];
const IDLE_TABLES: [&str; 2] = ["checkpoint.", "compute."];
/// Keys that add measurements and change no other number: runs with and without them belong to one cell. Controls are
/// only averaged if they were measured in the same way.
const MEASUREMENTS: [&str; 8] = [
    "evaluate.averaged_half_life",
    "evaluate.correct",
    "evaluate.correct_train",
    "evaluate.norms",
    "branches.at",
    "branches.anneal",
    "branches.anneal_steps",
    "branches.refit",
];
/// The schedule of evaluations.
const SCHEDULE: &str = "evaluate.every";
/// The purposes of seeds, in the order in which a report lists them.
const PURPOSES: [&str; 6] = ["init", "subset", "noise", "order", "augment", "dropout"];

/// The seed of each purpose in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) struct SeedValues(pub(in crate::report) Vec<(&'static str, String)>);

impl SeedValues {
    fn from_spec(all: &SpecValues) -> Self {
        let shared = all.get("seed").cloned().unwrap_or_else(|| "0".to_owned());
        let of = |purpose: &str| all.get(&format!("seeds.{purpose}")).cloned();
        let trains_source = all.contains_key("source.dataset");
        let source = trains_source.then(|| ("source", of("source").unwrap_or_else(|| "0".to_owned())));
        let own = PURPOSES.iter().map(|&purpose| (purpose, of(purpose).unwrap_or_else(|| shared.clone())));
        Self(source.into_iter().chain(own).collect())
    }

    /// The seed of a purpose.
    pub(in crate::report) fn of(&self, purpose: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == purpose).map(|(_, seed)| seed.as_str())
    }

    /// The purposes with seeds.
    pub(in crate::report) fn purposes(&self) -> Vec<&'static str> {
        self.0.iter().map(|(purpose, _)| *purpose).collect()
    }

    /// In words: `seed 3`, and the purposes with other seeds.
    pub(in crate::report) fn label(&self) -> String {
        let Some(common) = self.of("order") else { return String::new() };
        let others =
            self.0.iter().filter(|(_, seed)| seed != common).map(|(purpose, seed)| format!("{purpose} {seed}"));
        std::iter::once(format!("seed {common}")).chain(others).collect::<Vec<_>>().join(", ")
    }
}

/// Whether a setting uses the seed of a purpose.
pub(in crate::report) fn is_in_use(purpose: &str, values: &SpecValues) -> bool {
    let is_positive =
        |key: &str| values.get(key).and_then(|value| value.parse::<f64>().ok()).is_some_and(|value| value > 0.0);
    match purpose {
        "noise" => {
            let keys = ["target.label_noise", "target.validation_noise", "source.label_noise"];
            keys.into_iter().any(is_positive)
        }
        "augment" => values.get("target.train.augment").is_some_and(|value| !value.is_empty() && value != "[]"),
        "dropout" => is_positive("network.dropout"),
        _ => true,
    }
}

/// The purposes whose seeds differ between some runs.
pub(in crate::report) fn moving<'a>(seeds: &(impl Iterator<Item = &'a SeedValues> + Clone)) -> Vec<&'static str> {
    let Some(first) = seeds.clone().next() else { return Vec::new() };
    let moves = |(purpose, seed): &&(&'static str, String)| {
        seeds.clone().any(|other| other.0.iter().any(|(name, value)| name == purpose && value != seed))
    };
    first.0.iter().filter(moves).map(|(purpose, _)| *purpose).collect()
}

/// The parts of a spec.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct ParsedSpec {
    /// The keys that define the setting: all except seeds, frozen layers and added measurements.
    pub(in crate::report) values: SpecValues,
    pub(in crate::report) seeds: SeedValues,
    pub(in crate::report) measurements: SpecValues,
    /// Its schedule of evaluations, if the spec says so.
    pub(in crate::report) schedule: Option<String>,
}

/// Parses a spec in TOML.
pub(in crate::report) fn parse(text: &str) -> Result<ParsedSpec, String> {
    let mut all = spec_values(text).map_err(|error| format!("cannot read `spec.toml`: {}", error.message()))?;
    let seeds = SeedValues::from_spec(&all);
    if !all.contains_key("target.dataset") {
        return Err("`spec.toml` has no `target.dataset`: it is not from freezewise".to_owned());
    }
    let measurements = MEASUREMENTS.iter().filter_map(|key| all.remove_entry(*key)).collect();
    let schedule = all.get(SCHEDULE).cloned();
    all.retain(|key, _| {
        let idle = IDLE.contains(&key.as_str()) || IDLE_TABLES.iter().any(|table| key.starts_with(table));
        !idle && key != "seed" && !key.starts_with("seeds.") && key != FROZEN_LAYERS
    });
    Ok(ParsedSpec { values: all, seeds, measurements, schedule })
}

/// Gives runs the defaults of keys that they lack and others have: the resolved spec of an older version lacks newer keys.
/// Keys of a source apply only to runs that have one.
pub(in crate::report) fn fill_missing<'a>(values: impl Iterator<Item = &'a mut SpecValues>) {
    let mut values: Vec<&mut SpecValues> = values.collect();
    let known: BTreeSet<String> = values.iter().flat_map(|values| values.keys().cloned()).collect();
    // Without defaults nothing is filled in, and such runs are another setting.
    let defaults = fixed_defaults().ok().and_then(|text| spec_values(&text).ok()).unwrap_or_default();
    for (key, default) in defaults.into_iter().filter(|(key, default)| !default.is_empty() && known.contains(key)) {
        for values in &mut values {
            if !key.starts_with("source.") || values.contains_key("source.dataset") {
                values.entry(key.clone()).or_insert_with(|| default.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(text: &str) -> SeedValues {
        parse(&format!("target.dataset = \"d\"\n{text}")).expect("a spec").seeds
    }

    #[test]
    fn seeds_and_frozen_layers_are_not_part_of_a_setting() {
        let text = |seed: u64, layers: &str| {
            format!(
                "name = \"n\"\nseed = {seed}\nthreads = {seed}\n[transfer]\nfrozen_layers = {layers}\n[target]\ndataset = \"d\"\n"
            )
        };
        let ParsedSpec { values, .. } = parse(&text(1, "4")).expect("a spec");
        assert_eq!(values, parse(&text(2, "\"all\"")).expect("a spec").values);
        assert_eq!(values.into_iter().collect::<Vec<_>>(), [("target.dataset".to_owned(), "d".to_owned())]);
    }

    #[test]
    fn added_measurements_are_not_part_of_a_setting() {
        let bare = "[target]\ndataset = \"d\"\n[evaluate]\nevery = 1\n";
        let more = "[target]\ndataset = \"d\"\n[evaluate]\nevery = 5\naveraged_half_life = 64\n[branches]\nat = [9]\n";
        let [bare, more] = [bare, more].map(|text| parse(text).expect("a spec"));
        assert_eq!(bare.values, more.values);
        assert_eq!(more.measurements.len(), 2);
    }

    #[test]
    fn missing_keys_of_older_specs_have_their_defaults() {
        let values = |text: &str| parse(text).expect("a spec").values;
        let newer = "[source]\ndataset = \"s\"\nbalanced = false\n[target]\ndataset = \"d\"\nvalidation_noise = 0.0\n";
        let mut all = [
            values(newer),
            values("[target]\ndataset = \"d\"\n[source]\ndataset = \"s\"\n"),
            values("target.dataset = \"d\""),
        ];
        fill_missing(all.iter_mut());
        assert_eq!(all[0], all[1]);
        assert_eq!(all[2].len(), 2, "{:?}", all[2]);
    }

    #[test]
    fn varying_seeds_are_named() {
        let (one, two) =
            (seeds("seed = 1\n[source]\ndataset = \"d\"\n"), seeds("seed = 2\n[source]\ndataset = \"d\"\n"));
        assert_eq!(moving(&[&one, &two].into_iter()), ["init", "subset", "noise", "order", "augment", "dropout"]);
        assert_eq!(two.label(), "seed 2, source 0");
        let own = seeds("seed = 2\nseeds.order = 2\nseeds.source = 2\nseeds.init = 7\n[source]\ndataset = \"d\"\n");
        assert_eq!(own.label(), "seed 2, init 7");
        assert_eq!(moving(&[&two, &own].into_iter()), ["source", "init"]);
    }
}
