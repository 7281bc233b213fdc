//! What a claim states, and where, in words.

use crate::report::read::{SweepFolder, View};
use crate::report::words::{list, points, short};
use crate::spec::{Claim, FROZEN_LAYERS, Over, Reached, Statement};

/// A sentence: the kind of the claim, where it was stated, and what it says.
pub(super) fn claimed(claim: &Claim, sweep: &SweepFolder) -> String {
    let (kind, origin) = (kind(&claim.statement), origin(sweep));
    let weights = View::from(claim.weights).prefix();
    format!("Claim of kind {kind}, {origin}: {weights}{}{}.", statement(claim), setting(claim))
}

/// Whether the claim was stated before the first run, with the hash that says so.
fn origin(sweep: &SweepFolder) -> String {
    let name = sweep.name();
    match &sweep.stated {
        Some(stated) if sweep.stated_beforehand() => {
            format!("stated before the first run (hash {} in sweep.json of {name})", stated.hash)
        }
        Some(_) => format!("stated or changed after the first run of {name} started"),
        None => format!("in the spec of {name}, without a record that it was stated before the first run"),
    }
}

pub(super) fn kind(statement: &Statement) -> &'static str {
    match statement {
        Statement::FrozenLayers { .. } => "frozen-layers",
        Statement::Epochs { .. } => "epochs",
        Statement::LargerBump { .. } => "larger-bump",
        Statement::Delay { .. } => "delay",
        Statement::Order { .. } => "order",
        Statement::Equivalence { .. } => "equivalence",
    }
}

fn statement(claim: &Claim) -> String {
    match &claim.statement {
        Statement::FrozenLayers { sites, least_size } => {
            let sites = sites.each_ref().map(|site| layers(site));
            format!("with fewer frozen layers, {}", rises_and_falls(&sites, *least_size))
        }
        Statement::Epochs { sites, least_size } => {
            let sites = sites.map(|site| format!("epoch {}", crate::text::grouped(site)));
            format!("over epochs, {}", rises_and_falls(&sites, *least_size))
        }
        Statement::LargerBump { over, key, reference, larger, sites: [one, other], least_size } => {
            let (over, site): (&str, fn(&String) -> String) = match over {
                Over::Epochs => ("epochs", |site| format!("epoch {site}")),
                Over::FrozenLayers => ("frozen layers", |site| layers(site)),
            };
            let places = |sites: &[String; 3]| list(&sites.each_ref().map(site));
            let places = if one == other {
                format!("at {}", places(one))
            } else {
                format!("at {} with {reference} and at {} with {larger}", places(one), places(other))
            };
            format!(
                "the bump over {over} is larger with {} = {larger} than with {reference}, {places}, and rises and falls by at \
                 least {} points with {larger}",
                short(key),
                points(*least_size),
            )
        }
        Statement::Delay { key, reference, delayed, of, .. } => {
            format!("{} comes later with {} = {delayed} than with {reference}", reached(*of), short(key))
        }
        Statement::Order { key, values: [one, other], at: [first, second] } => {
            let (first, second) = (at_layers(first), at_layers(second));
            format!(
                "of {} = {one} and {other}, the first has the lower test error {first}, the second {second}",
                short(key)
            )
        }
        Statement::Equivalence { key, values: [one, other], margin } => {
            let margin = points(*margin);
            format!("final test errors with {} = {one} and {other} differ by less than {margin} points", short(key))
        }
    }
}

fn rises_and_falls([first, peak, later]: &[String; 3], least_size: f64) -> String {
    format!(
        "test error rises from {first} to {peak} and falls again to {later}, each by at least {} points",
        points(least_size)
    )
}

/// What is reached, for a delay.
pub(super) fn reached(of: Reached) -> &'static str {
    match of {
        Reached::Interpolation => "interpolation",
        Reached::FirstInterpolation => "the first interpolation",
        Reached::Peak => "the peak of test error",
    }
}

/// Where a number of frozen layers of a spec is.
pub(super) fn at_layers(site: &str) -> String {
    format!("{} {}", if site == "all" { "with" } else { "at" }, layers(site))
}

/// A number of frozen layers of a spec.
fn layers(site: &str) -> String {
    if site == "all" { "all layers frozen".to_owned() } else { format!("k = {site}") }
}

fn setting(claim: &Claim) -> String {
    let words = |(key, value): (&String, &String)| {
        if key == FROZEN_LAYERS { layers(value) } else { format!("{} = {value}", short(key)) }
    };
    let parts: Vec<String> = claim.setting.iter().map(words).collect();
    if parts.is_empty() { String::new() } else { format!(" (only where {})", list(&parts)) }
}
