//! Which class names two tasks share.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Classes that two tasks have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overlap {
    /// Shared names, as the target spells them, sorted.
    pub shared: Vec<String>,
    /// Number of shared classes as a fraction of the target's classes.
    pub of_target: f64,
    /// The same as a fraction of all classes of either task: the Jaccard index.
    pub of_either: f64,
}

/// The overlap of two lists of class names, ignoring case and punctuation. `None` if the names of a list carry no
/// meaning, such as `class 7` or `7`.
pub fn overlap(source: &[String], target: &[String]) -> Option<Overlap> {
    if source.iter().chain(target).any(|name| is_a_number(name)) {
        return None;
    }
    let plain = |names: &[String]| names.iter().map(|name| plain(name)).collect::<BTreeSet<_>>();
    let (sources, targets) = (plain(source), plain(target));
    let mut shared: Vec<String> = target.iter().filter(|name| sources.contains(&self::plain(name))).cloned().collect();
    shared.sort();
    let both = sources.intersection(&targets).count() as f64;
    let either = sources.union(&targets).count() as f64;
    Some(Overlap { shared, of_target: both / targets.len() as f64, of_either: both / either })
}

/// Letters and digits in lower case, with one space between words.
fn plain(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

fn is_a_number(name: &str) -> bool {
    let name = plain(name);
    let number = name.strip_prefix("class ").unwrap_or(&name);
    number.chars().all(|letter| letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_match_regardless_of_case_and_punctuation() {
        let found =
            overlap(&names(&["Ankle boot", "T-shirt/top", "bag"]), &names(&["ankle_boot", "dog", "BAG", "cat"]));
        let found = found.expect("these are names");
        assert_eq!(found.shared, ["BAG", "ankle_boot"]);
        assert_eq!((found.of_target, found.of_either), (0.5, 0.4));
        let none = overlap(&names(&["dog"]), &names(&["cat"])).expect("these are names");
        assert_eq!((none.shared.len(), none.of_target, none.of_either), (0, 0.0, 0.0));
    }

    #[test]
    fn numbers_are_not_names() {
        assert_eq!(overlap(&names(&["class 0"]), &names(&["dog"])), None);
        assert_eq!(overlap(&names(&["dog"]), &names(&["0", "1"])), None);
        assert!(overlap(&names(&["class"]), &names(&["86 dogs"])).is_some());
    }
}
