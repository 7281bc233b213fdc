//! Values that are a number or a word.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A device, as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(in crate::spec) struct Device(pub(in crate::spec) String);

/// A number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::spec) enum Threads {
    /// So many.
    Count(#[schemars(range(min = 1, max = 1024))] u64),
    /// As the environment has it.
    Word(Auto),
}

/// A count of layers or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::spec) enum LayersOrAll {
    /// So many.
    Count(u64),
    /// All.
    Word(All),
}

/// A count of epochs or the word for a logarithmic schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::spec) enum CountOrLog {
    /// Every so many.
    Every(#[schemars(range(min = 1, max = 1_000_000_000))] u64),
    /// Log-spaced.
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
