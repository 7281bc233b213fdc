//! The number of training examples of a task.

use super::report::ProblemReport;
use super::selection::Selection;
use super::supply::Supply;
use super::written::{self, Size};
use crate::catalogue::Facts;
use crate::text;

/// How training examples are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// Uniformly.
    Plain,
    /// Equally many from each class.
    Balanced,
}

/// Number of training examples, and how they are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TrainSize {
    /// Examples of the task's classes and part, including those held out.
    pub(super) pool: usize,
    /// Number n of examples to draw.
    pub(super) drawn: usize,
    pub(super) draw: Draw,
}

/// Resolves n and the way of drawing.
pub(super) fn train_size(
    task: &written::Task,
    selection: &Selection,
    facts: &Facts,
    prefix: &str,
    report: &mut ProblemReport<'_>,
) -> TrainSize {
    let held = task.validation_size as usize;
    let supply = Supply::new(selection, facts, held);
    let pool = supply.pool;
    if let Some((key, message, hint)) = shortage(&supply, selection, facts, held) {
        report.add(&format!("{prefix}.{key}"), message, hint);
        return TrainSize { pool, drawn: 1, draw: Draw::Plain };
    }
    let most = pool - held;
    let key = format!("{prefix}.train_size");
    let (drawn, draw) = written_size(task, selection, most, &key, report);
    if drawn > most {
        let whole = pool == facts.train_size && held == 0;
        let what = if whole { format!("`{}`", task.dataset) } else { "what the task selects".to_owned() };
        let message = format!(
            "{what} has {} training examples{}, fewer than {}",
            text::grouped(most as u64),
            if held > 0 { " after validation is held out" } else { "" },
            text::grouped(drawn as u64)
        );
        report.add(&key, message, "use `train_size = \"all\"` for all of them");
    } else if draw == Draw::Balanced
        && let Some(left) = &supply.left
        && let Some(label) = uneven(left, drawn)
    {
        let (name, count) = (label_name(selection, facts, label), left[label]);
        let each = drawn / left.len();
        let message = unbalanced(&name, count, each, drawn);
        report.add(&key, message, "draw fewer, or remove `balanced`");
    }
    TrainSize { pool, drawn, draw }
}

/// If no training example is left, overall or for one label: the key, the message and a hint.
fn shortage(
    supply: &Supply,
    selection: &Selection,
    facts: &Facts,
    held: usize,
) -> Option<(&'static str, String, &'static str)> {
    let part = if selection.part.is_whole() { "classes" } else { "split" };
    if supply.pool == 0 {
        return Some((
            part,
            "the task has no training examples".into(),
            "expected a part with at least one example of each class",
        ));
    }
    if held >= supply.pool {
        let message = format!(
            "`validation_size = {held}` leaves none of {} training examples",
            text::grouped(supply.pool as u64)
        );
        return Some(("validation_size", message, "hold out fewer examples"));
    }
    let none_of = |counts: &Option<Vec<usize>>| counts.iter().flatten().position(|&count| count == 0);
    if let Some(label) = none_of(&supply.labels) {
        let message = format!("class `{}` has no training example in this part", label_name(selection, facts, label));
        return Some((part, message, "split into fewer parts, or remove the class from `classes`"));
    }
    let label = none_of(&supply.left)?;
    let name = label_name(selection, facts, label);
    let message = format!("`validation_size = {held}` holds out every training example of class `{name}`");
    Some(("validation_size", message, "hold out fewer, or remove the class from `classes`"))
}

/// Resolves the key, given at most `most` examples.
fn written_size(
    task: &written::Task,
    selection: &Selection,
    most: usize,
    key: &str,
    report: &mut ProblemReport<'_>,
) -> (usize, Draw) {
    let plain = if task.balanced { Draw::Balanced } else { Draw::Plain };
    match &task.train_size {
        Size::Count(count) => (*count as usize, plain),
        Size::Fraction(share) => {
            let size = (most as f64 * share).round() as usize;
            if size == 0 {
                let message =
                    format!("a fraction of {share} of {} training examples rounds to none", text::grouped(most as u64));
                report.add(key, message, "use a larger fraction");
            }
            (size.max(1), plain)
        }
        Size::Words(words) if words == "all" => (most, plain),
        Size::Words(words) => {
            let each = per_class(words).unwrap_or_else(|| {
                let message = format!("`{}` is not a number of examples", text::escaped(words));
                report.add(
                    key,
                    message,
                    "expected a number, a fraction such as `0.1`, `\"50 per class\"` or `\"all\"`",
                );
                1
            });
            (each.saturating_mul(selection.label_count()), Draw::Balanced)
        }
    }
}

/// The first label with too few examples for a balanced draw (equal counts to within one).
pub fn uneven(left: &[usize], drawn: usize) -> Option<usize> {
    let (each, more) = (drawn / left.len(), drawn % left.len());
    let short = |least: usize| left.iter().position(|&count| count < least);
    short(each)
        .or_else(|| if left.iter().filter(|&&count| count > each).count() < more { short(each + 1) } else { None })
}

/// The message for a balanced draw that lacks examples of a class.
pub fn unbalanced(name: &str, count: usize, each: usize, drawn: usize) -> String {
    let needed = if count < each { each } else { each + 1 };
    format!(
        "class `{name}` has {}, but a balanced draw of {} needs {needed}",
        text::counted(count, "training example", "training examples"),
        text::grouped(drawn as u64)
    )
}

fn label_name(selection: &Selection, facts: &Facts, label: usize) -> String {
    let names = facts.classes.as_ref().map(|classes| selection.label_names(classes));
    names.map_or_else(|| label.to_string(), |names| names[label].clone())
}

/// Parses `50 per class`.
fn per_class(words: &str) -> Option<usize> {
    let count = words.trim().strip_suffix("class")?.trim_end().strip_suffix("per")?.trim();
    count.parse().ok().filter(|&count| (1..=1_000_000_000).contains(&count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_draw_differs_by_at_most_one_per_class() {
        assert_eq!(uneven(&[5, 5, 5], 15), None);
        assert_eq!(uneven(&[1, 5, 5], 5), None);
        assert_eq!(uneven(&[1, 5, 5], 6), Some(0));
        // One of each, then two more: they would come from the third, which would have three.
        assert_eq!(uneven(&[1, 1, 5], 5), Some(0));
        assert_eq!(uneven(&[1, 1, 5], 4), None);
    }

    #[test]
    fn per_class_sizes_are_parsed() {
        assert_eq!(per_class("50 per class"), Some(50));
        assert_eq!(per_class(" 5 per class "), Some(5));
        for none in ["0 per class", "per class", "-5 per class", "5 a class", "50%"] {
            assert_eq!(per_class(none), None, "{none}");
        }
    }
}
