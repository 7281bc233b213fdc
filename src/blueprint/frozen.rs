//! The set of frozen layers. It can be any set; its leading part needs no gradient at all.

/// A set of frozen layers, by position in the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenSet(Vec<bool>);

impl FrozenSet {
    /// The first `count` of `freezable` layers.
    pub fn first(count: usize, freezable: usize) -> Self {
        Self((0..freezable).map(|layer| layer < count).collect())
    }

    /// The layers whose names match one of the patterns, where `*` matches any characters. The error is a pattern that
    /// matches nothing.
    pub fn matching<'a>(patterns: &'a [String], names: &[&str]) -> Result<Self, &'a str> {
        let useless = patterns.iter().find(|pattern| !names.iter().any(|name| matches(pattern, name)));
        match useless {
            Some(pattern) => Err(pattern),
            None => Ok(Self(names.iter().map(|name| patterns.iter().any(|pattern| matches(pattern, name))).collect())),
        }
    }

    /// Whether a layer is frozen; the head never is.
    pub fn has(&self, layer: usize) -> bool {
        self.0.get(layer).copied().unwrap_or(false)
    }

    /// Number of frozen layers.
    pub fn count(&self) -> usize {
        self.0.iter().filter(|&&frozen| frozen).count()
    }

    /// Whether all freezable layers are frozen.
    pub fn is_all(&self) -> bool {
        self.0.iter().all(|&frozen| frozen)
    }

    /// Number of frozen layers before the first one that trains.
    pub fn leading(&self) -> usize {
        self.0.iter().take_while(|&&frozen| frozen).count()
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name
            .strip_prefix(start)
            .is_some_and(|tail| tail.char_indices().any(|(at, _)| matches(rest, &tail[at..])) || matches(rest, "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["stem", "layer1.0", "layer1.1", "layer3.0", "layer3.1"];

    fn set(patterns: &[&str]) -> Result<Vec<usize>, String> {
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let set = FrozenSet::matching(&patterns, &NAMES).map_err(str::to_owned)?;
        Ok((0..NAMES.len()).filter(|&layer| set.has(layer)).collect())
    }

    #[test]
    fn patterns_pick_layers_by_name() {
        assert_eq!(set(&["stem", "layer3.*"]), Ok(vec![0, 3, 4]));
        assert_eq!(set(&["*.0"]), Ok(vec![1, 3]));
        assert_eq!(set(&["*"]), Ok(vec![0, 1, 2, 3, 4]));
        assert_eq!(set(&["l*r1.*1"]), Ok(vec![2]));
        assert_eq!(set(&["stem*"]), Ok(vec![0]));
        assert_eq!(set(&["stem", "layer2.*"]), Err("layer2.*".into()));
        assert_eq!(set(&["layer3"]), Err("layer3".into()));
    }

    #[test]
    fn only_the_leading_part_is_a_prefix() {
        let patterns = ["stem".to_owned(), "layer1.0".to_owned(), "layer3.1".to_owned()];
        let set = FrozenSet::matching(&patterns, &NAMES).expect("every pattern matches");
        assert_eq!((set.count(), set.leading()), (3, 2));
        assert!(set.has(4) && !set.has(5));
        let first = FrozenSet::first(2, 5);
        assert_eq!((first.count(), first.leading()), (2, 2));
    }
}
