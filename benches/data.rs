//! `cargo bench --bench data`: how fast data come into memory, as ratios to what cannot be avoided.
//!
//! - CIFAR-10's unpacked files, against copying them to other files;
//! - a folder of JPEG files, against the `image` crate decoding the same files on as many threads and keeping nothing.
//!
//! `reading` or `decoding` after `--` measures one of them alone. Both are looked for in `FREEZEWISE_DATA`, else in
//! `data/`. The two of a pair take turns, and the rounds' median is told with their least and largest: no time is a
//! result, for the machine may have other work. Rounds are short, so that what else it has to do meets both of a pair.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use freezewise::catalogue::Dataset;
use freezewise::data::{Access, Image, ReadingProgress, Surveyor, load};
use freezewise::native;
use freezewise::spec::{Notation, Spec, Text};

const ROUNDS: usize = 41;
/// A few hundred files make a data set of some thousand: what is done once counts as little as there.
const TIMES: usize = 4;
const FOLDER: &str = "imagenette-mini";

fn main() -> Result<()> {
    // As the program does: memory that is freed is kept.
    native::keep_freed_memory();
    let root = std::env::var_os("FREEZEWISE_DATA").map_or_else(|| PathBuf::from("data"), PathBuf::from);
    let cores = std::thread::available_parallelism()?.get();
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    for threads in [1, cores].into_iter().filter(|_| wanted("reading")) {
        report(&format!("CIFAR-10's files, time over that of a copy, {threads} threads"), &reading(&root, threads)?)?;
    }
    for side in [64, 224].into_iter().filter(|_| wanted("decoding")) {
        let [decoded, reduced, whole] = decoding(&root, side, cores)?;
        let over = "speed over the image crate's";
        report(&format!("JPEG files to {side} pixels, {over}, {cores} threads"), &decoded)?;
        report(&format!("the same, {over} with its own reduction to {side} pixels"), &reduced)?;
        report(&format!("the same with all that comes of a first reading, {over}"), &whole)?;
    }
    Ok(())
}

/// Prints the median of the rounds after the first, which finds nothing in the system's memory.
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

/// The time of reading CIFAR-10, all its examples, over that of copying its files.
fn reading(root: &Path, threads: usize) -> Result<Vec<f64>> {
    let files: Vec<PathBuf> = std::fs::read_dir(root.join("cifar-10-batches-bin"))
        .context("CIFAR-10 is to be there unpacked")?
        .map(|entry| Ok(entry?.path()))
        .filter(|path| path.as_ref().is_ok_and(|path: &PathBuf| path.extension().is_some_and(|is| is == "bin")))
        .collect::<Result<_>>()?;
    let spec = Spec::whole(Dataset::named("cifar10").context("it is known")?, &Surveyor::new(root, threads, |_| {}))?;
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

/// Reads all that the target of a spec takes. Returns the seconds that decoding took of it, without the end of the file
/// that keeps what was decoded.
fn read(spec: &Spec, root: &Path, threads: usize) -> Result<f64> {
    let experiment = &spec.experiment;
    let image = Image { shape: experiment.image, fit: experiment.fit };
    let (start, mut seconds, mut share) = (Instant::now(), [0.0, 0.0], 1.0);
    let mut watch = |reading: Option<ReadingProgress>| {
        if let Some(reading) = reading.filter(|reading| reading.done < reading.total) {
            seconds[usize::from(reading.done > 0)] = start.elapsed().as_secs_f64();
            share = reading.done as f64 / reading.total as f64;
        }
        Ok(())
    };
    load(&experiment.target, image, Access { root, threads }, &mut watch)?;
    Ok((seconds[1] - seconds[0]) / share)
}

/// Speeds over that of the `image` crate decoding the same files and keeping nothing: of the files becoming images of a
/// size in the file that keeps them, the same over the crate's with its own fast reduction, and of the first reading of
/// the folder as a whole. A ratio for each round.
fn decoding(root: &Path, side: usize, threads: usize) -> Result<[Vec<f64>; 3]> {
    let original = root.join(FOLDER).canonicalize().with_context(|| format!("`{FOLDER}` is to be there"))?;
    let mut files = Vec::new();
    let round = |_| {
        // What is decoded is kept beside the folder: one that nobody has read yet.
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

/// Makes a folder like another, with every file of it several times, and lists its files.
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

/// Decodes files, and reduces them if a side is given. Each thread takes the next file as it is ready for one.
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
