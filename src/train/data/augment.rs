//! Random augmentation of training images: drawn on the host for an epoch, applied on the device to a whole batch, in a
//! number of operations that does not depend on the batch size.
//!
//! The order is: crop and flip, or resized crop and flip; colour jitter; normalisation; cutout.

use rand::{Rng, RngExt};
use tch::{Device, Kind, Tensor};

use crate::blueprint::ImageShape;
use crate::native::TrainingPart;
use crate::spec::{Augmentation, Fill};

/// Weights of red, green and blue in luma: ITU-R BT.601.
const LUMA: [f64; 3] = [0.299, 0.587, 0.114];
/// Smallest aspect ratio, width to height, of a resized crop, whose inverse is the largest: Szegedy et al., "Going Deeper
/// with Convolutions" (2015), section 6.
const NARROWEST: f64 = 3.0 / 4.0;

/// `grid_sampler`'s codes for interpolation and padding.
const BILINEAR: i64 = 0;
const BORDER: i64 = 1;

/// The draws of an epoch, one column per example: integers and fractions.
#[derive(Debug)]
pub(in crate::train) struct EpochDraws {
    augmentation: Augmentation,
    /// `[rows, count]`, i64: first row and column of the crop, whether mirrored; row and column of the cutout.
    places: Tensor,
    /// `[rows, count]`: top, left, height and width of the resized crop; brightness, contrast and saturation.
    shares: Tensor,
    frame: CropIndices,
}

/// The draws of one batch.
pub(in crate::train) struct BatchDraws {
    pub(in crate::train) places: Tensor,
    pub(in crate::train) shares: Tensor,
    pub(in crate::train) frame: CropIndices,
}

/// Row and column indices of a crop at offset 0, i64: the same for every batch.
#[derive(Debug)]
pub(in crate::train) struct CropIndices {
    /// `[height]`.
    rows: Tensor,
    /// `[width]`.
    columns: Tensor,
    /// What mirroring adds to the columns, `[width]`.
    mirrored: Tensor,
}

impl CropIndices {
    pub(in crate::train) fn new(augmentation: Augmentation, shape: ImageShape, device: Device) -> Self {
        let padding = augmentation.crop_padding as i64;
        let (height, width) = (shape.height as i64, shape.width as i64);
        let places = |length: i64| Tensor::arange_start(-padding, length - padding, (Kind::Int64, device));
        let mirrored = Tensor::arange_start_step(width - 1, -width, -2, (Kind::Int64, device));
        Self { rows: places(height), columns: places(width), mirrored }
    }

    fn shared(&self) -> Self {
        let [rows, columns, mirrored] = [&self.rows, &self.columns, &self.mirrored].map(Tensor::shallow_clone);
        Self { rows, columns, mirrored }
    }
}

impl EpochDraws {
    /// Draws for `count` examples; `None` without augmentation.
    pub(in crate::train) fn draw(
        augmentation: Augmentation,
        (shape, device): (ImageShape, Device),
        count: usize,
        stream: &mut impl Rng,
    ) -> Option<Self> {
        augmentation.is_some().then(|| {
            let _part = TrainingPart::Augment.begin();
            let mut places: Vec<i64> = Vec::new();
            let mut place = |most: usize| places.extend((0..count).map(|_| stream.random_range(0..=most as i64)));
            let offsets = 2 * augmentation.crop_padding;
            place(offsets);
            place(offsets);
            place(usize::from(augmentation.flip));
            if augmentation.cutout > 0 {
                place(shape.height - 1);
                place(shape.width - 1);
            }
            let rows = shares(augmentation, count, stream);
            let table = |values: &Tensor| values.reshape([-1, count as i64]).to_device(device);
            Self {
                augmentation,
                places: table(&Tensor::from_slice(&places)),
                shares: table(&Tensor::from_slice(&rows)).to_kind(Kind::Float),
                frame: CropIndices::new(augmentation, shape, device),
            }
        })
    }

    /// The draws of a batch, selected by `take` from the columns of the epoch.
    pub(in crate::train) fn batch(&self, take: impl Fn(&Tensor) -> Tensor) -> BatchDraws {
        let _part = TrainingPart::Augment.begin();
        let empty = self.shares.size()[0] == 0;
        BatchDraws {
            places: take(&self.places),
            shares: if empty { self.shares.shallow_clone() } else { take(&self.shares) },
            frame: self.frame.shared(),
        }
    }

    /// Copies the draws of another epoch into this one's memory.
    pub(in crate::train) fn renew(&mut self, next: &Self) {
        let _part = TrainingPart::Augment.begin();
        self.places.copy_(&next.places);
        self.shares.copy_(&next.shares);
    }

    pub(in crate::train) fn augmentation(&self) -> Augmentation {
        self.augmentation
    }
}

/// The rows of `EpochDraws::shares`, concatenated.
fn shares(augmentation: Augmentation, count: usize, stream: &mut impl Rng) -> Vec<f64> {
    let mut rows = Vec::new();
    if let Some(least) = augmentation.resized_area {
        let boxes: Vec<[f64; 4]> = (0..count).map(|_| random_box(least, stream)).collect();
        (0..4).for_each(|side| rows.extend(boxes.iter().map(|drawn| drawn[side])));
    }
    let jitter = augmentation.jitter;
    if jitter > 0.0 {
        rows.extend((0..3 * count).map(|_| stream.random_range(1.0 - jitter..=1.0 + jitter)));
    }
    rows
}

