//! Compares augmentation with its definition, pixel by pixel, and checks the distribution of its draws.

use tch::{Device, Kind, Tensor};

use crate::blueprint::ImageShape;
use crate::data::{Images, Normalisation};
use crate::seed::{Purpose, stream};
use crate::spec::{Augmentation, Fill, MemoryFormat};
use crate::train::data::augment::{BatchDraws, CropIndices, EpochDraws};
use crate::train::data::device_split::DeviceSplit;

const NONE: Augmentation =
    Augmentation { crop_padding: 0, crop_fill: Fill::Zero, flip: false, resized_area: None, jitter: 0.0, cutout: 0 };

const LAYOUT: MemoryFormat = MemoryFormat::ChannelsFirst;

/// Two images of two or three channels with distinct pixels; the network's input is the pixel value itself.
fn device_split(channels: usize) -> DeviceSplit {
    let shape = ImageShape { channels, height: 3, width: 3 };
    let images = Images { shape, pixels: (0..18 * channels as u8).map(|at| 4 * at).collect(), labels: vec![0, 1] };
    let plain = Normalisation { mean: vec![0.0; channels], deviation: vec![1.0 / 255.0; channels] };
    DeviceSplit::clean(images, &plain, Device::Cpu, Kind::Double).expect("it fits")
}

fn batch(places: &[[i64; 3]], shares: &[[f64; 3]], augmentation: Augmentation) -> BatchDraws {
    let shares =
        if shares.is_empty() { Tensor::zeros([0, 3], (Kind::Float, Device::Cpu)) } else { Tensor::from_slice2(shares) };
    let shape = ImageShape { channels: 1, height: 3, width: 3 };
    BatchDraws {
        places: Tensor::from_slice2(places),
        shares,
        frame: CropIndices::new(augmentation, shape, Device::Cpu),
    }
}

fn value(tensor: &Tensor, image: usize, channel: i64, row: i64, column: i64) -> f64 {
    tensor.double_value(&[image as i64, channel, row, column])
}

/// A pixel, which must be an integer.
fn pixel(tensor: &Tensor, image: usize, channel: i64, row: i64, column: i64) -> i64 {
    let value = value(tensor, image, channel, row, column);
    assert!((value - value.round()).abs() < 1e-6, "{value} is not an integer");
    value.round() as i64
}

#[test]
fn crops_are_padded_and_mirrored_when_drawn() {
    let data = device_split(2);
    let (order, tops, lefts, flips) = ([1i64, 0, 1], [0i64, 2, 1], [2i64, 0, 1], [0i64, 1, 1]);
    for crop_fill in [Fill::Zero, Fill::Reflect] {
        let augmentation = Augmentation { crop_padding: 1, crop_fill, flip: true, ..NONE };
        let found = data.augmented(
            &Tensor::from_slice(&order),
            &batch(&[tops, lefts, flips], &[], augmentation),
            augmentation,
            LAYOUT,
        );
        assert_eq!(found.size(), [3, 2, 3, 3]);
        for (position, &image) in order.iter().enumerate() {
            for (channel, row, column) in (0..18i64).map(|at| (at / 9, at / 3 % 3, at % 3)) {
                let from = if flips[position] == 1 { 2 - column } else { column };
                let (y, x) = (row + tops[position] - 1, from + lefts[position] - 1);
                let mirrored = |place: i64| {
                    if place < 0 {
                        -place
                    } else if place > 2 {
                        4 - place
                    } else {
                        place
                    }
                };
                let inside = (0..3).contains(&y) && (0..3).contains(&x);
                let expected = match crop_fill {
                    Fill::Zero if !inside => 0,
                    _ => 4 * (image * 18 + channel * 9 + mirrored(y) * 3 + mirrored(x)),
                };
                assert_eq!(pixel(&found, position, channel, row, column), expected, "{crop_fill:?}");
            }
        }
    }
}

#[test]
fn cutout_squares_become_the_mean() {
    let data = device_split(2);
    let augmentation = Augmentation { cutout: 2, ..NONE };
    let zero = [0; 3];
    let draws = batch(&[zero, zero, zero, [0, 1, 2], [0, 1, 2]], &[], augmentation);
    let found = data.augmented(&Tensor::from_slice(&[1i64, 1, 1]), &draws, augmentation, LAYOUT);
    for (position, centre) in [0i64, 1, 2].into_iter().enumerate() {
        for (row, column) in (0..9i64).map(|at| (at / 3, at % 3)) {
            let square = centre - 1..centre + 1;
            let blank = square.contains(&row) && square.contains(&column);
            let expected = if blank { 0 } else { 4 * (18 + row * 3 + column) };
            assert_eq!(pixel(&found, position, 0, row, column), expected, "{position} {row} {column}");
        }
    }
}

