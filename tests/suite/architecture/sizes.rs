//! Files and functions stay short.

use super::texts;

/// Names of functions and their numbers of lines, from `fn` to the closing brace, in text formatted by rustfmt.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = &line[..line.len() - code.len()];
        let Some(name) = name(code) else { continue };
        let signature = lines[start..].iter().find(|line| line.ends_with(['{', '}', ';']));
        if signature.is_none_or(|line| line.ends_with(';')) {
            continue;
        }
        let end = format!("{indent}}}");
        let length = if line.ends_with('}') { Some(0) } else { lines[start..].iter().position(|line| *line == end) };
        found.extend(length.map(|length| (name.to_owned(), length + 1)));
    }
    found
}

/// The name of the function that starts on a line.
fn name(code: &str) -> Option<&str> {
    let (before, after) = code.split_once("fn ")?;
    let words = ["pub", "const", "unsafe", "async", "extern", "\"C\"", "pub(super)", "pub(crate)", "pub(in"];
    let known = |word: &str| words.contains(&word) || (word.starts_with("crate::") && word.ends_with(')'));
    before.split_whitespace().all(known).then(|| after.split(['(', '<']).next()).flatten()
}

#[test]
fn no_file_is_over_300_lines_and_no_function_over_60() {
    let mut count = 0;
    let mut long = Vec::new();
    for (path, text) in ["src", "tests", "benches"].into_iter().flat_map(texts) {
        let lines = text.lines().count();
        if lines > 300 {
            long.push(format!("{} has {lines} lines", path.display()));
        }
        for (name, lines) in functions(&text) {
            count += 1;
            if lines > 60 {
                long.push(format!("{}: `{name}` has {lines} lines", path.display()));
            }
        }
    }
    assert!(count > 2000, "only {count} functions were found");
    assert!(long.is_empty(), "split:\n{}", long.join("\n"));
}

#[test]
fn functions_of_every_kind_are_measured() {
    let text = "pub(in crate::run) fn a(\n    x: u8,\n) {\n    b();\n}\n\nimpl X {\n    const fn b() {}\n    fn c<T>() {\n        \
                d();\n    }\n}\ntrait Y {\n    fn e(\n        x: u8,\n    );\n}\n// fn in words\n";
    let found = functions(text);
    assert_eq!(found, [("a", 5), ("b", 1), ("c", 3)].map(|(name, lines)| (name.to_owned(), lines)));
}
