//! Which classes of a data set a task uses, and what its labels are.

use super::report::ProblemReport;
use super::written::{self, ClassName, Labelling};
use crate::catalogue::{Facts, Naming, Superclasses};
use crate::text;

/// The classes and the part of a data set that a task uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Classes of the data set, in increasing order.
    pub classes: Vec<usize>,
    /// The superclass of each class, where superclasses are the labels.
    pub groups: Option<Superclasses>,
    /// The part of the training examples.
    pub part: DisjointPart,
}

/// Part `index` of `of` disjoint parts of the training examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisjointPart {
    /// Index of the part, from 0.
    pub index: usize,
    /// Number of parts.
    pub of: usize,
}

impl DisjointPart {
    /// Whether this is the whole data set.
    pub fn is_whole(self) -> bool {
        self.of == 1
    }
}

/// Resolves the selection of a task.
pub(super) fn selection(
    task: &written::Task,
    facts: &Facts,
    prefix: &str,
    report: &mut ProblemReport<'_>,
) -> Selection {
    let groups = facts.superclasses.filter(|_| task.labels == Labelling::Superclass);
    if task.labels == Labelling::Superclass && groups.is_none() {
        let message = format!("`{}` has no superclasses", task.dataset);
        report.add(&format!("{prefix}.labels"), message, "only CIFAR-100 has superclasses");
    }
    let classes = classes(task, facts, prefix, report);
    let part = part(task, prefix, report);
    let selection = Selection { classes, groups, part };
    if selection.label_count() < 2 {
        let key = if task.classes.is_empty() { "labels" } else { "classes" };
        report.add(&format!("{prefix}.{key}"), "the task has only one class", "use two classes or more");
    }
    selection
}

impl Selection {
    /// The task's label for each class of the data set; `None` for unused classes.
    pub fn labels(&self, class_count: usize) -> Vec<Option<u16>> {
        let mut labels = vec![None; class_count];
        let groups = self.present_groups();
        for (place, &class) in self.classes.iter().enumerate() {
            let label = match self.groups {
                None => Some(place),
                Some(of_all) => groups.iter().position(|&group| group == of_all.of[class]),
            };
            labels[class] = label.map(|label| label as u16);
        }
        labels
    }

    /// The name of each label, given the class names of the data set.
    pub fn label_names(&self, classes: &[String]) -> Vec<String> {
        match self.groups {
            None => self.classes.iter().map(|&class| classes[class].clone()).collect(),
            Some(groups) => {
                self.present_groups().iter().map(|&group| groups.names[usize::from(group)].to_owned()).collect()
            }
        }
    }

    /// Number of labels.
    pub fn label_count(&self) -> usize {
        if self.groups.is_some() { self.present_groups().len() } else { self.classes.len() }
    }

