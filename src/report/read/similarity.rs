//! `similarity.json` as far as a figure shows it: how alike source and target are.

use serde::Deserialize;

use crate::rundir::RunDirectory;

/// What `freezewise similarity` found for a run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::report) struct SimilarityFacts {
    pub(in crate::report) source: NamedTask,
    pub(in crate::report) after: SourceMeasures,
    pub(in crate::report) layers: Vec<LayerCka>,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::report) struct NamedTask {
    pub(in crate::report) name: String,
}

/// By the trained source's features.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::report) struct SourceMeasures {
    pub(in crate::report) frechet: Option<FrechetShare>,
    pub(in crate::report) leep: Option<f64>,
}

/// A Fréchet distance.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::report) struct FrechetShare {
    /// A share of the features' variance.
    pub(in crate::report) relative: f64,
}

/// Centred kernel alignment of one layer's features, of the trained source and another network.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::report) struct LayerCka {
    pub(in crate::report) layer: String,
    /// With the network before pretraining.
    pub(in crate::report) fresh: Option<Alignment>,
    /// With the fine-tuned network, where the run was finished.
    pub(in crate::report) fine_tuned: Option<Alignment>,
}

/// It, without the bias of few images.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(in crate::report) struct Alignment {
    pub(in crate::report) debiased: f64,
}

impl SimilarityFacts {
    /// What a run's directory has, if it has any that can be understood.
    pub(in crate::report) fn read(directory: &RunDirectory) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(directory.similarity()).ok()?).ok()
    }
}
