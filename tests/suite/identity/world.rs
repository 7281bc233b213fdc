//! Small data sets, and runs on them in this process.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use freezewise::data::Surveyor;
use freezewise::run::{Beginning, EventSink, Places, Request, RunEvent, Stop, run};
use freezewise::spec::{Notation, Spec, Text};
use image::{DynamicImage, ImageFormat, RgbImage};

use crate::arrays::{npy, npz};

/// Values of keys, as for `--set`.
pub type Settings = BTreeMap<String, String>;

/// The name and the bytes of a run or a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    pub name: String,
    /// Length of the weights as eight bytes, `metrics.csv`, and the weights.
    pub bytes: Vec<u8>,
}

/// A run and its source.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub run: Trained,
    pub source: Option<Trained>,
}

pub struct World {
    folder: tempfile::TempDir,
    outcomes: HashMap<Settings, Outcome>,
}

struct Silent;

impl EventSink for Silent {
    fn on_event(&mut self, _: &RunEvent<'_>) {}
}

impl World {
    pub fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().expect("a folder"), outcomes: HashMap::new() };
        world.write_arrays();
        world.write_folders();
        let labels = |step: usize| (0..24).map(|index| (index * step % 4).to_string()).collect::<Vec<_>>().join("\n");
        world.write("labels.txt", labels(3).as_bytes());
        world.write("labels-copy.txt", labels(3).as_bytes());
        world.write("labels-other.txt", labels(1).as_bytes());
        world
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.data().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, bytes).expect("written");
    }

    /// Writes archives with 24 training and 8 test images of four classes.
    fn write_arrays(&self) {
        let usual = ["train_images", "train_labels", "test_images", "test_labels"];
        for (file, [channels, height, width], seed) in [
            ("own.npz", [3, 8, 8], 1),
            ("copy.npz", [3, 8, 8], 1),
            ("other.npz", [3, 8, 8], 2),
            ("grey.npz", [1, 8, 8], 3),
            ("large.npz", [3, 16, 16], 4),
            ("wide.npz", [3, 8, 12], 5),
        ] {
            self.write_npz(file, &arrays(usual, [channels, height, width], seed));
        }
        let both = [arrays(usual, [3, 8, 8], 1), arrays(["a", "b", "c", "d"], [3, 8, 8], 2)].concat();
        self.write_npz("both.npz", &both);
    }

    fn write_npz(&self, file: &str, entries: &[(String, Vec<u8>)]) {
        let entries: Vec<_> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
        npz(&self.data().join(file), &entries);
    }

    /// Writes `folder` with `val/`, and `both` with `val/` and `test/`; images are not square.
    fn write_folders(&self) {
        for (root, tests) in [("folder", &["val"][..]), ("both", &["val", "test"])] {
            for (place, split) in ["train"].iter().chain(tests).enumerate() {
                for class in 0..3 {
                    for index in 0..8 {
                        let bytes = picture((place * 100 + class * 10 + index) as u64);
                        self.write(&format!("{root}/{split}/{class}/{index}.png"), &bytes);
                    }
                }
            }
        }
    }

    /// The spec with these settings; `@` stands for the data folder.
    pub fn try_spec(&self, settings: &Settings) -> anyhow::Result<Spec> {
        let data = self.data();
        let root = data.to_str().expect("text");
        let overrides: Vec<String> =
            settings.iter().map(|(key, value)| format!("{key}={}", value.replace('@', root))).collect();
        let text = Text { file: "spec.toml", name: "spec", text: "", notation: Notation::Toml };
        Spec::parse(text, &overrides, &Surveyor::new(&data, 1, |_| {}).or_tell(|_| {}))
    }

    pub fn spec(&self, settings: &Settings) -> Spec {
        self.try_spec(settings).unwrap_or_else(|error| panic!("{error:#}\n{settings:#?}"))
    }

    /// Runs a spec in a new folder, or returns the outcome if the same settings ran before.
    pub fn train(&mut self, settings: &Settings) -> Outcome {
        if let Some(outcome) = self.outcomes.get(settings) {
            return outcome.clone();
        }
        let (spec, data) = (self.spec(settings), self.data());
        let out = self.folder.path().join(format!("out-{}", self.outcomes.len()));
        let places = Places { out: &out, data: &data };
        let wait = std::time::Duration::ZERO;
        let request = Request {
            places,
            beginning: Beginning::Resume,
            wait,
            fixed: None,
            tensorboard: false,
            stop: &Stop::never(),
        };
        let finished = run(&spec, &request, &mut Silent).unwrap_or_else(|error| panic!("{error:#}\n{settings:#?}"));
        let sources = std::fs::read_dir(out.join("sources")).into_iter().flatten();
        let source = sources.map(|entry| trained(&entry.expect("a folder").path())).next();
        let outcome = Outcome { run: trained(finished.directory.path()), source };
        std::fs::remove_dir_all(&out).expect("removed");
        self.outcomes.insert(settings.clone(), outcome.clone());
        outcome
    }

    /// Runs a spec and saves its weights to a file in the data folder.
    pub fn keep_weights(&mut self, settings: &Settings, file: &str) {
        let outcome = self.train(settings);
        let start = outcome.run.bytes.len() - outcome.run.weights_length();
        self.write(file, &outcome.run.bytes[start..]);
    }
}

/// The weights are the last part of the bytes; their length comes first.
impl Trained {
    fn weights_length(&self) -> usize {
        u64::from_le_bytes(self.bytes[..8].try_into().expect("eight bytes")) as usize
    }
}

fn trained(directory: &Path) -> Trained {
    let read = |name: &str| std::fs::read(directory.join(name)).expect("a file");
    let (rows, weights) = (read("metrics.csv"), read("weights.safetensors"));
    let length = (weights.len() as u64).to_le_bytes().to_vec();
    let name = directory.file_name().expect("a name").to_str().expect("text").to_owned();
    Trained { name, bytes: [length, rows, weights].concat() }
}

/// Pseudo-random bytes (Knuth's linear congruential generator).
fn noise(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
}

/// The files of an archive: name and content.
fn arrays(names: [&str; 4], [channels, height, width]: [usize; 3], seed: u64) -> Vec<(String, Vec<u8>)> {
    let images = |count: usize, seed: u64| {
        let bytes: Vec<u8> = noise(seed).take(count * channels * height * width).collect();
        npy("|u1", &format!("({count}, {channels}, {height}, {width})"), &bytes)
    };
    let labels = |count: u8| npy("|u1", &format!("({count},)"), &(0..count).map(|at| at % 4).collect::<Vec<_>>());
    let names = names.map(|name| format!("{name}.npy"));
    names.into_iter().zip([images(24, seed), labels(24), images(8, seed + 100), labels(8)]).collect()
}

fn picture(seed: u64) -> Vec<u8> {
    let pixels = noise(seed).take(3 * 8 * 12).collect();
    let image = DynamicImage::ImageRgb8(RgbImage::from_raw(12, 8, pixels).expect("an image"));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).expect("a picture");
    bytes.into_inner()
}
