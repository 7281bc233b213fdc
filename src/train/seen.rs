//! What training sees of its images, as images again: for people to look at.

use anyhow::Result;
use tch::{Device, Kind};

use super::batches::Batches;
use super::resident::Resident;
use super::split::Split;
use crate::data::{Images, Normalisation};
use crate::spec::{Seeds, Training};

/// The first `count` training images as an epoch takes them, `[channels, height, width]` each: by the same draws, so it
/// is what the training of these seeds does.
pub fn seen_in_epoch(
    images: &Images,
    training: &Training,
    seeds: Seeds,
    epoch: u64,
    count: usize,
) -> Result<Vec<Vec<u8>>> {
    let (shape, augmentation) = (images.shape, training.augmentation);
    // Pixels pass unchanged.
    let plain = Normalisation { mean: vec![0.0; shape.channels], deviation: vec![1.0 / 255.0; shape.channels] };
    let data = Resident::clean(images, &plain, Device::Cpu, Kind::Float);
    let split = Split::new(data);
    let batches = Batches::draw(&split, training.batch_size, augmentation, seeds, epoch, |_| 0.0);
    let mut seen = vec![Vec::new(); count.min(images.count())];
    for index in 0..batches.count() {
        let (taken, order) = batches.images(&split.data, index);
        let order = Vec::<i64>::try_from(order)?;
        for (place, image) in order.into_iter().enumerate() {
            if let Some(seen) = seen.get_mut(image as usize) {
                let pixels = taken.get(place as i64).round().clamp(0.0, 255.0).to_kind(Kind::Uint8);
                *seen = Vec::<u8>::try_from(pixels.contiguous().flatten(0, -1))?;
            }
        }
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::ImageShape;
    use crate::spec::{Augmentation, Budget, Optimizer, Rate, Schedule};

    fn training(augmentation: Augmentation) -> Training {
        Training {
            budget: Budget::Epochs(3),
            batch_size: 4,
            optimizer: Optimizer::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 },
            rate: Rate { base: 0.01, warmup_steps: 0, schedule: Schedule::Constant },
            label_smoothing: 0.0,
            augmentation,
        }
    }

    #[test]
    fn each_image_is_told_from_the_others_whatever_the_order() {
        let shape = ImageShape { channels: 3, height: 2, width: 2 };
        let pixels: Vec<u8> = (0..120).collect();
        let images = Images { shape, pixels: pixels.clone(), labels: vec![0; 10] };
        let seeds = Seeds { initial: 0, subset: 0, noise: 0, order: 0, augment: 0, dropout: 0 };
        let look =
            |augmentation, epoch| seen_in_epoch(&images, &training(augmentation), seeds, epoch, 7).expect("pixels");
        let as_they_are: Vec<Vec<u8>> = pixels.chunks(12).take(7).map(<[u8]>::to_vec).collect();
        assert_eq!(look(Augmentation::default(), 1), as_they_are);
        let flip = Augmentation { flip: true, ..Augmentation::default() };
        let mirrored = |image: &[u8]| image.chunks(2).flat_map(|row| [row[1], row[0]]).collect::<Vec<u8>>();
        let seen = look(flip, 1);
        for (seen, image) in seen.iter().zip(&as_they_are) {
            assert!(*seen == *image || *seen == mirrored(image), "{seen:?} of {image:?}");
        }
        assert!(seen != as_they_are && seen != look(flip, 2), "ten images are not all left as they are");
    }
}
