//! Settings that depend on the machine and that a sweep fixes for all of its cells. A machine that does not support
//! them refuses, so that no sweep mixes precisions under one name.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::UserError;
use crate::native::{self, ChosenDevice};
use crate::spec::{Compute, MemoryFormat, Precision, PrecisionChoice};

/// Settings of every cell of a sweep, whatever machine runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixed {
    /// CPU threads per cell.
    pub threads: usize,
    /// What `precision = "auto"` resolves to.
    pub precision: Precision,
    /// What `compute.layout = "auto"` resolves to.
    pub layout: MemoryFormat,
}

impl Fixed {
    /// The value of `--fixed`: `2,bf16,channels_last`.
    pub fn argument(self) -> String {
        format!("{},{},{}", self.threads, self.precision.name(), self.layout.name())
    }

    /// Fills in what the spec leaves open; an error if this machine does not support it.
    pub fn apply(self, compute: &Compute, chosen: &ChosenDevice) -> Result<Compute, UserError> {
        let mut compute = *compute;
        compute.layout.get_or_insert(self.layout);
        if compute.precision == PrecisionChoice::Auto {
            if !native::has_instructions(self.precision, chosen) {
                let name = self.precision.name();
                let message = format!("the sweep computes in {name}, which {} does not support", chosen.name);
                return Err(UserError::new(message)
                    .hint("run it on a machine like that of its first start")
                    .hint("or set `precision` and another `name` in the spec"));
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
