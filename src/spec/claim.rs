//! A claim about the runs of a sweep, from the `[report]` table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A claim about the runs of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// What it claims.
    pub statement: Statement,
    /// The runs it is about, as values of dotted keys; empty for all runs.
    pub setting: BTreeMap<String, String>,
    /// The weights whose errors it is about. Absent from the hash where they are the raw ones, as in older records.
    #[serde(skip_serializing_if = "ClaimedWeights::are_raw")]
    pub weights: ClaimedWeights,
}

/// The weights whose errors a claim is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimedWeights {
    /// The trained weights.
    #[default]
    Raw,
    /// Their exponential average.
    Averaged,
}

impl ClaimedWeights {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn are_raw(&self) -> bool {
        *self == Self::Raw
    }
}

/// What a claim states.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statement {
    /// Test error against frozen layers has a bump: valley, peak, valley.
    FrozenLayers {
        /// First valley, peak and later valley as numbers of frozen layers or `all`, from most to least frozen.
        sites: [String; 3],
        /// Smallest rise and drop that count, as a fraction.
        least_size: f64,
    },
    /// Test error against epochs has a bump: valley, peak, valley.
    Epochs {
        /// Epochs of first valley, peak and later valley.
        sites: [u64; 3],
        /// Smallest rise and drop that count, as a fraction.
        least_size: f64,
    },
    /// With one value of a key the bump of test error is larger than with another.
    LargerBump {
        /// What it is a bump over.
        over: Over,
        /// Dotted key.
        key: String,
        /// Its value in the setting with the smaller bump.
        reference: String,
        /// Its value in the other one.
        larger: String,
        /// First valley, peak and later valley at the reference, and at the other value.
        sites: [[String; 3]; 2],
        /// The least rise and drop of the larger bump, a fraction.
        least_size: f64,
    },
    /// One value of a key delays an event, compared to a reference value.
    Delay {
        /// Dotted key.
        key: String,
        /// Value with the earlier event.
        reference: String,
        /// Value with the later event.
        delayed: String,
        /// The event.
        of: Reached,
        /// The least rise and drop of a bump whose peak counts, a fraction; none where no peak is asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        least_size: Option<f64>,
    },
    /// Which of two values of a key has the lower test error depends on k.
    Order {
        /// Dotted key.
        key: String,
        /// The two values.
        values: [String; 2],
        /// The k at which the first value is better, and the k at which the second is.
        at: [String; 2],
    },
    /// The test errors for two values of a key differ by less than a margin.
    Equivalence {
        /// Dotted key.
        key: String,
        /// The two values.
        values: [String; 2],
        /// The margin, as a fraction.
        margin: f64,
    },
}

/// What a bump is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// Epochs, at one number of frozen layers.
    #[default]
    Epochs,
    /// Frozen layers, at the end of the training.
    FrozenLayers,
}

/// An event in training, dated by its epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    /// Sustained interpolation.
    #[default]
    Interpolation,
    /// The first evaluation that interpolates: later spikes of the optimizer do not move it.
    FirstInterpolation,
    /// The peak of the largest bump in test error.
    Peak,
}
