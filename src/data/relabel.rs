//! Maps the classes of a data set to the labels of a task.

use crate::catalogue::Naming;
use crate::spec::Selection;

/// Maps the classes of a data set to the labels of a task.
#[derive(Debug)]
pub(super) struct Relabel {
    /// The task's label for each class of the data set.
    pub(super) of: Vec<Option<u16>>,
    /// Names of the task's labels.
    pub(super) classes: Vec<String>,
    /// Names of the data set's classes and, where they are the labels, of the superclasses.
    names: [Vec<String>; 2],
    /// The task's label for each of these names.
    meanings: Vec<Option<u16>>,
}

impl Relabel {
    pub(super) fn new(selection: &Selection, names: &[String]) -> Self {
        let of = selection.labels(names.len());
        let classes = selection.label_names(names);
        let groups = selection.groups.map(|groups| groups.names).unwrap_or_default();
        let group_label = |name: &&str| classes.iter().position(|class| class == name).map(|label| label as u16);
        let meanings = of.iter().copied().chain(groups.iter().map(group_label)).collect();
        let groups = groups.iter().map(|&name| name.to_owned()).collect();
        Self { of, classes, names: [names.to_vec(), groups], meanings }
    }

    /// The label of each example, given its class.
    pub(super) fn labels(&self, classes: &[u16]) -> Vec<Option<u16>> {
        classes.iter().map(|&class| self.of[usize::from(class)]).collect()
    }

    /// The names that may be used.
    pub(super) fn naming(&self) -> Naming<'_> {
        let [classes, groups] = &self.names;
        Naming::new(&[classes, groups])
    }

    /// Name and label at an index of `naming`.
    pub(super) fn meaning(&self, place: usize) -> (&str, Option<u16>) {
        let name = self.names.iter().flatten().nth(place).map_or("", String::as_str);
        (name, self.meanings[place])
    }
}
