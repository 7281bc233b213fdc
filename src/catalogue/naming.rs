//! Looks up classes by number and by name.
//!
//! Class names can be numbers, and those are often out of order: folders `0` to `11` sort as text, so class number 2 is
//! named `10`. A number then has two meanings, and the caller gets both.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Class names, indexed for look-up.
#[derive(Debug)]
pub struct Naming<'a> {
    by_name: HashMap<&'a str, Vec<usize>>,
    by_number: HashMap<i64, Vec<usize>>,
}

impl<'a> Naming<'a> {
    /// Indexes one or more lists of names, each numbered from 0. A position counts through all lists.
    pub fn new<S: AsRef<str>>(lists: &[&'a [S]]) -> Self {
        let mut naming = Self { by_name: HashMap::new(), by_number: HashMap::new() };
        let numbered = lists.iter().flat_map(|list| list.iter().enumerate());
        for (place, (number, name)) in numbered.enumerate() {
            let name = name.as_ref();
            add(naming.by_name.entry(name), place);
            add(naming.by_number.entry(number as i64), place);
            // A name that is a number also stands for that number, even with leading zeros.
            if let Ok(number) = name.trim().parse() {
                add(naming.by_number.entry(number), place);
            }
        }
        naming
    }

    /// Positions that a number can mean: the classes with that number, and those with that number as a name.
    pub fn number(&self, number: i64) -> &[usize] {
        self.by_number.get(&number).map_or(&[], Vec::as_slice)
    }

    /// Positions of a name.
    pub fn name(&self, name: &str) -> &[usize] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }
}

fn add<K>(entry: Entry<'_, K, Vec<usize>>, place: usize) {
    let places = entry.or_default();
    if !places.contains(&place) {
        places.push(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_matches_by_index_and_by_name() {
        let names = ["0", "1", "10", "2", "007", "cat", "-1"];
        let naming = Naming::new(&[&names]);
        assert_eq!((naming.number(0), naming.number(1)), (&[0][..], &[1][..]));
        // By number and by name, then by name only.
        assert_eq!(naming.number(2), [2, 3]);
        assert_eq!((naming.number(10), naming.number(7), naming.number(-1)), (&[2][..], &[4][..], &[6][..]));
        assert_eq!((naming.name("10"), naming.name("cat"), naming.name("3")), (&[2][..], &[5][..], &[][..]));
        assert_eq!(naming.number(99), [] as [usize; 0]);
    }

    #[test]
    fn lists_are_numbered_separately() {
        let naming = Naming::new(&[&["a", "b", "c"][..], &["x", "y"]]);
        assert_eq!((naming.number(1), naming.number(2)), (&[1, 4][..], &[2][..]));
        assert_eq!((naming.name("c"), naming.name("y")), (&[2][..], &[4][..]));
    }
}
