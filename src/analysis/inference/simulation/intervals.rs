//! Coverage of intervals at stated points.

use rand::RngExt;

use super::super::bump::{BumpContrasts, bump_evidence};
use super::super::interval::t_interval;
use super::super::test_set::t_interval_over_images;
use super::null_curves::{NOISE, normal};
use super::{draws, hold, standard_error};

const SEEDS: [usize; 3] = [6, 8, 12];

/// Student's interval covers the mean at its nominal rate, and not more often.
fn means(trials: usize) {
    for seeds in SEEDS {
        let mut stream = draws(&format!("interval {seeds}"));
        let misses = |_: &usize| {
            let values: Vec<f64> = (0..seeds).map(|_| 0.3 + NOISE * normal(&mut stream)).collect();
            let found = t_interval(&values, 0.95).expect("enough seeds");
            !(found.lower..=found.upper).contains(&0.3)
        };
        let misses = (0..trials).filter(misses).count();
        hold(&format!("interval of a mean, {seeds} seeds"), misses, trials);
        assert!(misses as f64 / trials as f64 >= 0.05 - 3.0 * standard_error(trials), "{misses} of {trials}");
    }
}

/// The interval of a bump covers the smaller of its true rise and drop, also where both are equal.
fn bumps(trials: usize) {
    for seeds in SEEDS {
        for (rise, drop) in [(0.05, 0.05), (0.05, 0.02), (0.0, 0.0)] {
            let mut stream = draws(&format!("bump interval {seeds} {rise} {drop}"));
            let misses = |_: &usize| {
                let mut errors = |mean: f64| (0..seeds).map(|_| mean + NOISE * normal(&mut stream)).collect::<Vec<_>>();
                let contrasts = BumpContrasts::new(&errors(0.4 - rise), &errors(0.4), &errors(0.4 - drop));
                let found = bump_evidence(&contrasts.expect("one length"), None).expect("enough seeds");
                !(found.lower..=found.upper).contains(&f64::min(rise, drop))
            };
            let misses = (0..trials).filter(misses).count();
            hold(&format!("bump of {rise} and {drop}, {seeds} seeds"), misses, trials);
        }
    }
}

/// How often the intervals with and without the image component miss the true difference over all possible images. Half
/// of the images get much worse at the peak and the others hardly change, so that the draw of images matters.
fn misses_over_images(seeds: usize, images: usize, trials: usize) -> [usize; 2] {
    let mut stream = draws(&format!("images {seeds} {images}"));
    let mut misses = [0, 0];
    for _ in 0..trials {
        let hurt: Vec<bool> = (0..images).map(|_| stream.random_bool(0.5)).collect();
        let seed = |_| {
            let shift = 0.03 * normal(&mut stream);
            let rate = |hurt: bool| (if hurt { 0.4 } else { 0.1 } + shift).clamp(0.0, 1.0);
            hurt.iter().map(|&hurt| f64::from(u8::from(stream.random_bool(rate(hurt))))).collect::<Vec<f64>>()
        };
        let rows: Vec<Vec<f64>> = (0..seeds).map(seed).collect();
        let means: Vec<f64> = rows.iter().map(|row| row.iter().sum::<f64>() / images as f64).collect();
        let found = [t_interval_over_images(&rows, 0.95), t_interval(&means, 0.95)];
        for (misses, interval) in misses.iter_mut().zip(found) {
            let interval = interval.expect("enough seeds");
            *misses += usize::from(!(interval.lower..=interval.upper).contains(&0.25));
        }
    }
    misses
}

fn images(trials: usize) {
    for seeds in SEEDS {
        let [with, without] = misses_over_images(seeds, 200, trials);
        hold(&format!("interval over images, {seeds} seeds"), with, trials);
        let rate = without as f64 / trials as f64;
        assert!(
            rate > 0.08,
            "without the image component the interval misses {rate:.3}: this simulation tests nothing"
        );
    }
}

#[test]
fn intervals_cover() {
    means(2000);
    bumps(500);
    images(500);
}

#[test]
#[ignore = "long"]
fn intervals_cover_long() {
    means(20_000);
    bumps(20_000);
    images(10_000);
}
