//! Shared by the tests of phases: small networks of every family, images, and an observer.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use tch::{Device, Kind};

use crate::blueprint::{Architecture, Blueprint, Densenet, Granularity, ImageShape, Pooling, PreactResnet18, Resnet};
use crate::blueprint::{ResnetDepth, Stem, Vit};
use crate::data::{Images, Normalisation};
use crate::train::{DeviceSplit, EpochReport, Observer};

pub(in crate::train) const SHAPE: ImageShape = ImageShape { channels: 3, height: 8, width: 8 };

/// One test at a time: dropout uses libtorch's generator, which all threads of a process share.
pub(in crate::train) fn alone() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Records reports, without their times, and notes.
#[derive(Default)]
pub(in crate::train) struct Listener {
    pub(in crate::train) reports: Vec<EpochReport>,
    pub(in crate::train) notes: Vec<String>,
}

impl Observer for Listener {
    fn step(&mut self, _: u64) {}

    fn note(&mut self, sentence: &str) -> Result<()> {
        self.notes.push(sentence.to_owned());
        Ok(())
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<()> {
        self.reports.push(EpochReport { seconds: 0.0, evaluation_seconds: 0.0, ..report.clone() });
        Ok(())
    }
}

/// A network of each family, for two classes, with sublayers as layers.
pub(in crate::train) fn families() -> Vec<Blueprint> {
    let vit = Vit { patch: 4, width: 8, depth: 2, heads: 2, mlp_width: 8, dropout: 0.5, pooling: Pooling::ClassToken };
    let architectures = [
        Architecture::PreactResnet18(PreactResnet18 { width: 2 }),
        Architecture::Resnet(Resnet { depth: ResnetDepth::Eighteen, width: 2, stem: Stem::Cifar }),
        Architecture::Densenet(Densenet { blocks: vec![2, 1], growth: 2, compression: 0.5, stem: Stem::Cifar }),
        Architecture::Vit(vit),
    ];
    let build = |architecture: &Architecture| Blueprint::new(architecture, Granularity::Sublayer, SHAPE, 2);
    architectures.iter().map(|architecture| build(architecture).expect("it fits")).collect()
}

/// `count` images of two classes.
pub(in crate::train) fn split(count: usize, kind: Kind) -> DeviceSplit {
    let pixels = (0..count * SHAPE.elements()).map(|at| (at * at % 251) as u8).collect();
    let images = Images { shape: SHAPE, pixels, labels: (0..count as u16).map(|label| label % 2).collect() };
    let normalisation = Normalisation { mean: vec![0.5; 3], deviation: vec![0.25; 3] };
    DeviceSplit::clean(images, &normalisation, Device::Cpu, kind).expect("it fits")
}
