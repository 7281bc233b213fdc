//! The part of `similarity.json` that a figure shows.

use serde::Deserialize;

use crate::rundir::RunDirectory;

/// The results of `freezewise similarity` for a run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::report) struct SimilarityFacts {
    pub(in crate::report) source: NamedTask,
    pub(in crate::report) after: SourceMeasures,
    pub(in crate::report) layers: Vec<LayerCka>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::report) struct NamedTask {
    pub(in crate::report) name: String,
}

/// Measured on the trained source's features.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::report) struct SourceMeasures {
    pub(in crate::report) frechet: Option<FrechetShare>,
    pub(in crate::report) leep: Option<f64>,
}

/// A Fréchet distance.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::report) struct FrechetShare {
    /// As a fraction of the features' variance.
    pub(in crate::report) relative: f64,
}

/// Centred kernel alignment of one layer's features between the trained source and other networks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::report) struct LayerCka {
    pub(in crate::report) layer: String,
    /// The network before pretraining.
    pub(in crate::report) fresh: Option<Alignment>,
    /// The fine-tuned network, if the run is finished.
    pub(in crate::report) fine_tuned: Option<Alignment>,
}

/// Without the bias of a small number of images.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(in crate::report) struct Alignment {
    pub(in crate::report) debiased: f64,
}

impl SimilarityFacts {
    /// Reads the file in a run's directory, if it exists and is valid.
    pub(in crate::report) fn read(directory: &RunDirectory) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(directory.similarity()).ok()?).ok()
    }
}