#[test]
fn resized_crops_cover_the_whole_image() {
    let data = device_split(2);
    let augmentation = Augmentation { resized_area: Some(0.1), flip: true, ..NONE };
    let zero = [0; 3];
    // The whole image; the whole image mirrored; the lower right quarter of the image.
    let draws = batch(
        &[zero, zero, [0, 1, 0]],
        &[[0.0, 0.0, 0.5], [0.0, 0.0, 0.5], [1.0, 1.0, 0.5], [1.0, 1.0, 0.5]],
        augmentation,
    );
    let found = data.augmented(&Tensor::from_slice(&[0i64, 0, 0]), &draws, augmentation, LAYOUT);
    for (row, column) in (0..9i64).map(|at| (at / 3, at % 3)) {
        let own = |row: i64, column: i64| (4 * (row * 3 + column)) as f64;
        assert!((value(&found, 0, 0, row, column) - own(row, column)).abs() < 1e-4);
        assert!((value(&found, 1, 0, row, column) - own(row, 2 - column)).abs() < 1e-4);
        // The centres of the box's pixels are at 1.5 + (i + ½)/2 − ½ in the image, clamped to the last pixel.
        let at = |place: i64| (1.25 + 0.5 * place as f64).min(2.0);
        let expected = 4.0 * (3.0 * at(row) + at(column));
        assert!((value(&found, 2, 0, row, column) - expected).abs() < 1e-4, "{row} {column}");
    }
}

#[test]
fn colours_change_as_defined() {
    let data = device_split(3);
    let augmentation = Augmentation { jitter: 0.4, ..NONE };
    let zero = [0; 3];
    let factors = [[1.3, 1.0, 0.7], [1.0, 0.6, 1.4], [1.0, 1.2, 0.8]];
    let found = data.augmented(
        &Tensor::from_slice(&[0i64, 1, 1]),
        &batch(&[zero; 3], &factors, augmentation),
        augmentation,
        LAYOUT,
    );
    for (position, image) in [0usize, 1, 1].into_iter().enumerate() {
        let mut pixels: Vec<[f64; 3]> =
            (0..9).map(|at| [0, 1, 2].map(|channel| (4 * (27 * image + 9 * channel + at)) as f64)).collect();
        let luma = |pixel: &[f64; 3]| 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
        let held = |value: f64| value.clamp(0.0, 255.0);
        let [brightness, contrast, saturation] = factors.map(|row| row[position]);
        for pixel in &mut pixels {
            *pixel = pixel.map(|value| held(value * brightness));
        }
        let mean = pixels.iter().map(luma).sum::<f64>() / 9.0;
        for pixel in &mut pixels {
            *pixel = pixel.map(|value| held(mean + (value - mean) * contrast));
        }
        for (at, pixel) in pixels.iter().enumerate() {
            let grey = luma(pixel);
            for (channel, value) in pixel.iter().enumerate() {
                let expected = held(grey + (value - grey) * saturation);
                let given = found.double_value(&[position as i64, channel as i64, at as i64 / 3, at as i64 % 3]);
                assert!((given - expected).abs() < 1e-4, "{given} for {expected}");
            }
        }
    }
}

#[test]
fn draws_are_in_bounds_and_depend_on_the_epoch() {
    let data = device_split(3);
    let all = Augmentation { flip: true, resized_area: Some(0.25), jitter: 0.4, cutout: 2, ..NONE };
    let draw = |epoch| {
        let plan = EpochDraws::draw(all, (data.shape(), data.device()), 500, &mut stream(3, Purpose::Augment, epoch))
            .expect("much is done");
        plan.batch(Tensor::shallow_clone)
    };
    let BatchDraws { places, shares, .. } = draw(1);
    assert_eq!((places.size(), shares.size()), (vec![5, 500], vec![7, 500]));
    let rows: Vec<Vec<f64>> =
        (0..7).map(|row| Vec::try_from(shares.select(0, row).to_kind(Kind::Double)).expect("a row")).collect();
    let at = |row: usize, at: usize| rows[row][at];
    for example in 0..500 {
        let [top, left, height, width] = [0, 1, 2, 3].map(|row| at(row, example));
        assert!(top >= 0.0 && left >= 0.0 && top + height <= 1.0 + 1e-6 && left + width <= 1.0 + 1e-6);
        assert!(height * width >= 0.25 * 0.86 && height <= 1.0 && width <= 1.0, "{height} by {width}");
        assert!((4..7).all(|row| (0.6 - 1e-6..=1.4 + 1e-6).contains(&at(row, example))));
    }
    assert_eq!(draw(1).shares, shares);
    assert_ne!(draw(2).shares, shares);
    // Adding augmentations to the list does not change the draws of the others.
    let less = Augmentation { flip: true, ..NONE };
    let plan = EpochDraws::draw(less, (data.shape(), data.device()), 500, &mut stream(3, Purpose::Augment, 1))
        .expect("they are mirrored");
    assert_eq!(plan.batch(Tensor::shallow_clone).places.narrow(0, 0, 3), places.narrow(0, 0, 3));
}
