//! Values that are a number or a keyword.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A device name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(in crate::spec) struct Device(pub(in crate::spec) String);

/// A number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::spec) enum Threads {
    /// This many.
    Count(#[schemars(range(min = 1, max = 1024))] u64),
    /// The number allotted by the environment.
    Word(Auto),
}

/// A number of layers, or `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::spec) enum LayersOrAll {
    /// This many.
    Count(u64),
    /// All layers.
    Word(All),
}

/// A number of epochs, or `log`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::spec) enum CountOrLog {
    /// Every N epochs.
    Every(#[schemars(range(min = 1, max = 1_000_000_000))] u64),
    /// Log-spaced epochs.
    Word(Log),
}

macro_rules! word {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub(in crate::spec) enum $name {
            /// The word.
            #[default]
            $name,
        }
    };
}
word!(
    /// `auto`.
    Auto
);
word!(
    /// `all`.
    All
);
word!(
    /// `log`.
    Log
);

impl Default for Device {
    fn default() -> Self {
        Self("auto".into())
    }
}

impl Default for Threads {
    fn default() -> Self {
        Self::Word(Auto::Auto)
    }
}

impl Default for LayersOrAll {
    fn default() -> Self {
        Self::Count(0)
    }
}

impl Default for CountOrLog {
    fn default() -> Self {
        Self::Every(1)
    }
}
