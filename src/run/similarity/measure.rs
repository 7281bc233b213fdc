//! Computes the measures from features.

use super::facts::{ClassMatching, ClassPair, Frechet, Measures};
use super::features::PooledFeatures;
use crate::analysis::similarity::{
    Gaussian, LeadingAxes, frechet_squared, frechet_table, least_cost_matching, leep, logme,
};

/// Classes are compared on at most this many principal axes: 100 × 10 classes in hundreds of dimensions would take
/// minutes, and a class of a hundred images spans no more.
const CLASS_AXES: usize = 128;

/// How well features and predictions predict the target's labels.
pub(in crate::run) fn transferability(train: &PooledFeatures, classes: usize, head_is_trained: bool) -> Measures {
    Measures {
        frechet: None,
        classes: None,
        leep: head_is_trained.then(|| leep(&train.answers, &train.labels, classes)),
        logme: logme(&train.pooled, &train.labels, classes),
    }
}

/// The distance with source and target as one Gaussian each.
pub(in crate::run) fn frechet(source: &PooledFeatures, target: &PooledFeatures) -> Frechet {
    let (source, target) = (Gaussian::of(&source.pooled), Gaussian::of(&target.pooled));
    let squared = frechet_squared(&source, &target);
    Frechet {
        squared,
        relative: share(squared, variance(&source, &target)),
        features: source.mean.len(),
        shrinkage: [source.shrinkage, target.shrinkage],
    }
}

/// The distances with one Gaussian per class, paired at the lowest total distance.
pub(in crate::run) fn classes(
    source: &PooledFeatures,
    target: &PooledFeatures,
    names: [&[String]; 2],
) -> ClassMatching {
    let axes = LeadingAxes::of(&source.pooled, &target.pooled, CLASS_AXES);
    let sides = [source, target].map(|side| axes.project(&side.pooled));
    let whole = sides.each_ref().map(Gaussian::of);
    let mut fewest_images = usize::MAX;
    let mut of_classes = |side: usize, labels: &[u16]| -> (Vec<usize>, Vec<Gaussian>) {
        let of_class = |class: usize| {
            let features = PooledFeatures::of_class(&sides[side], labels, class as u16);
            // A class without any of the used images is skipped.
            (features.nrows() > 0).then(|| {
                fewest_images = fewest_images.min(features.nrows());
                (class, Gaussian::of(&features))
            })
        };
        (0..names[side].len()).filter_map(of_class).unzip()
    };
    let (source_classes, source_gaussians) = of_classes(0, &source.labels);
    let (target_classes, target_gaussians) = of_classes(1, &target.labels);
    let costs = frechet_table(&source_gaussians, &target_gaussians);
    let pairs: Vec<ClassPair> = least_cost_matching(&costs)
        .into_iter()
        .map(|(row, column)| ClassPair {
            source: names[0][source_classes[row]].clone(),
            target: names[1][target_classes[column]].clone(),
            squared: costs[row][column],
        })
        .collect();
    let mean_squared = pairs.iter().map(|pair| pair.squared).sum::<f64>() / pairs.len() as f64;
    ClassMatching {
        mean_squared,
        relative: share(mean_squared, variance(&whole[0], &whole[1])),
        axes: axes.count(),
        variance_kept: axes.variance_kept,
        fewest_images,
        pairs,
    }
}

fn variance(one: &Gaussian, other: &Gaussian) -> f64 {
    one.covariance.trace() + other.covariance.trace()
}

/// 0 if the whole is 0: features without variance have no distance either.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
