//! What a sweep settled for all of its cells, where a spec leaves it to the machine: a machine that cannot keep it
//! refuses, so that no sweep mixes arithmetic under one name.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::UserError;
use crate::native::{self, ChosenDevice};
use crate::spec::{Compute, MemoryFormat, Precision, PrecisionChoice};

/// What holds for every cell of a sweep, whatever machine computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixed {
    /// CPU threads of a cell.
    pub threads: usize,
    /// What `precision = "auto"` is.
    pub precision: Precision,
    /// What `compute.layout = "auto"` is.
    pub layout: MemoryFormat,
}

impl Fixed {
    /// As the program takes it from its parent: `2,bf16,channels_last`.
    pub fn argument(self) -> String {
        format!("{},{},{}", self.threads, self.precision.name(), self.layout.name())
    }

    /// What a spec says, with what it leaves open; an error where this machine cannot keep it.
    pub fn apply(self, compute: &Compute, chosen: &ChosenDevice) -> Result<Compute, UserError> {
        let mut compute = *compute;
        compute.layout.get_or_insert(self.layout);
        if compute.precision == PrecisionChoice::Auto {
            if !native::has_instructions(self.precision, chosen) {
                let name = self.precision.name();
                let message = format!("the sweep computes in {name}, for which {} has no instructions", chosen.name);
                return Err(UserError::new(message)
                    .hint("run it on a machine that has them, as at its first start")
                    .hint("or give it a fixed `precision` and another `name`"));
            }
            compute.precision = PrecisionChoice::Fixed(self.precision);
        }
        Ok(compute)
    }
}

impl FromStr for Fixed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split(',').collect();
        let read = || -> Option<Self> {
            let [threads, precision, layout] = parts.as_slice() else { return None };
            Some(Self {
                threads: threads.parse().ok()?,
                precision: serde_json::from_value((*precision).into()).ok()?,
                layout: serde_json::from_value((*layout).into()).ok()?,
            })
        };
        read().ok_or_else(|| "expected `THREADS,PRECISION,LAYOUT`, such as `1,bf16,channels_last`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_reads_back() {
        let fixed = Fixed { threads: 2, precision: Precision::Bf16, layout: MemoryFormat::ChannelsFirst };
        assert_eq!(fixed.argument(), "2,bf16,channels_first");
        assert_eq!(fixed.argument().parse(), Ok(fixed));
        assert!("2,bf16".parse::<Fixed>().is_err() && "2,bf17,channels_first".parse::<Fixed>().is_err());
    }
}
