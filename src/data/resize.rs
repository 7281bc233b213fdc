//! Images made smaller by area: each new pixel is the mean of the area that it covers, fractions of pixels counted.

use super::Images;
use crate::blueprint::ImageShape;

/// The images in another shape, with as many channels and no larger.
pub(super) fn reduce(images: Images, shape: ImageShape) -> Images {
    if images.shape == shape {
        return images;
    }
    let (rows, columns) = (Areas::new(images.shape.height, shape.height), Areas::new(images.shape.width, shape.width));
    let source_plane = images.shape.height * images.shape.width;
    let mut pixels = Vec::with_capacity(images.count() * shape.elements());
    let mut narrow = vec![0.0; images.shape.height * shape.width];
    for plane in images.pixels.chunks_exact(source_plane) {
        for (row, target) in plane.chunks_exact(images.shape.width).zip(narrow.chunks_exact_mut(shape.width)) {
            for (value, weights) in target.iter_mut().zip(&columns.0) {
                *value = weights.iter().map(|&(column, weight)| f64::from(row[column]) * weight).sum();
            }
        }
        for weights in &rows.0 {
            for column in 0..shape.width {
                let mean: f64 = weights.iter().map(|&(row, weight)| narrow[row * shape.width + column] * weight).sum();
                pixels.push(mean.round().clamp(0.0, 255.0) as u8);
            }
        }
    }
    Images { shape, pixels, labels: images.labels }
}

/// For each new position, which old ones it covers and by how much; the weights of each sum to 1.
struct Areas(Vec<Vec<(usize, f64)>>);

impl Areas {
    fn new(from: usize, to: usize) -> Self {
        let scale = from as f64 / to as f64;
        let cover = |index: usize| {
            let (start, end) = (index as f64 * scale, (index + 1) as f64 * scale);
            (start as usize..from)
                .map(|old| (old, (end.min(old as f64 + 1.0) - start.max(old as f64)) / scale))
                .take_while(|&(_, weight)| weight > 1e-9)
                .collect()
        };
        Self((0..to).map(cover).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(side: usize, pixels: Vec<u8>) -> Images {
        Images { shape: ImageShape { channels: 1, height: side, width: side }, pixels, labels: vec![0] }
    }

    #[test]
    fn halves_are_means_of_four() {
        let reduced = reduce(square(4, (0..16).map(|pixel| pixel * 10).collect()), square(2, vec![]).shape);
        assert_eq!(reduced.pixels, [25, 45, 105, 125]);
    }

    #[test]
    fn fractions_count() {
        // Three pixels into two: the middle one goes half to each.
        let reduced = reduce(square(3, vec![0, 90, 180, 0, 90, 180, 0, 90, 180]), square(2, vec![]).shape);
        assert_eq!(reduced.pixels, [30, 150, 30, 150]);
    }

    #[test]
    fn the_same_shape_is_left_alone() {
        let images = square(2, vec![1, 2, 3, 4]);
        assert_eq!(reduce(images.clone(), images.shape), images);
    }
}
