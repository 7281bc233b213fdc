//! Paints the images of the synthetic task, each from its index.
//!
//! There are sixteen parts, small coloured textures that a network has to learn to recognise, and a class is a set of
//! three of them. An image shows the parts of its class at random places and strengths, and one other part, on a
//! cluttered and noisy background. The target has its own classes; its parts blend those of the source with private
//! ones: `s · shared + √(1 − s²) · private`, so that s is the correlation between the tasks' parts, from 0 to 1. Early
//! layers, which detect parts, therefore transfer as far as the parts are similar; later layers, which combine them, do
//! not.

use std::f64::consts::TAU;
use std::sync::Arc;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_distr::{Distribution, StandardNormal};

use crate::blueprint::ImageShape;
use crate::seed::{Purpose, Stream, named_stream};
use crate::spec::Side;

/// Shape of its images.
pub(super) const SHAPE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };
const PARTS: usize = 16;
const PARTS_OF_A_CLASS: usize = 3;
const DISTRACTORS: usize = 1;
/// Side of a part, in pixels.
const PART: usize = 11;
/// Standard deviation of the round window under which a part fades out, in pixels.
const WINDOW: f64 = 3.0;
/// Standard deviation of background clutter and of pixel noise, and strength of a part, relative to the full range.
const CLUTTER: f64 = 0.05;
const NOISE: f64 = 0.05;
const STRENGTH: f64 = 0.34;
/// Fixed: seeds choose examples, not other parts or classes.
const WORLD: u64 = 2211;

/// Training or test images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SplitKind {
    Train,
    Test,
}

/// Generates the images of a split, each from its index.
pub(super) struct SyntheticPainter {
    pub(super) generator: Arc<Generator>,
    pub(super) kind: SplitKind,
}

impl SyntheticPainter {
    /// Generates an image, channel by channel.
    pub(super) fn paint(&self, index: usize, pixels: &mut [u8]) {
        let mut stream = self.generator.stream(&format!("{:?} {index}", self.kind));
        let label = stream.random_range(0..self.generator.classes.len());
        let image = self.generator.image(label, &mut stream);
        let level = |value: &f64| ((value + 0.5) * 255.0).round().clamp(0.0, 255.0) as u8;
        pixels.iter_mut().zip(&image).for_each(|(pixel, value)| *pixel = level(value));
    }
}

/// A coloured texture, `[channels, PART, PART]`, with mean square 1 under its window.
type Texture = Vec<f64>;

/// Generates the images of one task.
pub(super) struct Generator {
    side: Side,
    parts: Vec<Texture>,
    classes: Vec<[usize; PARTS_OF_A_CLASS]>,
}

impl Generator {
    pub(super) fn new(classes: usize, latent_similarity: f64, side: Side) -> Self {
        let other = (1.0 - latent_similarity * latent_similarity).sqrt();
        let blend = |(shared, private): (Texture, Texture)| {
            shared.iter().zip(&private).map(|(shared, private)| latent_similarity * shared + other * private).collect()
        };
        let parts = bank("shared").into_iter().zip(bank("private")).map(blend).collect();
        Self { side, parts, classes: class_parts(classes, side) }
    }

    /// The class of an image.
    pub(super) fn label(&self, split: SplitKind, index: usize) -> u16 {
        self.stream(&format!("{split:?} {index}")).random_range(0..self.classes.len()) as u16
    }

    fn stream(&self, name: &str) -> Stream {
        named_stream(WORLD, Purpose::Synthetic, &format!("{:?} {name}", self.side))
    }

    /// One image, with values in ± half a range around 0.
    fn image(&self, label: usize, stream: &mut Stream) -> Vec<f64> {
        let mut image = ground(stream);
        let own = self.classes[label];
        let mut others: Vec<usize> = (0..PARTS).filter(|part| !own.contains(part)).collect();
        others.shuffle(stream);
        for &part in own.iter().chain(&others[..DISTRACTORS]) {
            let strength = STRENGTH * stream.random_range(0.6..1.4);
            let [top, left] = [SHAPE.height, SHAPE.width].map(|side| stream.random_range(0..=side - PART));
            for (at, value) in self.parts[part].iter().enumerate() {
                let (channel, row, column) = (at / (PART * PART), at / PART % PART, at % PART);
                image[(channel * SHAPE.height + top + row) * SHAPE.width + left + column] += strength * value;
            }
        }
        for value in &mut image {
            *value += NOISE * normal(stream);
        }
        image
    }
}