    /// The superclasses of the selected classes, in increasing order; empty where superclasses are not the labels.
    fn present_groups(&self) -> Vec<u16> {
        let of = |groups: Superclasses| self.classes.iter().map(|&class| groups.of[class]).collect();
        let mut found: Vec<u16> = self.groups.map(of).unwrap_or_default();
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn part(task: &written::Task, prefix: &str, report: &mut ProblemReport<'_>) -> DisjointPart {
    let Some(written) = &task.split else { return DisjointPart { index: 0, of: 1 } };
    parse_part(written).unwrap_or_else(|| {
        let message = format!("`{}` is not a part `i/m` of the training examples", written.escape_debug());
        report.add(&format!("{prefix}.split"), message, "for example `\"1/2\"` for the first of two parts");
        DisjointPart { index: 0, of: 1 }
    })
}

/// `2/3`: the second of three.
fn parse_part(text: &str) -> Option<DisjointPart> {
    let (index, of) = text.split_once('/')?;
    let (index, of) = (index.trim().parse::<usize>().ok()?, of.trim().parse::<usize>().ok()?);
    ((1..=of).contains(&index) && of <= 1000).then(|| DisjointPart { index: index - 1, of })
}

/// The classes in the list, in increasing order; all classes if the list is empty or invalid.
fn classes(task: &written::Task, facts: &Facts, prefix: &str, report: &mut ProblemReport<'_>) -> Vec<usize> {
    let all = || (0..facts.class_count).collect();
    if task.classes.is_empty() {
        return all();
    }
    let key = format!("{prefix}.classes");
    if task.dataset == "synthetic" {
        report.add(&key, "the synthetic task has no classes to choose from", "`synthetic.classes` sets their number");
        return all();
    }
    let naming = Naming::new(&[facts.classes.as_deref().unwrap_or_default()]);
    let mut taken = vec![false; facts.class_count];
    for name in &task.classes {
        let found = match find(name, facts, &naming) {
            Ok(found) => found,
            Err((message, hint)) => {
                report.add(&key, message, hint);
                return all();
            }
        };
        for class in found {
            if std::mem::replace(&mut taken[class], true) {
                let shown = facts.classes.as_ref().map_or_else(|| class.to_string(), |names| names[class].clone());
                report.add(&key, format!("class `{shown}` is listed twice"), "list each class once");
                return all();
            }
        }
    }
    (0..facts.class_count).filter(|&class| taken[class]).collect()
}

/// Why an entry of the list is invalid, and a hint.
type ClassRefusal = (String, String);

/// The classes that an entry of the list stands for. Ambiguous entries are an error.
fn find(name: &ClassName, facts: &Facts, naming: &Naming<'_>) -> Result<Vec<usize>, ClassRefusal> {
    let words = match name {
        ClassName::Number(number) => return numbered(*number, facts, naming).map(|class| vec![class]),
        ClassName::Words(words) => words.trim(),
    };
    let mut readings: Vec<(&str, Vec<usize>)> =
        naming.name(words).iter().map(|&class| ("the name of a class", vec![class])).collect();
    if let Some(groups) = facts.superclasses
        && let Some(group) = groups.names.iter().position(|group| *group == words)
    {
        let members = (0..facts.class_count).filter(|&class| usize::from(groups.of[class]) == group);
        readings.push(("the name of a superclass", members.collect()));
    }
    if let Some(DisjointPart { index, of }) = parse_part(words).filter(|part| part.of <= facts.class_count) {
        let bound = |index: usize| facts.class_count * index / of;
        readings.push(("a part of the classes", (bound(index)..bound(index + 1)).collect()));
    }
    if let Some((first, last)) = parse_range(words).filter(|(_, last)| *last < facts.class_count) {
        if readings.is_empty() {
            (first..=last).try_for_each(|class| numbered(class as u64, facts, naming).map(|_| ()))?;
        }
        readings.push(("a range of numbers", (first..=last).collect()));
    }
    readings.dedup_by(|one, other| one.1 == other.1);
    match readings.as_slice() {
        [] => Err(unknown(words, facts)),
        [(_, classes)] => Ok(classes.clone()),
        [(one, _), (other, _), ..] => Err((
            format!("`{}` is {one} and {other}", words.escape_debug()),
            "list the numbers of the classes you mean".to_owned(),
        )),
    }
}

/// The class with this number.
fn numbered(number: u64, facts: &Facts, naming: &Naming<'_>) -> Result<usize, ClassRefusal> {
    let Some(names) = &facts.classes else {
        return usize::try_from(number)
            .ok()
            .filter(|&class| class < facts.class_count)
            .ok_or_else(|| none(number, facts));
    };
    match i64::try_from(number).map_or(&[][..], |number| naming.number(number)) {
        [] => Err(none(number, facts)),
        [class] => Ok(*class),
        several => {
            let names: Vec<String> = several.iter().map(|&class| format!("\"{}\"", names[class])).collect();
            let message = format!("`{number}` is the number of one class and the name of another");
            Err((message, format!("name the class in quotes: {}", text::alternatives(&names))))
        }
    }
}

fn none(number: u64, facts: &Facts) -> ClassRefusal {
    (format!("there is no class {number}"), format!("expected a number from 0 to {}", facts.class_count - 1))
}

/// `0-4`: both ends included.
fn parse_range(words: &str) -> Option<(usize, usize)> {
    let (first, last) = words.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some((first, last))
}

fn unknown(words: &str, facts: &Facts) -> ClassRefusal {
    if facts.classes.iter().flatten().any(|name| text::composed_otherwise(words, name)) {
        let hint = "a class looks the same, but one of the names has its accents as combining characters (NFD, as on \
                    macOS): copy the folder's name";
        return (format!("`{words}` is not a class"), hint.to_owned());
    }
    let names = facts.classes.iter().flatten().map(String::as_str);
    let groups = facts.superclasses.iter().flat_map(|groups| groups.names.iter().copied());
    let hint = text::nearest(words, names.chain(groups)).map_or_else(
        || {
            format!(
                "expected a name, a number up to {}, a range such as `0-4`, or a part such as `1/2`",
                facts.class_count - 1
            )
        },
        |near| format!("did you mean `{near}`?"),
    );
    (format!("`{}` is not a class", words.escape_debug()), hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Dataset;

    fn found(name: &str) -> Option<Vec<usize>> {
        read(&ClassName::Words(name.into()), &Facts::known(Dataset::Cifar100, 0).expect("it is known")).ok()
    }

    fn read(name: &ClassName, facts: &Facts) -> Result<Vec<usize>, ClassRefusal> {
        find(name, facts, &Naming::new(&[facts.classes.as_deref().expect("names")]))
    }

    #[test]
    fn classes_are_selected_by_name_range_part_and_group() {
        assert_eq!(found("worm"), Some(vec![99]));
        assert_eq!(found("3-5"), Some(vec![3, 4, 5]));
        assert_eq!(found("2/2"), Some((50..100).collect()));
        assert_eq!(found("vehicles_1"), Some(vec![8, 13, 48, 58, 90]));
        let apart = Facts {
            classes: Some(vec!["a".into(), "cafe\u{301}".into()]),
            class_count: 2,
            ..Facts::known(Dataset::Cifar10, 0).expect("it is known")
        };
        let (message, hint) = read(&ClassName::Words("caf\u{e9}".into()), &apart).expect_err("another normal form");
        assert!(message == "`caf\u{e9}` is not a class" && hint.contains("NFD"), "{message}: {hint}");
        for none in ["3-100", "5-3", "0/2", "3/2", "1/101", "wurm", "-1", "", "7"] {
            assert_eq!(found(none), None, "{none}");
        }
    }

    #[test]
    fn ambiguous_classes_are_rejected() {
        let folders = |names: &[&str]| Facts {
            class_count: names.len(),
            classes: Some(names.iter().map(|&name| name.to_owned()).collect()),
            ..Facts::known(Dataset::Cifar10, 0).expect("it is known")
        };
        let (number, words) = (ClassName::Number, |words: &str| ClassName::Words(words.into()));
        // `0` to `11`, sorted as text.
        let sorted = folders(&["0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"]);
        assert_eq!(read(&number(1), &sorted), Ok(vec![1]));
        assert_eq!(read(&words("10"), &sorted), Ok(vec![2]));
        assert_eq!(read(&words("0-1"), &sorted), Ok(vec![0, 1]));
        assert_eq!(read(&words("1/4"), &sorted), Ok(vec![0, 1, 2]));
        let (message, hint) = read(&number(10), &sorted).expect_err("it is ambiguous");
        assert_eq!(message, "`10` is the number of one class and the name of another");
        assert_eq!(hint, "name the class in quotes: `\"10\"` or `\"8\"`");
        assert!(read(&words("0-4"), &sorted).is_err());
        // A number that is no class number can only be a name.
        assert_eq!(read(&number(30), &folders(&["10", "20", "30"])), Ok(vec![2]));
        assert!(read(&number(1), &folders(&["01", "02", "03"])).is_err());
        let ages = folders(&["0-1", "2-3", "4-5"]);
        let (message, _) = read(&words("0-1"), &ages).expect_err("it is ambiguous");
        assert_eq!(message, "`0-1` is the name of a class and a range of numbers");
        assert_eq!(read(&words("2-3"), &ages), Ok(vec![1]));
        // MNIST's class names are their numbers.
        let mnist = Facts::known(Dataset::Mnist, 0).expect("it is known");
        assert_eq!((read(&number(3), &mnist), read(&words("3"), &mnist)), (Ok(vec![3]), Ok(vec![3])));
        assert_eq!(read(&words("2-4"), &mnist), Ok(vec![2, 3, 4]));
    }
}
