//! Formatting for people: counts, lists, durations, sizes, and the nearest valid name.

use std::cmp::Ordering;

/// `1 file`, `2 files`, `12,000 files`.
pub fn counted(count: usize, singular: &str, plural: &str) -> String {
    format!("{} {}", grouped(count as u64), if count == 1 { singular } else { plural })
}

/// An integer with thousands separators: `11,171,146`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `` `a`, `b` or `c` ``.
pub fn alternatives<T: AsRef<str>>(names: &[T]) -> String {
    joined(names, "or")
}

/// `` `a`, `b` and `c` ``.
pub fn listed<T: AsRef<str>>(names: &[T]) -> String {
    joined(names, "and")
}

fn joined<T: AsRef<str>>(names: &[T], word: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

/// The valid name closest to a mistyped one, if any is close enough.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase().replace('_', "-");
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&typed, &name.to_lowercase().replace('_', "-")), name))
        .filter(|(distance, name)| *distance <= 1.max(name.len().min(typed.len()) / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `0.8 s`, `41 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 10.0 => format!("{seconds:.1} s"),
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// `12 B`, `3.4 MB`, `1.2 GB`, in powers of ten.
pub fn bytes(count: u64) -> String {
    let mut value = count as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 999.5 {
            return if unit == "B" { format!("{count} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

/// A hint for a missing path that starts with an unexpanded `~`.
pub fn tilde(path: &str) -> Option<&'static str> {
    path.starts_with('~').then_some("`~` is not expanded in files or quotes: write the full path")
}

/// A hint for a path that no file here can have: with an unexpanded `~`, or as on Windows.
pub fn foreign_path(path: &str) -> Option<&'static str> {
    let windows =
        (!cfg!(windows) && path.contains('\\')).then_some("it is a path of Windows: write one of this system");
    tilde(path).or(windows)
}

/// Whether two names differ only in that one has its accents as combining characters (Unicode normalization form D, as
/// on macOS). Without a table: the same letters, except those with a combining character.
pub fn composed_otherwise(one: &str, other: &str) -> bool {
    let is_mark = |letter: &char| matches!(letter, '\u{300}'..='\u{36f}');
    let (apart, whole) = if one.contains(|letter: char| is_mark(&letter)) { (one, other) } else { (other, one) };
    let mut letters = apart.chars().peekable();
    let mut marked = false;
    let alike = whole.chars().all(|letter| {
        let own = letters.next();
        let marks = std::iter::from_fn(|| letters.next_if(is_mark)).count();
        marked |= marks > 0;
        if marks > 0 { !letter.is_ascii() } else { own == Some(letter) }
    });
    alike && marked && letters.next().is_none()
}

/// The letters of a name, where those that may be written with combining characters are left open: names that are
/// `composed_otherwise` have the same.
pub fn without_accents(name: &str) -> String {
    let is_mark = |letter: char| matches!(letter, '\u{300}'..='\u{36f}');
    let next = name.chars().skip(1).chain([' ']);
    let letters = name.chars().zip(next).filter(|(letter, _)| !is_mark(*letter));
    letters.map(|(letter, next)| if letter.is_ascii() && !is_mark(next) { letter } else { '?' }).collect()
}

/// Bytes as lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// Text from a file for use in a message: at most 80 characters, with control characters escaped.
pub fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    let shown: String = text.chars().take(LONGEST).collect();
    let rest = if shown.len() < text.len() { "…" } else { "" };
    format!("{}{rest}", escaped(&shown))
}

/// A large count in short form: `0.56 G`, `37.1 M`.
pub fn scaled(count: u64) -> String {
    let value = count as f64;
    match count {
        0..10_000 => grouped(count),
        10_000..10_000_000 => format!("{:.2} M", value / 1e6),
        10_000_000..100_000_000 => format!("{:.1} M", value / 1e6),
        100_000_000..1_000_000_000_000 => format!("{:.2} G", value / 1e9),
        1_000_000_000_000..1_000_000_000_000_000 => format!("{:.2} T", value / 1e12),
        _ => format!("{:.2} P", value / 1e15),
    }
}

/// A text with control and other invisible characters escaped; quotes and backslashes stay as typed.
pub fn escaped(text: &str) -> String {
    let escape = |letter: char| match letter {
        '"' | '\'' | '\\' => letter.to_string(),
        _ => letter.escape_debug().to_string(),
    };
    text.chars().map(escape).collect()
}

/// Whether two texts are the same value: `1e-3` is `0.001`.
pub fn is_same_value(one: &str, other: &str) -> bool {
    one == other
        || matches!((one.parse::<f64>(), other.parse::<f64>()), (Ok(one), Ok(other)) if one.total_cmp(&other).is_eq())
}

/// Compares numbers by value; numbers come before words.
pub fn natural(one: &str, other: &str) -> Ordering {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => one.total_cmp(&other),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => one.cmp(other),
    }
}

/// A word for a POSIX shell, quoted if needed.
pub fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:,+%@".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_by_value_and_words_are_quoted() {
        assert_eq!(natural("9", "10"), Ordering::Less);
        assert_eq!(natural("9", "all"), Ordering::Less);
        assert_eq!(quoted("sweep.axes.seed=[1, 2]"), "'sweep.axes.seed=[1, 2]'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }

    #[test]
    fn numbers_are_formatted() {
        let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (11_171_146, "11,171,146")];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!(counted(1200, "file", "files"), "1,200 files");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(2_500_000), "2.5 MB");
        assert_eq!(duration(200.4), "3 min 20 s");
        assert_eq!(duration(0.84), "0.8 s");
        assert_eq!(scaled(555_000_000), "0.56 G");
    }

    #[test]
    fn quoted_text_is_escaped_and_shortened() {
        assert_eq!(shortened("a\tb\0"), "a\\tb\\0");
        assert_eq!(escaped("it's \"so\" \\ \n"), "it's \"so\" \\ \\n");
        assert_eq!(shortened(&"ä".repeat(80)), "ä".repeat(80));
        assert_eq!(shortened(&"ä".repeat(81)), format!("{}…", "ä".repeat(80)));
    }

    #[test]
    fn decomposed_accents_match_composed_ones() {
        let apart = "cafe\u{301} nin\u{303}o";
        assert!(composed_otherwise(apart, "caf\u{e9} ni\u{f1}o") && composed_otherwise("caf\u{e9} ni\u{f1}o", apart));
        for other in [apart, "cafe nino", "caf\u{e9} nin", "caf\u{e9} ni\u{f1}os", "bar\u{e9} ni\u{f1}o", ""] {
            assert!(!composed_otherwise(apart, other), "{other}");
        }
        assert_eq!(without_accents(apart), without_accents("caf\u{e9} ni\u{f1}o"));
        assert_ne!(without_accents(apart), without_accents("cafe nino"));
    }

    #[test]
    fn lists_are_formatted() {
        assert_eq!(alternatives::<&str>(&[]), "");
        assert_eq!(alternatives(&["a"]), "`a`");
        assert_eq!(alternatives(&["a", "b", "c"]), "`a`, `b` or `c`");
    }

    #[test]
    fn the_nearest_name_is_found() {
        let names = ["epochs", "steps", "learning_rate"];
        assert_eq!(nearest("epoch", names), Some("epochs"));
        assert_eq!(nearest("learning-rate", names), Some("learning_rate"));
        assert_eq!(nearest("lerning_rte", names), Some("learning_rate"));
        assert_eq!(nearest("momentum", names), None);
    }
}