/// A box in fractions of the image: top, left, height, width. Area and aspect ratio are drawn; sides longer than the image
/// are cut to it.
fn random_box(least: f64, stream: &mut impl Rng) -> [f64; 4] {
    let area: f64 = stream.random_range(least..=1.0);
    let widest = -NARROWEST.ln();
    let ratio = stream.random_range(-widest..=widest).exp();
    let (height, width) = ((area / ratio).sqrt().min(1.0), (area * ratio).sqrt().min(1.0));
    [stream.random_range(0.0..=1.0 - height), stream.random_range(0.0..=1.0 - width), height, width]
}

/// The source pixels of a crop: row and column indices within the images, `[batch, length]`, and for black padding a mask
/// of pixels inside the image.
pub(in crate::train) struct Cut {
    pub(in crate::train) rows: Tensor,
    pub(in crate::train) columns: Tensor,
    pub(in crate::train) inside: Option<Tensor>,
}

impl BatchDraws {
    /// The crop of each image, mirrored or not.
    pub(in crate::train) fn cut(&self, augmentation: Augmentation, shape: ImageShape) -> Cut {
        let row = |row: i64| self.places.select(0, row).unsqueeze(1);
        let rows = row(0) + &self.frame.rows;
        let columns = (row(1) + &self.frame.columns).addcmul(&row(2), &self.frame.mirrored);
        if augmentation.crop_padding == 0 {
            return Cut { rows, columns, inside: None };
        }
        let (last_row, last_column) = (shape.height as i64 - 1, shape.width as i64 - 1);
        match augmentation.crop_fill {
            Fill::Reflect => {
                let reflect = |places: &Tensor, last: i64| last - (last - places.abs()).abs();
                Cut { rows: reflect(&rows, last_row), columns: reflect(&columns, last_column), inside: None }
            }
            Fill::Zero => {
                let (held_rows, held_columns) = (rows.clamp(0, last_row), columns.clamp(0, last_column));
                let (row_inside, column_inside) = (rows.eq_tensor(&held_rows), columns.eq_tensor(&held_columns));
                let inside = row_inside.unsqueeze(2).logical_and(&column_inside.unsqueeze(1));
                Cut { rows: held_rows, columns: held_columns, inside: Some(inside) }
            }
        }
    }

    /// The resized crop of each image, mirrored or not, bilinear; `images` are floats.
    pub(in crate::train) fn stretched(&self, images: &Tensor) -> Tensor {
        let size = images.size();
        let (batch, height, width) = (size[0], size[2], size[3]);
        let share = |row: i64| self.shares.select(0, row).unsqueeze(1);
        let centres = |length: i64| (Tensor::arange(length, (Kind::Float, images.device())) + 0.5) / length as f64;
        let flip = self.places.select(0, 2).unsqueeze(1).to_kind(Kind::Float);
        let across = centres(width);
        let across = &flip + (1.0 - &flip * 2.0) * &across;
        // From −1 at the first edge to 1 at the last, as `grid_sampler` expects.
        let rows: Tensor = (share(0) + share(2) * centres(height)) * 2.0 - 1.0;
        let columns: Tensor = (share(1) + share(3) * across) * 2.0 - 1.0;
        let whole = [batch, height, width];
        let grid =
            Tensor::stack(&[columns.unsqueeze(1).expand(whole, false), rows.unsqueeze(2).expand(whole, false)], -1);
        images.grid_sampler(&grid.to_kind(images.kind()), BILINEAR, BORDER, false)
    }

    /// Scales brightness, contrast and saturation, in this order, by a factor each; pixels range from 0 to 255.
    pub(in crate::train) fn jittered(&self, pixels: &Tensor, augmentation: Augmentation) -> Tensor {
        let first = if augmentation.resized_area.is_some() { 4 } else { 0 };
        let factor = |row: i64| self.shares.select(0, first + row).reshape([-1, 1, 1, 1]).to_kind(pixels.kind());
        let blend =
            |pixels: &Tensor, grey: &Tensor, factor: Tensor| (grey + (pixels - grey) * factor).clamp(0.0, 255.0);
        let pixels = (pixels * factor(0)).clamp(0.0, 255.0);
        let mean = luma(&pixels).mean_dim([1i64, 2, 3].as_slice(), true, pixels.kind());
        let pixels = blend(&pixels, &mean, factor(1));
        blend(&pixels, &luma(&pixels), factor(2))
    }

    /// Sets a square around a random pixel of each image to 0, the mean of all pixels: `DeVries` and Taylor, "Improved
    /// Regularization of Convolutional Neural Networks with Cutout" (arXiv 1708.04552).
    pub(in crate::train) fn blanked(&self, input: &Tensor, side: usize) -> Tensor {
        let shape = input.size();
        let beyond = |row: i64, length: i64| {
            let places = Tensor::arange(length, (Kind::Int64, input.device()));
            let from = places - self.places.select(0, row).unsqueeze(1) + (side / 2) as i64;
            from.lt(0).logical_or(&from.ge(side as i64))
        };
        let keep = beyond(3, shape[2]).unsqueeze(2).logical_or(&beyond(4, shape[3]).unsqueeze(1));
        input * keep.unsqueeze(1)
    }
}

/// `[batch, 1, height, width]`.
fn luma(pixels: &Tensor) -> Tensor {
    if pixels.size()[1] != 3 {
        return pixels.shallow_clone();
    }
    // Scalar operands instead of a tensor: a captured step cannot contain an upload.
    let [red, green, blue] = [0, 1, 2].map(|channel| pixels.narrow(1, channel, 1) * LUMA[channel as usize]);
    red + green + blue
}
