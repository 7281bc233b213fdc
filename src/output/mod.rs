//! The only module that writes to the terminal. Results go to stdout, everything else to stderr.

mod drawing;
mod fetch;
mod progress;
mod reading;
mod sweep;
mod table;

use std::borrow::Cow;
use std::io::{ErrorKind, Write};

pub use drawing::{check_redraws, drawing, drawn, redraw};
pub use fetch::FetchBar;
pub use progress::Progress;
pub use reading::ReadingBar;
pub use sweep::SweepView;
pub use table::Table;

/// Prints a result to stdout. A closed pipe, as behind `head`, is not an error.
pub fn data(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", plain(text.trim_end_matches('\n'))).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| std::io::Error::new(error.kind(), format!("cannot write to stdout: {error}"))),
    }
}

/// Prints a message to stderr. Errors are ignored: there is nowhere to report them.
pub fn talk(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", plain(text.trim_end_matches('\n')));
}

/// Escapes control characters, which a terminal would obey: names come from files, and files from anywhere.
fn plain(text: &str) -> Cow<'_, str> {
    // Also letters that change the direction of text, which could make a name appear in another order.
    let turns = |letter: char| matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let obeyed = |letter: char| turns(letter) || letter.is_control() && !matches!(letter, '\n' | '\t');
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let shown = |letter: char| if obeyed(letter) { letter.escape_default().to_string() } else { letter.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(super::plain("a\tb\né"), "a\tb\né");
        assert_eq!(super::plain("\u{1b}[2J\r\u{9b}"), "\\u{1b}[2J\\r\\u{9b}");
        assert_eq!(super::plain("a\u{202e}b"), "a\\u{202e}b");
    }
}
