//! Two hundred specs with their names, in `tests/fixtures/identity.txt`. Each line has the hash of the run, the hash of
//! the source or `none`, a digest of the resolved spec, and the settings.
//!
//! `FREEZEWISE_BLESS=1 cargo test --release --test suite identity::fixture` rewrites the file; without it the test says
//! how many names changed. A new key only changes digests; a changed hash orphans existing runs.

use freezewise::catalogue::{Dataset, Facts, ImageShape};
use freezewise::spec::{Data, Notation, Npz, Question, Spec, Survey, Text};
use freezewise::text;
use sha2::{Digest, Sha256};

use super::add;
use super::world::Settings;

const FILE: &str = "tests/fixtures/identity.txt";

/// Knows fictional data sets.
pub struct MadeUp;

impl Survey for MadeUp {
    fn facts(&self, question: &Question<'_>) -> anyhow::Result<Option<Facts>> {
        let dataset = question.data.dataset();
        if dataset == Dataset::TinyImagenet {
            return Ok(Facts::known(dataset, 0));
        }
        let (place, [channels, height, width]) = match question.data {
            Data::Npz(npz) => match npz.path.to_str() {
                Some("wide.npz") => (place_of(npz), [3, 20, 30]),
                Some("grey.npz") => (place_of(npz), [1, 28, 28]),
                _ => (place_of(npz), [3, 16, 16]),
            },
            Data::Folder(folder) => (format!("{:?}", (&folder.path, &folder.test_folder)), [3, 24, 30]),
            Data::Published { .. } | Data::Synthetic(_) => return Ok(None),
        };
        Ok(Some(Facts {
            shape: ImageShape { channels, height, width },
            class_count: 6,
            classes: Some((0..6).map(|class| format!("class {class}")).collect()),
            superclasses: None,
            train_size: 600,
            test_size: 60,
            train_per_class: Some(vec![100; 6]),
            test_per_class: Some(vec![10; 6]),
            digest: Some(place),
        }))
    }
}

/// Stands for the content of an archive; does not change when archives get new keys.
fn place_of(npz: &Npz) -> String {
    let (path, arrays) = (npz.path.to_string_lossy(), &npz.arrays);
    let validation = npz.validation.as_ref().map(|names| format!(" {names:?}")).unwrap_or_default();
    format!("Npz {{ path: {path:?}, arrays: {arrays:?} }}{validation}")
}

/// A spec from text and settings.
pub fn parse(text: &str, settings: &Settings) -> anyhow::Result<Spec> {
    let overrides: Vec<String> = settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
    Spec::parse(Text { file: "spec.toml", name: "spec", text, notation: Notation::Toml }, &overrides, &MadeUp)
}

/// The line of the file for these settings.
fn line(written: &str) -> String {
    let mut settings = Settings::new();
    add(&mut settings, written);
    let spec = parse("", &settings).unwrap_or_else(|error| panic!("{written}\n{error:#}"));
    let resolved = spec.to_toml().expect("a spec can be written down");
    let source = spec.source_hash();
    let again = parse(&resolved, &Settings::new()).unwrap_or_else(|error| panic!("{written}\n{error:#}"));
    assert_eq!((again.run_folder(), again.source_hash()), (spec.run_folder(), source.clone()), "{written}");
    if source.is_some() && !settings.contains_key("source.weights") {
        let text = spec.source_to_toml().expect("a source can be written down");
        let own = parse(&text, &Settings::new()).unwrap_or_else(|error| panic!("{written}\n{text}\n{error:#}"));
        assert_eq!(own.source_hash(), source, "the source's spec names another source: {written}\n{text}");
    }
    let digest = text::hex(&Sha256::digest(&resolved));
    format!("{} {} {} {written}", spec.run_hash(), source.as_deref().unwrap_or("none"), &digest[..10])
}

#[test]
fn names_and_resolved_specs_match_the_fixture() {
    let kept = std::fs::read_to_string(FILE).expect("the fixture");
    let found: Vec<String> =
        kept.lines().map(|kept| line(kept.splitn(4, ' ').nth(3).expect("settings after three words"))).collect();
    assert_eq!(found.len(), 200);
    let hashes = |line: &str| line.splitn(3, ' ').take(2).map(str::to_owned).collect::<Vec<_>>();
    let changed: Vec<_> = kept.lines().zip(&found).filter(|(kept, found)| kept != found).collect();
    let renamed = changed.iter().filter(|(kept, found)| hashes(kept) != hashes(found)).count();
    let told = format!("the names of {renamed} specs changed, and names or resolved specs of {}", changed.len());
    if std::env::var_os("FREEZEWISE_BLESS").is_some() {
        std::fs::write(FILE, found.join("\n") + "\n").expect("the fixture");
        return;
    }
    let shown: Vec<String> = changed.iter().map(|(kept, found)| format!("- {kept}\n+ {found}")).take(5).collect();
    assert!(changed.is_empty(), "{told} (FREEZEWISE_BLESS=1 accepts them), for example\n{}", shown.join("\n"));
}

/// Regression test: sources at different sizes had the same name, and one source had two names.
#[test]
fn a_source_is_named_by_its_own_images() {
    let source = |written: &str| {
        let mut settings = Settings::new();
        add(&mut settings, written);
        parse("", &settings).unwrap_or_else(|error| panic!("{written}\n{error:#}")).source_hash()
    };
    let cifar = source("source.dataset=cifar100; target.dataset=cifar10");
    assert_ne!(cifar, source("source.dataset=cifar100; target.dataset=tiny-imagenet; image_size=64"));
    assert_eq!(cifar, source("source.dataset=cifar100; target.dataset=tiny-imagenet; image_size=32"));
    assert_eq!(cifar, source("source.dataset=cifar100; target.dataset=mnist; image_size=32; channels=3"));
    assert_eq!(cifar, source("source.dataset=cifar100; target.dataset=folder; target.path=a; image_size=32"));
    assert_ne!(cifar, source("source.dataset=cifar100; target.dataset=mnist; image_size=32; channels=1"));
    let made = source("source.dataset=synthetic; target.dataset=synthetic");
    assert_ne!(made, source("source.dataset=synthetic; target.dataset=mnist; image_size=28; channels=1"));
    assert_eq!(made, source("source.dataset=synthetic; target.dataset=mnist; image_size=32; channels=3"));
    // If the source's own images are square, it does not matter how the target's are fitted.
    let fitted = "source.dataset=cifar100; target.dataset=folder; target.path=a; image_size=32; image_fit=squeeze";
    assert_eq!(cifar, source(fitted));
    let wide = "target.dataset=cifar100; source.dataset=folder; source.path=a; image_size=32";
    assert_ne!(source(wide), source(&format!("{wide}; image_fit=squeeze")));
}
