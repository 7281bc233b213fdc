//! The synthetic task: images generated from their index, so that a first run needs no files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;

use super::format::Format;
use super::painter::{Generator, SHAPE, SplitKind, SyntheticPainter};
use super::store::{Fingerprints, Pixels, Store, StoredSplit};
use super::{Access, WantedImages, Watch};
use crate::spec::{Side, SyntheticImages};

const TRAIN_SIZE: usize = 20_000;
const TEST_SIZE: usize = 2_000;

impl Format for SyntheticImages {
    /// Nowhere: it has no files.
    fn find(&self, _: &Path) -> Option<PathBuf> {
        None
    }

    fn read(&self, _: WantedImages, _: Access<'_>, _: Watch<'_>) -> Result<(Store, Option<String>)> {
        Ok((store(self.classes, self.latent_similarity, self.side), None))
    }

    fn state(&self, _: &Path) -> Option<String> {
        None
    }
}

/// The synthetic data set of the source or the target.
pub(super) fn store(classes: usize, latent_similarity: f64, side: Side) -> Store {
    let generator = Arc::new(Generator::new(classes, latent_similarity, side));
    let split = |kind, count| StoredSplit {
        labels: (0..count).map(|index| generator.label(kind, index)).collect(),
        pixels: Pixels::Generated(Box::new(SyntheticPainter { generator: generator.clone(), kind })),
        fingerprints: Fingerprints::None,
    };
    Store {
        shape: SHAPE,
        train: split(SplitKind::Train, TRAIN_SIZE),
        test: split(SplitKind::Test, TEST_SIZE),
        classes: (0..classes).map(|class| format!("class {class}")).collect(),
        validation: 0,
        unused: Vec::new(),
        skipped: Vec::new(),
        place: "generated".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(store: &mut Store, index: usize) -> Vec<u8> {
        let wanted = WantedImages { shape: SHAPE, fit: crate::spec::Fit::Crop };
        store.train.gather(&[index], SHAPE, wanted, 1).expect("it is generated").pixels
    }

    #[test]
    fn images_depend_on_their_index() {
        let (mut one, mut other) = (store(10, 0.5, Side::Target), store(10, 0.5, Side::Target));
        assert_eq!(image(&mut one, 9), image(&mut other, 9));
        assert_ne!(image(&mut one, 9), image(&mut one, 5));
        let mut test = vec![0; SHAPE.elements()];
        let Pixels::Generated(painter) = &one.test.pixels else { panic!("they are generated") };
        painter.paint(9, &mut test);
        assert_ne!(image(&mut one, 9), test);
    }

    #[test]
    fn few_pixels_are_clipped() {
        let mut store = store(10, 0.5, Side::Target);
        let pixels: Vec<u8> = (0..200).flat_map(|index| image(&mut store, index)).collect();
        let cut = pixels.iter().filter(|&&pixel| pixel == 0 || pixel == 255).count();
        assert!((cut as f64) < 0.02 * pixels.len() as f64, "{cut} of {}", pixels.len());
        assert!((0..10).all(|label| store.test.labels.contains(&label)));
    }
}