/// A slowly varying coloured background: a few random waves in each channel.
fn ground(stream: &mut Stream) -> Vec<f64> {
    const WAVES: usize = 3;
    let mut image = vec![0.0; SHAPE.elements()];
    for plane in image.chunks_exact_mut(SHAPE.height * SHAPE.width) {
        plane.fill(CLUTTER * normal(stream));
        for _ in 0..WAVES {
            let [down, right] = [(); 2].map(|()| stream.random_range(-2.0..2.0) * TAU / SHAPE.width as f64);
            let (phase, size) = (stream.random_range(0.0..TAU), CLUTTER * normal(stream));
            add_wave(plane, [down, right, phase], size);
        }
    }
    image
}

/// Adds `size` times the sine of `down` × row + `right` × column + `phase`. Uses the angle sum identity: one sine per
/// row and column takes a tenth of the time of one per pixel.
fn add_wave(plane: &mut [f64], [down, right, phase]: [f64; 3], size: f64) {
    let columns: Vec<(f64, f64)> = (0..SHAPE.width).map(|column| (right * column as f64 + phase).sin_cos()).collect();
    for (row, values) in plane.chunks_exact_mut(SHAPE.width).enumerate() {
        let (row_sine, row_cosine) = (down * row as f64).sin_cos();
        for (value, (sine, cosine)) in values.iter_mut().zip(&columns) {
            *value += size * (row_sine * cosine + row_cosine * sine);
        }
    }
}

/// Sixteen parts: waves of random direction, length and colour under a round window. There are enough waves that a part
/// is close to a Gaussian field, and a blend of two parts looks like any other part.
fn bank(name: &str) -> Vec<Texture> {
    let draw = |index: usize| {
        let mut stream = named_stream(WORLD, Purpose::Synthetic, &format!("part {name} {index}"));
        let waves: Vec<([f64; 3], [f64; 3])> = (0..8)
            .map(|_| {
                let (angle, length) = (stream.random_range(0.0..TAU), stream.random_range(5.0..11.0));
                let wave = [TAU / length * angle.cos(), TAU / length * angle.sin(), stream.random_range(0.0..TAU)];
                (wave, [(); 3].map(|()| normal(&mut stream)))
            })
            .collect();
        let value = |at: usize| {
            let (channel, row, column) = (at / (PART * PART), at / PART % PART, at % PART);
            let [down, right] = [row, column].map(|place| place as f64 - (PART / 2) as f64);
            let window = (-(down * down + right * right) / (2.0 * WINDOW * WINDOW)).exp();
            let sum: f64 = waves
                .iter()
                .map(|(wave, colour)| colour[channel] * (wave[0] * down + wave[1] * right + wave[2]).sin())
                .sum();
            window * sum
        };
        let part: Texture = (0..SHAPE.channels * PART * PART).map(value).collect();
        let square: f64 = part.iter().map(|value| value * value).sum();
        // Scaled to the energy of the window, so that all parts are equally visible.
        let energy = (3.0 * TAU / 2.0 * WINDOW * WINDOW / square).sqrt();
        part.iter().map(|value| value * energy).collect()
    };
    (0..PARTS).map(draw).collect()
}

/// The parts of each class: distinct sets, drawn separately for source and target.
fn class_parts(classes: usize, side: Side) -> Vec<[usize; PARTS_OF_A_CLASS]> {
    let mut stream = named_stream(WORLD, Purpose::Synthetic, &format!("classes {side:?}"));
    let mut sets: Vec<[usize; PARTS_OF_A_CLASS]> = Vec::new();
    for first in 0..PARTS {
        for second in first + 1..PARTS {
            sets.extend((second + 1..PARTS).map(|third| [first, second, third]));
        }
    }
    sets.shuffle(&mut stream);
    sets.truncate(classes);
    sets
}

fn normal(stream: &mut Stream) -> f64 {
    StandardNormal.sample(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_the_requested_similarity() {
        let correlation = |one: &[f64], other: &[f64]| {
            let dot = |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(one, other)| one * other).sum::<f64>();
            dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
        };
        let source = Generator::new(10, 1.0, Side::Source);
        for similarity in [0.0, 0.5, 0.9, 1.0] {
            let target = Generator::new(10, similarity, Side::Target);
            let pairs = source.parts.iter().zip(&target.parts);
            let mean = pairs.map(|(one, other)| correlation(one, other)).sum::<f64>() / PARTS as f64;
            assert!((mean - similarity).abs() < 0.12, "{similarity} gave {mean}");
        }
    }

    #[test]
    fn classes_are_different_sets_of_parts() {
        let sets = class_parts(100, Side::Target);
        assert_eq!(sets.len(), 100);
        assert!((1..100).all(|index| !sets[..index].contains(&sets[index])));
        assert_ne!(class_parts(10, Side::Source), class_parts(10, Side::Target));
    }
}
