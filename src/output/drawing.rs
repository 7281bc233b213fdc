//! Draws panels in the terminal, at its size.

use std::io::{ErrorKind, IsTerminal, Write};

use anyhow::Result;

use crate::environment;
use crate::error::UserError;
use crate::figure::Panel;
use crate::figure::terminal::{Charset, Screen, draw};

/// Default width, if the terminal's is unknown.
const COLUMNS: usize = 80;
/// Default height; a plot need not fill a tall terminal.
const ROWS: usize = 20;

/// The stream that a drawing goes to.
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

/// Braille if the locale is UTF-8, otherwise ASCII.
fn charset() -> Charset {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(environment::text).unwrap_or_default();
    let name = locale.to_lowercase().replace('-', "");
    // No locale at all, as in a container, says nothing: assume UTF-8.
    if locale.is_empty() || name.contains("utf8") { Charset::Braille } else { Charset::Ascii }
}

/// A panel as text for stderr.
pub fn drawn(panel: &Panel) -> String {
    // `talk` escapes control characters, which colours need.
    draw(panel, &Screen { colour: false, ..screen(Destination::Talk) })
}

/// Draws a panel on stdout.
pub fn drawing(panel: &Panel) -> Result<()> {
    print(&format!("{}\n", draw(panel, &screen(Destination::Data))))
}

/// An error if stdout is not a terminal, where a drawing could not be replaced.
pub fn check_redraws() -> Result<(), UserError> {
    if Destination::Data.is_terminal() {
        return Ok(());
    }
    Err(UserError::usage("`--follow` needs a terminal on stdout"))
}

/// Clears the terminal and draws a panel.
pub fn redraw(panel: &Panel) -> Result<()> {
    print(&format!("\u{1b}[H\u{1b}[2J{}\n", draw(panel, &screen(Destination::Data))))
}

/// Prints a drawing with its colours; control characters in names were escaped when it was drawn.
fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
