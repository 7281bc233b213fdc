//! What is transferred from source to target, and what stays frozen; the `transfer` table resolved.

use super::frozen;
use super::report::ProblemReport;
use super::transfer_choices::{FrozenNorm, UnfrozenInit};
use super::written::Written;
use crate::blueprint::{Blueprint, FrozenSet, Granularity};

/// What is transferred from source to target, and what stays frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// What counts as one layer.
    pub granularity: Granularity,
    /// The frozen layers; k is their number.
    pub frozen: FrozenSet,
    /// Batch norm statistics of frozen layers.
    pub frozen_norm: FrozenNorm,
    /// Initial weights of layers that are not frozen.
    pub unfrozen_init: UnfrozenInit,
}

impl Transfer {
    /// Whether layer `layer` of `freezable` is transferred from the source. The head never is.
    pub fn copies(&self, layer: usize, freezable: usize) -> bool {
        layer < freezable && (self.frozen.has(layer) || self.unfrozen_init == UnfrozenInit::Source)
    }
}

/// Resolves the table; a network whose sizes are inconsistent has no blueprint.
pub(super) fn transfer(spec: &Written, blueprint: Option<&Blueprint>, report: &mut ProblemReport<'_>) -> Transfer {
    let frozen = match blueprint {
        Some(blueprint) => frozen::frozen(&spec.transfer, blueprint, report),
        None => FrozenSet::first(0, 0),
    };
    let filled = "`defaults::fill` has set it";
    let frozen_norm = spec.transfer.frozen_norm.expect(filled);
    let unfrozen_init = spec.transfer.unfrozen_init.expect(filled);
    if spec.source.is_none() {
        for (key, taken) in [
            ("frozen_norm", frozen_norm == FrozenNorm::Source),
            ("unfrozen_init", unfrozen_init == UnfrozenInit::Source),
        ] {
            if taken {
                report.add(
                    &format!("transfer.{key}"),
                    format!("`{key} = \"source\"`, but the spec has no source"),
                    "add a `[source]` table, or remove the key",
                );
            }
        }
    }
    Transfer { granularity: spec.transfer.granularity, frozen, frozen_norm, unfrozen_init }
}
