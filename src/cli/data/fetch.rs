//! `freezewise data fetch`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use super::super::options::DataRoot;
use super::named;
use crate::catalogue::{CatalogueEntry, Published};
use crate::data::fetch::{FetchOutcome, FetchRequest, Patience, fetch, unpack};
use crate::data::{held, unpacks_to};
use crate::error::{Exit, UserError};
use crate::output::{self, FetchBar};
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Data sets, by their names in `freezewise data list`
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,

    #[command(flatten)]
    data: DataRoot,

    /// Use no network: report which files are here, and where to download the others
    #[arg(long)]
    offline: bool,

    /// Download from this mirror instead of the publisher; the checksums must still match
    #[arg(long, value_name = "URL", value_parser = server)]
    from: Option<String>,
}

fn server(typed: &str) -> Result<String, String> {
    if typed.starts_with("http://") || typed.starts_with("https://") {
        return Ok(typed.to_owned());
    }
    Err("expected a URL that starts with `http://` or `https://`".to_owned())
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let entries: Vec<&CatalogueEntry> = arguments.names.iter().map(|name| Ok(named(name)?.1)).collect::<Result<_>>()?;
    for entry in entries {
        arguments.fetch(entry).with_context(|| format!("cannot fetch {}", entry.title))?;
    }
    Ok(Exit::Complete)
}

impl Arguments {
    fn fetch(&self, entry: &'static CatalogueEntry) -> Result<()> {
        let root = &self.data.data;
        let mut missing = Vec::new();
        for file in entry.files {
            match held(entry, file, root) {
                Some(path) if path != root.join(file.path) => {
                    output::data(&format!("{}: already here", path.display()))?;
                }
                _ if self.offline && !root.join(file.path).exists() => missing.push(file),
                _ => {
                    let target = self.fetch_file(file)?;
                    // Image files are read one by one, so the archive must be unpacked.
                    if let Some(folder) = unpacks_to(entry) {
                        unpacked(&target, folder)?;
                    }
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let what = text::counted(missing.len(), "file is", "files are");
        let error = UserError::new(format!("{what} missing, and `--offline` downloads nothing"));
        let bring = |error: UserError, file: &&Published| {
            let url = file.urls.first().copied().unwrap_or_default();
            error.hint(format!("download {url} to {}", root.join(file.path).display()))
        };
        Err(missing.iter().fold(error, bring).into())
    }

    fn fetch_file(&self, file: &Published) -> Result<PathBuf> {
        let target = self.data.data.join(file.path);
        let name = file.path.rsplit('/').next().unwrap_or(file.path);
        let urls = match &self.from {
            Some(place) => vec![format!("{}/{name}", place.trim_end_matches('/'))],
            None => file.urls.iter().map(ToString::to_string).collect(),
        };
        let wanted = FetchRequest { urls, bytes: file.bytes, checksum: file.checksum, origin: file.origin };
        let mut bar = FetchBar::new(name);
        let outcome = fetch(&wanted, &target, Patience::default(), &mut |done, total| bar.show(done, total));
        bar.end();
        let checked = format!("{} matches {}", file.checksum.name(), file.origin);
        let said = match outcome? {
            FetchOutcome::Already => format!("{}: already here, {checked}", target.display()),
            FetchOutcome::Fetched(bytes) => {
                format!("{}: downloaded {}, {checked}", target.display(), text::bytes(bytes))
            }
        };
        output::data(&said)?;
        Ok(target)
    }
}

/// Unpacks an archive into its own folder.
fn unpacked(archive: &Path, folder: &str) -> Result<()> {
    let mut bar = FetchBar::of_files(folder);
    let done = unpack(archive, folder, &mut |done, total| bar.show(done, total));
    bar.end();
    done?;
    output::data(&format!("{}: unpacked", archive.with_file_name(folder).display()))?;
    Ok(())
}
