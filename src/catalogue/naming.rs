//! What a number or a name means among the classes of a data set.
//!
//! Classes may have numbers for names, and those rarely stand in their order: folders `0` to `11` sort as text, so that
//! class number 2 is named `10`. Then a number has two readings, and who reads it here learns of both.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The names of some classes, to be looked up.
#[derive(Debug)]
pub struct Naming<'a> {
    by_name: HashMap<&'a str, Vec<usize>>,
    by_number: HashMap<i64, Vec<usize>>,
}

impl<'a> Naming<'a> {
    /// One or more lists of names, each numbered from 0. The place of a name is that in all lists joined.
    pub fn new<S: AsRef<str>>(lists: &[&'a [S]]) -> Self {
        let mut naming = Self { by_name: HashMap::new(), by_number: HashMap::new() };
        let numbered = lists.iter().flat_map(|list| list.iter().enumerate());
        for (place, (number, name)) in numbered.enumerate() {
            let name = name.as_ref();
            add(naming.by_name.entry(name), place);
            add(naming.by_number.entry(number as i64), place);
            // A name that is a number is that number too, also with leading zeros.
            if let Ok(number) = name.trim().parse() {
                add(naming.by_number.entry(number), place);
            }
        }
        naming
    }

    /// The places that a number can mean: of the class of that number, and of those with that number for a name.
    pub fn number(&self, number: i64) -> &[usize] {
        self.by_number.get(&number).map_or(&[], Vec::as_slice)
    }

    /// The places of a name.
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
    fn a_number_has_every_reading() {
        let names = ["0", "1", "10", "2", "007", "cat", "-1"];
        let naming = Naming::new(&[&names]);
        assert_eq!((naming.number(0), naming.number(1)), (&[0][..], &[1][..]));
        // By number and by name; by name alone.
        assert_eq!(naming.number(2), [2, 3]);
        assert_eq!((naming.number(10), naming.number(7), naming.number(-1)), (&[2][..], &[4][..], &[6][..]));
        assert_eq!((naming.name("10"), naming.name("cat"), naming.name("3")), (&[2][..], &[5][..], &[][..]));
        assert_eq!(naming.number(99), [] as [usize; 0]);
    }

    #[test]
    fn lists_are_numbered_apart() {
        let naming = Naming::new(&[&["a", "b", "c"][..], &["x", "y"]]);
        assert_eq!((naming.number(1), naming.number(2)), (&[1, 4][..], &[2][..]));
        assert_eq!((naming.name("c"), naming.name("y")), (&[2][..], &[4][..]));
    }
}
