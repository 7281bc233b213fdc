//! Which classes of a data set a task takes, and what its labels are.

use super::experiment::{Part, Selection};
use super::meaning::Report;
use super::written::{self, ClassName, Labels};
use crate::catalogue::Facts;
use crate::text;

/// What a task's table selects of a data set.
pub(super) fn selection(task: &written::Task, facts: &Facts, prefix: &str, report: &mut Report<'_>) -> Selection {
    let groups = facts.superclasses.filter(|_| task.labels == Labels::Superclass);
    if task.labels == Labels::Superclass && groups.is_none() {
        let message = format!("`{}` has no superclasses", task.dataset);
        report.add(&format!("{prefix}.labels"), message, "CIFAR-100 has them");
    }
    let classes = classes(task, facts, prefix, report);
    let part = part(task, prefix, report);
    let selection = Selection { classes, groups, part };
    if selection.label_count() < 2 {
        let key = if task.classes.is_empty() { "labels" } else { "classes" };
        report.add(
            &format!("{prefix}.{key}"),
            "the task has one class",
            "there is nothing to tell apart: take two or more",
        );
    }
    selection
}

impl Selection {
    /// How many labels there are to tell apart.
    pub fn label_count(&self) -> usize {
        let Some(groups) = self.groups else { return self.classes.len() };
        let mut found: Vec<u16> = self.classes.iter().map(|&class| groups.of[class]).collect();
        found.sort_unstable();
        found.dedup();
        found.len()
    }

    /// How many training examples there are to draw from.
    pub(super) fn pool(&self, facts: &Facts) -> usize {
        let Some(counts) = &facts.train_per_class else { return self.part.share(0, facts.train_size) };
        let mut start = 0;
        let mut pool = 0;
        for (class, &count) in counts.iter().enumerate() {
            if self.classes.contains(&class) {
                pool += self.part.share(start, count);
            }
            start += count;
        }
        pool
    }
}

impl Part {
    /// How many of the places from `start` on belong to this part, of `count`: they are dealt in turn.
    fn share(self, start: usize, count: usize) -> usize {
        let below = |end: usize| (end + self.of - 1 - self.index) / self.of;
        below(start + count) - below(start)
    }
}

fn part(task: &written::Task, prefix: &str, report: &mut Report<'_>) -> Part {
    let Some(written) = &task.split else { return Part { index: 0, of: 1 } };
    parse_part(written).unwrap_or_else(|| {
        let message = format!("`{}` is not a part of the training examples", written.escape_debug());
        report.add(&format!("{prefix}.split"), message, "write `\"1/2\"` for the first of two");
        Part { index: 0, of: 1 }
    })
}

/// `2/3`: the second of three.
fn parse_part(text: &str) -> Option<Part> {
    let (index, of) = text.split_once('/')?;
    let (index, of) = (index.trim().parse::<usize>().ok()?, of.trim().parse::<usize>().ok()?);
    ((1..=of).contains(&index) && of <= 1000).then(|| Part { index: index - 1, of })
}

/// The classes that the list names, rising; all, if it is empty or cannot be understood.
fn classes(task: &written::Task, facts: &Facts, prefix: &str, report: &mut Report<'_>) -> Vec<usize> {
    let all = || (0..facts.class_count).collect();
    if task.classes.is_empty() {
        return all();
    }
    let key = format!("{prefix}.classes");
    if task.dataset == "synthetic" {
        report.add(
            &key,
            "the synthetic task has no classes to choose from",
            "`synthetic.classes` says how many it has",
        );
        return all();
    }
    let mut taken = vec![false; facts.class_count];
    for name in &task.classes {
        let Some(found) = find(name, facts) else {
            let (message, hint) = unknown(name, facts);
            report.add(&key, message, hint);
            return all();
        };
        for class in found {
            if std::mem::replace(&mut taken[class], true) {
                let shown = facts.classes.as_ref().map_or_else(|| class.to_string(), |names| names[class].clone());
                report.add(&key, format!("class `{shown}` is taken twice"), "let each be named once");
                return all();
            }
        }
    }
    (0..facts.class_count).filter(|&class| taken[class]).collect()
}

fn find(name: &ClassName, facts: &Facts) -> Option<Vec<usize>> {
    let count = facts.class_count;
    let words = match name {
        ClassName::Number(number) => {
            return usize::try_from(*number).ok().filter(|&class| class < count).map(|class| vec![class]);
        }
        ClassName::Words(words) => words.trim(),
    };
    // Names of folders may look like anything, so a name goes before a range.
    if let Some(class) = facts.classes.iter().flatten().position(|class| class == words) {
        return Some(vec![class]);
    }
    if let Some(groups) = facts.superclasses
        && let Some(group) = groups.names.iter().position(|group| *group == words)
    {
        return Some((0..count).filter(|&class| usize::from(groups.of[class]) == group).collect());
    }
    if let Some(Part { index, of }) = parse_part(words).filter(|part| part.of <= count) {
        return Some((count * index / of..count * (index + 1) / of).collect());
    }
    let (first, last) = words.split_once('-')?;
    let (first, last) = (first.trim().parse::<usize>().ok()?, last.trim().parse::<usize>().ok()?);
    (first <= last && last < count).then(|| (first..=last).collect())
}

fn unknown(name: &ClassName, facts: &Facts) -> (String, String) {
    let ClassName::Words(words) = name else {
        let ClassName::Number(number) = name else { unreachable!("a class is a number or words") };
        return (format!("there is no class {number}"), format!("they go from 0 to {}", facts.class_count - 1));
    };
    let names = facts.classes.iter().flatten().map(String::as_str);
    let groups = facts.superclasses.iter().flat_map(|groups| groups.names.iter().copied());
    let hint = text::nearest(words, names.chain(groups)).map_or_else(
        || format!("a name, a number up to {}, a range such as `0-4`, or a part such as `1/2`", facts.class_count - 1),
        |near| format!("did you mean `{near}`?"),
    );
    (format!("`{}` is none of the classes", words.escape_debug()), hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Dataset;

    fn found(name: &str) -> Option<Vec<usize>> {
        find(&ClassName::Words(name.into()), &Facts::known(Dataset::Cifar100, 0).expect("it is known"))
    }

    #[test]
    fn classes_go_by_name_range_part_and_group() {
        assert_eq!(found("worm"), Some(vec![99]));
        assert_eq!(found("3-5"), Some(vec![3, 4, 5]));
        assert_eq!(found("2/2"), Some((50..100).collect()));
        assert_eq!(found("vehicles_1"), Some(vec![8, 13, 48, 58, 90]));
        for none in ["3-100", "5-3", "0/2", "3/2", "1/101", "wurm", "-1", ""] {
            assert_eq!(found(none), None, "{none}");
        }
    }

    #[test]
    fn parts_add_up_in_every_class() {
        for (start, count) in [(0, 10), (3, 7), (5, 1), (4, 0)] {
            let shares: Vec<usize> = (0..3).map(|index| Part { index, of: 3 }.share(start, count)).collect();
            let dealt = |index| (start..start + count).filter(|place| place % 3 == index).count();
            assert_eq!(shares, (0..3).map(dealt).collect::<Vec<_>>());
        }
    }
}
