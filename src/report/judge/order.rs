//! A claim that one of two settings is better at one number of frozen layers, and the other one at another number.

use super::checks::of_seeds;
use super::claimed::at_layers;
use super::control;
use super::effect::{EffectUnit, SizedEffect};
use super::pair::{EndErrors, Judged, end_errors, settings};
use super::subject::{MeasuredAt, Subject};
use crate::analysis::inference::{Effect, OrderReversal, SourcePair, order_reversal};
use crate::report::read::View;
use crate::report::setting::Setting;
use crate::report::words::{percent, points, short};
use crate::text;

/// Judges the claim. The error is the reason why it cannot be tested.
pub(super) fn judge<'a>(
    (own, all): (&'a [Setting], &[Setting]),
    fits: &dyn Fn(&Setting) -> bool,
    (key, values): (&str, [&str; 2]),
    at: [&str; 2],
    view: View,
) -> Result<Judged<'a>, String> {
    let settings = settings(own, fits, key, values)?;
    let layers = |typed: &str| {
        let cell = settings[0].cell(typed).ok_or_else(|| format!("there is no finished cell at k = {typed}"));
        Ok::<_, String>(cell?.frozen.count)
    };
    let layers = [layers(at[0])?, layers(at[1])?];
    let both = |settings: &[&Setting], outcome| -> Result<[EndErrors; 2], String> {
        Ok([end_errors(settings, layers[0], key, outcome)?, end_errors(settings, layers[1], key, outcome)?])
    };
    let found = both(&settings, view.outcome())?;
    let tested = test(&found)?;
    let effect: Effect = (&tested).into();
    let independent = found[0].sides[0].len().min(found[1].sides[0].len());
    let mut controls = of_seeds(&effect.into(), independent, found[0].sources);
    controls.extend(control::under(&settings, all, view, &|settings, view, _| {
        Some(SizedEffect::from(Effect::from(&test(&both(settings, view.outcome()).ok()?).ok()?)))
    }));
    let mean = |values: &[f64]| percent(values.iter().sum::<f64>() / values.len() as f64);
    let [first, second] = at.each_ref().map(|site| at_layers(site));
    let sentence = format!(
        "{} = {} against {}: {} and {} {first}, {} and {} {second}; the first is better by {} points {first}, the second by {} \
         {second}; {}",
        short(key),
        values[0],
        values[1],
        mean(&found[0].sides[0]),
        mean(&found[0].sides[1]),
        mean(&found[1].sides[0]),
        mean(&found[1].sides[1]),
        points(tested.first_better.estimate),
        points(tested.second_better.estimate),
        text::counted(independent, "independent pair", "independent pairs"),
    );
    Ok(Judged {
        p: tested.p,
        sentence,
        independent,
        shortfalls: Vec::new(),
        limits: found[0].sources.limit(independent).into_iter().collect(),
        subject: Subject::of_pair(&settings, layers.to_vec(), MeasuredAt::End, view, key),
        effect,
        unit: EffectUnit::Points,
        controls,
    })
}

fn test([first, second]: &[EndErrors; 2]) -> Result<OrderReversal, String> {
    let pair = |errors: &'_ EndErrors| -> [Vec<f64>; 2] { errors.sides.clone() };
    let ([a, b], [c, d]) = (pair(first), pair(second));
    order_reversal(SourcePair { first: &a, second: &b }, SourcePair { first: &c, second: &d })
        .map_err(|error| error.to_string())
}
