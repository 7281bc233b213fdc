//! Which epochs of the target are probed.

use std::str::FromStr;

/// Which epochs of the target are probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbedEpochs {
    /// Every epoch whose checkpoint was kept, and the last one of a finished run.
    All,
    /// None: only the source.
    None,
    /// These epochs.
    Listed(Vec<u64>),
}

impl FromStr for ProbedEpochs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => return Ok(Self::All),
            "none" => return Ok(Self::None),
            _ => {}
        }
        let epochs: Result<Vec<u64>, _> = text.split(',').map(|epoch| epoch.trim().parse()).collect();
        let mut epochs = epochs.map_err(|_| "expected `all`, `none` or epochs such as `10,50`".to_owned())?;
        epochs.sort_unstable();
        epochs.dedup();
        Ok(Self::Listed(epochs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_parsed() {
        assert_eq!("all".parse(), Ok(ProbedEpochs::All));
        assert_eq!("none".parse(), Ok(ProbedEpochs::None));
        assert_eq!("50, 10,50".parse(), Ok(ProbedEpochs::Listed(vec![10, 50])));
        for wrong in ["", "ten", "1;2", "1,", "-1"] {
            assert!(wrong.parse::<ProbedEpochs>().is_err(), "{wrong}");
        }
    }
}
