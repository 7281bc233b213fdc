//! The figures of a report, for the axes that the runs have. Each is plain data for `figure`, with its numbers as a table.

mod epochs;
mod frozen_layers;
mod heat;
mod plotted;
mod regimes;
mod sizes;
mod thin;

pub(super) use plotted::{Plotted, narrow};

use super::setting::ComparedSettings;

/// Further settings get no figures, so that the page stays small.
const MOST_SETTINGS: usize = 6;

/// All figures, in the order of the page, and a note about those that were not drawn.
pub(super) fn all(settings: &ComparedSettings) -> (Vec<Plotted>, Option<String>) {
    let mut figures = Vec::new();
    figures.extend(sizes::of(settings));
    figures.extend(regimes::of(settings));
    for (index, setting) in settings.all.iter().take(MOST_SETTINGS).enumerate() {
        let id = if settings.all.len() == 1 { String::new() } else { format!("-{}", index + 1) };
        figures.extend(frozen_layers::of(setting, &id));
        figures.extend(epochs::of(setting, &id));
        figures.extend(heat::of(setting, &id));
    }
    let rest = settings.all.len().saturating_sub(MOST_SETTINGS);
    let note = format!("{rest} more settings have no figures here: run `freezewise report` on their directories only");
    (figures, (rest > 0).then_some(note))
}
