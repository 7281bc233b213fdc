//! How many training examples a task takes.

use super::experiment::{Draw, Selection};
use super::meaning::Report;
use super::written::{self, Size};
use crate::catalogue::Facts;
use crate::text;

/// n, and how it is drawn.
pub(super) fn train_size(
    task: &written::Task,
    selection: &Selection,
    facts: &Facts,
    prefix: &str,
    report: &mut Report<'_>,
) -> (usize, Draw) {
    let key = format!("{prefix}.train_size");
    let (pool, held) = (selection.pool(facts), task.validation_size as usize);
    let most = pool.saturating_sub(held);
    if held > 0 && most == 0 {
        let message = format!("`validation_size = {held}` leaves none of {} to train on", text::grouped(pool as u64));
        report.add(&format!("{prefix}.validation_size"), message, "hold out fewer");
        return (1, Draw::Plain);
    }
    let plain = if task.balanced { Draw::Balanced } else { Draw::Plain };
    let (size, draw) = match &task.train_size {
        Size::Count(count) => (*count as usize, plain),
        Size::Fraction(share) => (((most as f64 * share).round() as usize).max(1), plain),
        Size::Words(words) if words == "all" => (most, plain),
        Size::Words(words) => {
            let each = per_class(words).unwrap_or_else(|| {
                let message = format!("`{}` is not a number of examples", words.escape_debug());
                report.add(&key, message, "a number, a fraction such as `0.1`, `\"50 per class\"` or `\"all\"`");
                1
            });
            (each.saturating_mul(selection.label_count()), Draw::Balanced)
        }
    };
    if size > most {
        let whole = pool == facts.train_size && held == 0;
        let what = if whole { format!("`{}`", task.dataset) } else { "what the task selects".to_owned() };
        let message = format!(
            "{what} has {} training examples{}, and not {}",
            text::grouped(most as u64),
            if held > 0 { " beside those held out" } else { "" },
            text::grouped(size as u64)
        );
        report.add(&key, message, "`train_size = \"all\"` takes them all");
    }
    (size, draw)
}

/// `50 per class`.
fn per_class(words: &str) -> Option<usize> {
    let count = words.trim().strip_suffix("class")?.trim_end().strip_suffix("per")?.trim();
    count.parse().ok().filter(|&count| (1..=1_000_000_000).contains(&count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_each_class_is_words() {
        assert_eq!(per_class("50 per class"), Some(50));
        assert_eq!(per_class(" 5 per class "), Some(5));
        for none in ["0 per class", "per class", "-5 per class", "5 a class", "50%"] {
            assert_eq!(per_class(none), None, "{none}");
        }
    }
}
