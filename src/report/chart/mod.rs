//! The figures of a report, for the axes that the runs have. Each is plain data for `figure`, with its numbers as a table.

mod compared;
mod epochs;
mod heat;
mod layer_places;
mod layers;
mod layers_at_epochs;
mod plotted;
mod regimes;
mod similarity;
mod sizes;
mod thin;

pub(super) use plotted::{Plotted, narrow};

use super::parallel::in_parallel;
use super::setting::{ComparedSettings, Setting};

/// Further settings get no figures, so that the page stays small.
const MOST_SETTINGS: usize = 6;

/// All figures, in the order of the page, and a note about those that were not drawn.
pub(super) fn all(settings: &ComparedSettings) -> (Vec<Plotted>, Option<String>) {
    let mut figures = Vec::new();
    figures.extend(compared::of(settings));
    figures.extend(sizes::of(settings));
    figures.extend(regimes::of(settings));
    figures.extend(similarity::of(settings));
    let drawn: Vec<(usize, &Setting)> = settings.all.iter().take(MOST_SETTINGS).enumerate().collect();
    let own = in_parallel(&drawn, |(index, setting)| {
        let id = if settings.all.len() == 1 { String::new() } else { format!("-{}", index + 1) };
        let (end, along) = (layers::of(setting, &id), layers_at_epochs::of(setting, &id));
        [end, along, epochs::of(setting, &id), heat::of(setting, &id)]
    });
    figures.extend(own.into_iter().flatten().flatten());
    let rest = settings.all.len().saturating_sub(MOST_SETTINGS);
    let note = format!("{rest} more settings have no figures here: run `freezewise report` on their directories only");
    (figures, (rest > 0).then_some(note))
}
