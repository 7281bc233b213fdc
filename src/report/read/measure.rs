//! The measures of a run: per epoch, and one number per run.

use crate::spec::ClaimedWeights;

/// A column of `metrics.csv` that a report draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Measure {
    Test,
    Train,
    TrainClean,
    TrainCorrupted,
    CorruptedTrue,
    TestAveraged,
    TrainAveraged,
    Validation,
}

impl Measure {
    pub(in crate::report) const ALL: [Self; 8] = [
        Self::Test,
        Self::Train,
        Self::TrainClean,
        Self::TrainCorrupted,
        Self::CorruptedTrue,
        Self::TestAveraged,
        Self::TrainAveraged,
        Self::Validation,
    ];

    /// Its name in `metrics.csv`.
    pub(in crate::report) fn column(self) -> &'static str {
        match self {
            Self::Test => "test_error",
            Self::Train => "train_error",
            Self::TrainClean => "train_error_clean",
            Self::TrainCorrupted => "train_error_corrupted",
            Self::CorruptedTrue => "corrupted_true_error",
            Self::TestAveraged => "test_error_averaged",
            Self::TrainAveraged => "train_error_averaged",
            Self::Validation => "validation_error",
        }
    }

    /// In a legend.
    pub(in crate::report) fn title(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Train => "train",
            Self::TrainClean => "train, true labels",
            Self::TrainCorrupted => "train, wrong labels",
            Self::CorruptedTrue => "wrong labels, not predicted as the true class",
            Self::TestAveraged => "test, averaged weights",
            Self::TrainAveraged => "train, averaged weights",
            Self::Validation => "validation",
        }
    }
}

/// One number of a whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum RunMeasure {
    Last,
    ValidationSelected,
    OracleMin,
    LastTrain,
    LastAveraged,
    Annealed,
    Refitted,
}

impl RunMeasure {
    pub(in crate::report) const ALL: [Self; 7] = [
        Self::Last,
        Self::ValidationSelected,
        Self::OracleMin,
        Self::LastTrain,
        Self::LastAveraged,
        Self::Annealed,
        Self::Refitted,
    ];

    /// Its name in a table's header.
    pub(in crate::report) fn column(self) -> &'static str {
        match self {
            Self::Last => "last_test_error",
            Self::ValidationSelected => "validation_selected_test_error",
            Self::OracleMin => "oracle_min_test_error",
            Self::LastTrain => "last_train_error",
            Self::LastAveraged => "last_test_error_averaged",
            Self::Annealed => "anneal_test_error",
            Self::Refitted => "refit_test_error",
        }
    }

    /// In a legend.
    pub(in crate::report) fn title(self) -> &'static str {
        match self {
            Self::Last => "last five epochs",
            Self::ValidationSelected => "validation-selected",
            Self::OracleMin => "oracle minimum",
            Self::LastTrain => "train",
            Self::LastAveraged => "averaged weights",
            Self::Annealed => "annealed",
            Self::Refitted => "refitted head",
        }
    }
}

/// The weights or examples for which errors are measured. Contrasts can be measured in each view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum View {
    /// The trained weights, on test examples.
    Raw,
    /// Averaged weights.
    Averaged,
    /// The end of the anneal branch of an epoch.
    Annealed,
    /// A head refitted to an epoch's features, without a penalty.
    Refitted,
    /// At the end of training the epoch selected by validation; per epoch the validation error.
    Validation,
}

impl From<ClaimedWeights> for View {
    fn from(weights: ClaimedWeights) -> Self {
        match weights {
            ClaimedWeights::Raw => Self::Raw,
            ClaimedWeights::Averaged => Self::Averaged,
        }
    }
}

impl View {
    /// The weights, as the beginning of a statement about their errors.
    pub(in crate::report) fn prefix(self) -> &'static str {
        match self {
            Self::Averaged => "with averaged weights, ",
            _ => "",
        }
    }

    /// The measure of a whole run in this view.
    pub(in crate::report) fn outcome(self) -> RunMeasure {
        match self {
            Self::Raw => RunMeasure::Last,
            Self::Averaged => RunMeasure::LastAveraged,
            Self::Annealed => RunMeasure::Annealed,
            Self::Refitted => RunMeasure::Refitted,
            Self::Validation => RunMeasure::ValidationSelected,
        }
    }
}
