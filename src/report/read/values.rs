//! The setting and the seeds of a run, as text by dotted key, from its resolved spec.

use crate::rundir::{SpecValues, spec_values};

use super::frozen_layers::FROZEN_LAYERS;

/// Keys that do not affect results; devices and threads are reported separately.
const IDLE: [&str; 3] = ["name", "device", "threads"];
const IDLE_TABLES: [&str; 2] = ["checkpoint.", "compute."];
/// The purposes of seeds, in the order in which a report lists them.
const PURPOSES: [&str; 6] = ["init", "subset", "noise", "order", "augment", "dropout"];

/// The seed of each purpose in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) struct SeedValues(pub(in crate::report) Vec<(&'static str, String)>);

impl SeedValues {
    fn of(all: &SpecValues) -> Self {
        let shared = all.get("seed").cloned().unwrap_or_else(|| "0".to_owned());
        let of = |purpose: &str| all.get(&format!("seeds.{purpose}")).cloned();
        let trains_source = all.contains_key("source.dataset");
        let source = trains_source.then(|| ("source", of("source").unwrap_or_else(|| "0".to_owned())));
        let own = PURPOSES.iter().map(|&purpose| (purpose, of(purpose).unwrap_or_else(|| shared.clone())));
        Self(source.into_iter().chain(own).collect())
    }

    /// In words: `seed 3`, and the purposes with other seeds.
    pub(in crate::report) fn label(&self) -> String {
        let Some((_, common)) = self.0.iter().find(|(purpose, _)| *purpose == "order") else { return String::new() };
        let others =
            self.0.iter().filter(|(_, seed)| seed != common).map(|(purpose, seed)| format!("{purpose} {seed}"));
        std::iter::once(format!("seed {common}")).chain(others).collect::<Vec<_>>().join(", ")
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

/// Splits a TOML spec into its setting, without seeds and frozen layers, and its seeds.
pub(in crate::report) fn parse(text: &str) -> Result<(SpecValues, SeedValues), String> {
    let mut all = spec_values(text).map_err(|error| format!("cannot read `spec.toml`: {}", error.message()))?;
    let seeds = SeedValues::of(&all);
    all.retain(|key, _| {
        let idle = IDLE.contains(&key.as_str()) || IDLE_TABLES.iter().any(|table| key.starts_with(table));
        !idle && key != "seed" && !key.starts_with("seeds.") && key != FROZEN_LAYERS
    });
    Ok((all, seeds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(text: &str) -> SeedValues {
        parse(text).expect("a spec").1
    }

    #[test]
    fn seeds_and_frozen_layers_make_no_setting() {
        let text = |seed: u64, layers: &str| {
            format!(
                "name = \"n\"\nseed = {seed}\nthreads = {seed}\n[transfer]\nfrozen_layers = {layers}\n[target]\ndataset = \"d\"\n"
            )
        };
        let (values, _) = parse(&text(1, "4")).expect("a spec");
        assert_eq!(values, parse(&text(2, "\"all\"")).expect("a spec").0);
        assert_eq!(values.into_iter().collect::<Vec<_>>(), [("target.dataset".to_owned(), "d".to_owned())]);
    }

    #[test]
    fn moving_seeds_are_named() {
        let (one, two) =
            (seeds("seed = 1\n[source]\ndataset = \"d\"\n"), seeds("seed = 2\n[source]\ndataset = \"d\"\n"));
        assert_eq!(moving(&[&one, &two].into_iter()), ["init", "subset", "noise", "order", "augment", "dropout"]);
        assert_eq!(two.label(), "seed 2, source 0");
        let own = seeds("seed = 2\nseeds.order = 2\nseeds.source = 2\nseeds.init = 7\n[source]\ndataset = \"d\"\n");
        assert_eq!(own.label(), "seed 2, init 7");
        assert_eq!(moving(&[&two, &own].into_iter()), ["source", "init"]);
    }
}
