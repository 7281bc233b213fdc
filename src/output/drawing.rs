//! Panels drawn in the terminal, as large as it is.

use std::io::{ErrorKind, IsTerminal, Write};

use anyhow::Result;

use crate::environment;
use crate::error::UserError;
use crate::figure::Panel;
use crate::figure::terminal::{Charset, Screen, draw};

/// Where nobody tells how large the terminal is.
const COLUMNS: usize = 80;
/// A plot need not fill a tall terminal.
const ROWS: usize = 20;

/// Which of the two streams a drawing goes to.
#[derive(Clone, Copy)]
enum Destination {
    Data,
    Talk,
}

impl Destination {
    fn is_terminal(self) -> bool {
        match self {
            Self::Data => std::io::stdout().is_terminal(),
            Self::Talk => std::io::stderr().is_terminal(),
        }
    }
}

fn screen(stream: Destination) -> Screen {
    let is_terminal = stream.is_terminal();
    let size = terminal_size::terminal_size().filter(|_| is_terminal);
    let (width, height) = size.map_or((COLUMNS, ROWS), |(width, height)| {
        (usize::from(width.0).min(120), usize::from(height.0).saturating_sub(4).clamp(8, 30))
    });
    Screen { width, height, charset: charset(), colour: is_terminal && environment::text("NO_COLOR").is_none() }
}

/// Braille where the locale says that there is Unicode.
fn charset() -> Charset {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(environment::text).unwrap_or_default();
    let name = locale.to_lowercase().replace('-', "");
    // No locale at all, as in a container, is no statement.
    if locale.is_empty() || name.contains("utf8") { Charset::Braille } else { Charset::Ascii }
}

/// A panel as text, for what is said to people on stderr.
pub fn drawn(panel: &Panel) -> String {
    // What is said there is freed of control characters, and with them of colours.
    draw(panel, &Screen { colour: false, ..screen(Destination::Talk) })
}

/// Draws a panel on stdout.
pub fn drawing(panel: &Panel) -> Result<()> {
    print(&format!("{}\n", draw(panel, &screen(Destination::Data))))
}

/// An error where stdout is no terminal on which a drawing can be replaced.
pub fn check_redraws() -> Result<(), UserError> {
    if Destination::Data.is_terminal() {
        return Ok(());
    }
    Err(UserError::usage("`--follow` draws again and again, for which stdout must be a terminal"))
}

/// Draws a panel in place of what the terminal shows.
pub fn redraw(panel: &Panel) -> Result<()> {
    print(&format!("\u{1b}[H\u{1b}[2J{}\n", draw(panel, &screen(Destination::Data))))
}

/// Prints what a drawing is made of, colours included: names in it were made plain when it was drawn.
fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
