//! Formats numbers and lists for a report.

/// A fraction in percent, with one decimal: `60.0%`.
pub(super) fn percent(fraction: f64) -> String {
    format!("{:.1}%", positive_zero(fraction * 100.0))
}

/// A difference of fractions in percentage points, with one decimal: `11.1`.
pub(super) fn points(difference: f64) -> String {
    format!("{:.1}", positive_zero(difference * 100.0))
}

/// Rounds to one decimal and avoids `-0.0`.
fn positive_zero(value: f64) -> f64 {
    let rounded = (value * 10.0).round() / 10.0;
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// A p-value: `p = 0.008`, `p < 0.001`.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") }
}

/// A value of a spec. Long decimals, such as a third of a learning rate, have four digits: `0.0003333`.
pub(super) fn value(text: &str) -> String {
    const LONG: usize = 10;
    match text.parse::<f64>() {
        Ok(number) if text.len() > LONG && number.fract() != 0.0 => {
            let digits = (3 - number.abs().log10().floor() as i32).max(0) as usize;
            format!("{number:.digits$}")
        }
        _ => text.to_owned(),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list<T: AsRef<str>>(parts: &[T]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// The text with a capital first letter; the symbol k stays small.
pub(super) fn capital(text: &str) -> String {
    if text.starts_with("k = ") {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The last part of a dotted key in words, with `source` or `target` if the key is of a task.
pub(super) fn short(key: &str) -> String {
    let parts: Vec<&str> = key.split('.').collect();
    match parts.as_slice() {
        [.., task @ ("source" | "target"), last] | [task @ ("source" | "target"), .., last] => {
            format!("{task} {last}").replace('_', " ")
        }
        [.., last] => last.replace('_', " "),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_keys_are_formatted() {
        assert_eq!((percent(0.6004), points(-0.0001), points(0.1112)), ("60.0%".into(), "0.0".into(), "11.1".into()));
        assert_eq!((p_value(0.0078), p_value(0.0001)), ("p = 0.008".into(), "p < 0.001".into()));
        let values = ["0.0003333333333333333", "0.001", "12.345678901", "1234567890123", "cifar100"].map(value);
        assert_eq!(values, ["0.0003333", "0.001", "12.35", "1234567890123", "cifar100"]);
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(short("target.train.learning_rate"), "target learning rate");
        assert_eq!(short("network.width"), "width");
    }
}
