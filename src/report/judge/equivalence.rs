//! A claim that two settings have equal final errors, within a margin: two one-sided tests.

use super::checks::of_seeds;
use super::control;
use super::effect::{EffectUnit, SizedEffect};
use super::pair::{Judged, cell_of, end_errors, settings};
use super::subject::{MeasuredAt, Subject};
use crate::analysis::inference::{Effect, equivalence};
use crate::report::read::View;
use crate::report::setting::Setting;
use crate::report::words::{points, short};
use crate::text;

/// Judges the claim. The error is the reason why it cannot be tested.
pub(super) fn judge<'a>(
    (own, all): (&'a [Setting], &[Setting]),
    fits: &dyn Fn(&Setting) -> bool,
    (key, values, layers): (&str, [&str; 2], Option<&str>),
    margin: f64,
    view: View,
) -> Result<Judged<'a>, String> {
    let settings = settings(own, fits, key, values)?;
    let cell = cell_of(settings[0], layers)?;
    let layers = cell.frozen.count;
    let found = end_errors(&settings, layers, key, view.outcome())?;
    let [one, other] = &found.sides;
    let tested = equivalence(one, other, margin).map_err(|error| error.to_string())?;
    let effect: Effect = (&tested).into();
    let mut controls = of_seeds(&effect.into(), one.len(), found.sources);
    controls.extend(control::under(&settings, all, view, &|settings, view, _| {
        let [one, other] = end_errors(settings, layers, key, view.outcome()).ok()?.sides;
        Some(SizedEffect::from(Effect::from(&equivalence(&one, &other, margin).ok()?)))
    }));
    let place = if settings[0].cells.len() > 1 { format!(" {}", cell.frozen.phrase()) } else { String::new() };
    let sentence = format!(
        "{} = {} and {} differ by {} points{place}, 90% interval {} to {}, margin {}; {}",
        short(key),
        values[0],
        values[1],
        points(tested.difference.estimate),
        points(tested.difference.lower),
        points(tested.difference.upper),
        points(margin),
        text::counted(one.len(), "independent pair", "independent pairs"),
    );
    Ok(Judged {
        p: tested.p,
        sentence,
        independent: one.len(),
        shortfalls: Vec::new(),
        limits: found.sources.limit(one.len()).into_iter().collect(),
        subject: Subject::of_pair(&settings, vec![layers], MeasuredAt::End, view, key),
        effect,
        unit: EffectUnit::WithinMargin,
        controls,
    })
}
