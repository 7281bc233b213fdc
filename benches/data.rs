//! `cargo bench --bench data`: speed of loading data, relative to a lower limit.
//!
//! - `reading`: CIFAR-10's unpacked files, relative to copying them;
//! - `decoding`: a folder of JPEG files, relative to decoding them with the `image` crate on as many threads, without
//!   keeping the result.
//!
//! Name one of them after `--` to run only that. The data are in `FREEZEWISE_DATA`, or else in `data/`. The two sides
//! of a ratio run alternately in short rounds, so that other load on the machine affects both. Results are the median,
//! minimum and maximum over rounds.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use freezewise::catalogue::Dataset;
use freezewise::data::{Access, ReadingProgress, Surveyor, WantedImages, load, unchecked};
use freezewise::native;
use freezewise::spec::{Notation, Spec, Text};

const ROUNDS: usize = 41;
/// Links to each file, so that a few hundred files make a data set of a few thousand, with little weight on set-up.
const TIMES: usize = 4;
const FOLDER: &str = "imagenette-mini";

fn main() -> Result<()> {
    // Like the program, keep freed memory.
    native::keep_freed_memory();
    let root = std::env::var_os("FREEZEWISE_DATA").map_or_else(|| PathBuf::from("data"), PathBuf::from);
    let cores = std::thread::available_parallelism()?.get();
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    for threads in [1, cores].into_iter().filter(|_| wanted("reading")) {
        report(
            &format!("CIFAR-10's files, time relative to copying them, {threads} threads"),
            &reading(&root, threads)?,
        )?;
    }
    for side in [64, 224].into_iter().filter(|_| wanted("decoding")) {
        let [decoded, reduced, whole] = decoding(&root, side, cores)?;
        let over = "speed relative to the image crate";
        report(&format!("JPEG files to {side} pixels, {over}, {cores} threads"), &decoded)?;
        report(&format!("the same, {over} including its resize to {side} pixels"), &reduced)?;
        report(&format!("a complete first reading of the folder, {over}"), &whole)?;
    }
    Ok(())
}

/// Prints median, minimum and maximum of all rounds except the first, in which files are not in the page cache.
fn report(what: &str, ratios: &[f64]) -> Result<()> {
    let mut later = ratios[1..].to_vec();
    later.sort_by(f64::total_cmp);
    let (least, median, largest) = (later[0], later[later.len() / 2], later[later.len() - 1]);
    writeln!(std::io::stdout(), "{what}: {median:.2} ({least:.2} to {largest:.2}, {} rounds)", later.len())?;
    Ok(())
}

fn seconds(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

/// The time of reading all of CIFAR-10 divided by the time of copying its files, for each round.
fn reading(root: &Path, threads: usize) -> Result<Vec<f64>> {
    let files: Vec<PathBuf> = std::fs::read_dir(root.join("cifar-10-batches-bin"))
        .context("expected CIFAR-10, unpacked")?
        .map(|entry| Ok(entry?.path()))
        .filter(|path| path.as_ref().is_ok_and(|path: &PathBuf| path.extension().is_some_and(|is| is == "bin")))
        .collect::<Result<_>>()?;
    let spec = Spec::whole(
        Dataset::named("cifar10").context("cifar10 is in the catalogue")?,
        &Surveyor::new(root, threads, |_| {}),
    )?;
    let round = |_| {
        let copies = tempfile::tempdir()?;
        let copying = seconds(|| {
            files.iter().try_for_each(|file| {
                let copy = copies.path().join(file.file_name().unwrap_or_default());
                std::fs::copy(file, copy).map(drop).map_err(anyhow::Error::from)
            })
        })?;
        Ok(seconds(|| read(&spec, root, threads).map(drop))? / copying)
    };
    (0..ROUNDS).map(round).collect()
}

/// Reads the data of a spec's target. Returns the seconds of decoding, without finishing the cache file.
fn read(spec: &Spec, root: &Path, threads: usize) -> Result<f64> {
    let experiment = &spec.experiment;
    let wanted = WantedImages { shape: experiment.image, fit: experiment.fit };
    let (start, mut seconds, mut share) = (Instant::now(), [0.0, 0.0], 1.0);
    let mut watch = |reading: Option<ReadingProgress>| {
        if let Some(reading) = reading.filter(|reading| reading.done < reading.total) {
            seconds[usize::from(reading.done > 0)] = start.elapsed().as_secs_f64();
            share = reading.done as f64 / reading.total as f64;
        }
        Ok(())
    };
    load(&experiment.target, wanted, Access { root, threads, check: &unchecked }, &mut watch)?;
    Ok((seconds[1] - seconds[0]) / share)
}

/// Speeds relative to the `image` crate decoding the same files, for each round: of decoding and resizing images into
/// the cache; the same relative to the crate with its fast resize; and of the complete first reading of the folder.
fn decoding(root: &Path, side: usize, threads: usize) -> Result<[Vec<f64>; 3]> {
    let original = root.join(FOLDER).canonicalize().with_context(|| format!("expected the folder `{FOLDER}`"))?;
    let mut files = Vec::new();
    let round = |_| {
        // The cache is in the data folder, so use a new one.
        let place = tempfile::tempdir()?;
        files = link(&original, &place.path().join(FOLDER))?;
        let text = format!(
            "image_size = {side}\n[target]\ndataset = \"folder\"\npath = \"{FOLDER}\"\n[target.train]\nepochs = 1\n"
        );
        let text = Text { file: "bench.toml", name: "bench", text: &text, notation: Notation::Toml };
        let spec = Spec::parse(text, &[], &Surveyor::new(place.path(), threads, |_| {}))?;
        let alone = seconds(|| decode_all(&files, None, threads))?;
        let reduced = seconds(|| decode_all(&files, Some(side as u32), threads))?;
        let mut decoded = 0.0;
        let whole = seconds(|| {
            decoded = read(&spec, place.path(), threads)?;
            Ok(())
        })?;
        Ok([alone / decoded, reduced / decoded, alone / whole])
    };
    let rounds: Vec<[f64; 3]> = (0..ROUNDS).map(round).collect::<Result<_>>()?;
    Ok(std::array::from_fn(|at| rounds.iter().map(|ratios| ratios[at]).collect()))
}

/// Creates a copy of a folder with `TIMES` links to every file, and lists them.
fn link(folder: &Path, copy: &Path) -> Result<Vec<PathBuf>> {
    std::fs::create_dir(copy)?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if path.is_dir() {
            files.append(&mut link(&path, &copy.join(name))?);
            continue;
        }
        for time in 0..TIMES {
            let again = copy.join(format!("{time}-{}", name.display()));
            std::os::unix::fs::symlink(&path, &again)?;
            files.push(again);
        }
    }
    Ok(files)
}

/// Decodes files, and resizes them if `side` is given. Threads take files from a shared queue.
fn decode_all(files: &[PathBuf], side: Option<u32>, threads: usize) -> Result<()> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<()> {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let image = image::load_from_memory(&std::fs::read(file)?)?.into_rgb8();
            let reduced = side.map(|side| image::imageops::thumbnail(&image, side, side));
            std::hint::black_box((image, reduced));
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a decoder does not panic"))
    })
}
