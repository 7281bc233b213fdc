//! The layers frozen by `[transfer]`.

use super::report::ProblemReport;
use super::written;
use crate::blueprint::{Blueprint, FrozenSet};
use crate::text;

/// Resolves the frozen layers of a network.
pub(super) fn frozen(transfer: &written::Transfer, blueprint: &Blueprint, report: &mut ProblemReport<'_>) -> FrozenSet {
    let layers = blueprint.layers.len();
    let count = match transfer.frozen_layers {
        written::LayersOrAll::Count(count) => count as usize,
        written::LayersOrAll::Word(_) => layers,
    };
    if count > layers {
        report.add(
            "transfer.frozen_layers",
            format!("`frozen_layers = {count}`, but this network has {layers} freezable layers"),
            "`freezewise describe` lists them; `\"all\"` freezes everything except the head",
        );
    }
    if transfer.frozen.is_empty() {
        return FrozenSet::first(count, layers);
    }
    if count > 0 {
        let message = "`transfer.frozen` and `transfer.frozen_layers` both choose the frozen layers";
        report.add("transfer.frozen", message, "keep one of them");
    }
    let names: Vec<&str> = blueprint.layers.iter().map(|layer| layer.name.as_str()).collect();
    FrozenSet::matching(&transfer.frozen, &names).unwrap_or_else(|pattern| {
        let last_part = names.iter().copied().find(|name| name.rsplit('.').next() == Some(pattern));
        let hint = match last_part.or_else(|| text::nearest(pattern, names.iter().copied())) {
            _ if pattern == "head" => "the head always trains".to_owned(),
            Some(near) => format!("did you mean `{near}`? `freezewise describe` lists the layers"),
            None => "`freezewise describe` lists the layers; `*` matches any characters".to_owned(),
        };
        report.add("transfer.frozen", format!("`{pattern}` matches no layer of this network"), hint);
        FrozenSet::first(0, layers)
    })
}
