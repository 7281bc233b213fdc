//! `freezewise man`.

use anyhow::Result;
use clap::{Args, CommandFactory};

use crate::error::{Exit, UserError};
use crate::output;
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A command, for its own page [default: the page of the whole program]
    command: Option<String>,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let mut program = super::Arguments::command();
    program.build();
    let page = match &arguments.command {
        None => program,
        Some(name) => {
            let names: Vec<String> = program.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
            let found = program.find_subcommand(name).cloned();
            found.ok_or_else(|| {
                UserError::usage(format!("`{name}` is not a command"))
                    .hint(format!("commands: {}", text::alternatives(&names)))
            })?
        }
    };
    let mut roff = Vec::new();
    clap_mangen::Man::new(page).render(&mut roff)?;
    output::data(&String::from_utf8(roff)?)?;
    Ok(Exit::Complete)
}
