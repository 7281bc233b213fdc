//! Augmented training images, converted back to pixels for people to look at.

use anyhow::Result;
use tch::{Device, Kind};

use crate::data::{Images, Normalisation};
use crate::spec::{Seeds, Training};
use crate::train::data::batches::Batches;
use crate::train::data::device_split::DeviceSplit;
use crate::train::data::split_input::SplitInput;

/// The first `count` training images as each of the `epochs` sees them, `[channels, height, width]` each: with the same
/// random draws and normalisation as training with these seeds.
pub fn seen(
    images: Images,
    normalisation: &Normalisation,
    training: &Training,
    seeds: Seeds,
    epochs: &[u64],
    count: usize,
) -> Result<Vec<Vec<Vec<u8>>>> {
    let count = count.min(images.count());
    let split = SplitInput::new(DeviceSplit::clean(images, normalisation, Device::Cpu, Kind::Float)?);
    let epoch = |&epoch: &u64| {
        let batches = Batches::draw(&split, training.batch_size, training.augmentation, seeds, epoch, |_| 0.0);
        let mut seen = vec![Vec::new(); count];
        for index in 0..batches.count() {
            let (taken, order) = batches.images(&split.data, index);
            let taken = split.data.pixels_of(&taken);
            let order = Vec::<i64>::try_from(order)?;
            for (place, image) in order.into_iter().enumerate() {
                if let Some(seen) = seen.get_mut(image as usize) {
                    *seen = Vec::<u8>::try_from(taken.get(place as i64).flatten(0, -1))?;
                }
            }
        }
        Ok(seen)
    };
    epochs.iter().map(epoch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::ImageShape;
    use crate::spec::{Augmentation, Budget, Optimizer};

    fn training(augmentation: Augmentation) -> Training {
        Training {
            augmentation,
            ..Training::plain(
                Budget::Epochs(3),
                4,
                Optimizer::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 },
                0.01,
            )
        }
    }

    #[test]
    fn images_stay_in_order_and_augmentation_depends_on_the_epoch() {
        let shape = ImageShape { channels: 3, height: 2, width: 2 };
        let pixels: Vec<u8> = (0..120).collect();
        let images = Images { shape, pixels: pixels.clone(), labels: vec![0; 10] };
        let seeds = Seeds { initial: 0, subset: 0, noise: 0, order: 0, augment: 0, dropout: 0 };
        let plain = Normalisation { mean: vec![0.5; 3], deviation: vec![0.25; 3] };
        let look = |augmentation, epoch| {
            let epochs = seen(images.clone(), &plain, &training(augmentation), seeds, &[epoch], 7);
            epochs.expect("pixels").remove(0)
        };
        let as_they_are: Vec<Vec<u8>> = pixels.chunks(12).take(7).map(<[u8]>::to_vec).collect();
        assert_eq!(look(Augmentation::default(), 1), as_they_are);
        let flip = Augmentation { flip: true, ..Augmentation::default() };
        let mirrored = |image: &[u8]| image.chunks(2).flat_map(|row| [row[1], row[0]]).collect::<Vec<u8>>();
        let seen = look(flip, 1);
        for (seen, image) in seen.iter().zip(&as_they_are) {
            assert!(*seen == *image || *seen == mirrored(image), "{seen:?} of {image:?}");
        }
        assert!(seen != as_they_are && seen != look(flip, 2), "some of ten images are mirrored");
    }
    #[test]
    fn cutouts_have_the_mean_used_in_training() {
        let shape = ImageShape { channels: 3, height: 4, width: 4 };
        let images = Images { shape, pixels: vec![200; 2 * shape.elements()], labels: vec![0, 1] };
        let seeds = Seeds { initial: 0, subset: 0, noise: 0, order: 0, augment: 0, dropout: 0 };
        let normalisation = Normalisation { mean: vec![0.2, 0.4, 0.6], deviation: vec![0.25; 3] };
        let cutout = training(Augmentation { cutout: 2, ..Augmentation::default() });
        for image in seen(images, &normalisation, &cutout, seeds, &[1], 2).expect("pixels").remove(0) {
            for (plane, mean) in image.chunks(16).zip([51, 102, 153]) {
                assert!(plane.contains(&mean) && plane.contains(&200), "{plane:?}");
                assert!(plane.iter().all(|&pixel| pixel == mean || pixel == 200), "{plane:?}");
            }
        }
    }
}
