//! `freezewise doctor`.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use super::options::DataRoot;
use crate::catalogue::Dataset;
use crate::data;
use crate::error::Exit;
use crate::native::{self, Nature};
use crate::output::{self, Table};
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    data: DataRoot,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let mut table = Table::new(&["what<", "found<"]);
    table.row(["freezewise", env!("CARGO_PKG_VERSION")]);
    table.row(["libtorch", &libtorch()]);
    table.row(["CPU threads", &native::thread_count(None).to_string()]);
    table.row(["CPU arithmetic", &arithmetic()]);
    for (what, found) in cuda() {
        table.row([what, found]);
    }
    for dataset in Dataset::ALL.into_iter().filter(|dataset| dataset.entry().is_some()) {
        table.row([dataset.name(), &files(dataset, &arguments.data.data)]);
    }
    output::data(&table.to_string())?;
    Ok(Exit::Complete)
}

fn libtorch() -> String {
    let place =
        native::libtorch_place().map_or_else(|| "an unknown place".to_owned(), |path| path.display().to_string());
    format!("{} in {place}", native::LIBTORCH)
}

/// What of the CPU's instructions decides the speed and the last bits.
fn arithmetic() -> String {
    let has = native::cpu_features();
    if has.is_empty() { "no vector instructions that libtorch uses".into() } else { has.join(", ") }
}

fn cuda() -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |what: &str, found: String| rows.push((what.to_owned(), found));
    let driver = native::driver_answers();
    row("NVIDIA driver", if driver { "answers".into() } else { "none answers: runs use the CPU".into() });
    let plugin = native::plugin_path().map_or_else(|| "not found".into(), |path| path.display().to_string());
    row("CUDA plugin", plugin);
    if driver || native::plugin_is_named() {
        match native::cuda_devices() {
            Ok(devices) => {
                for (index, device) in devices.iter().enumerate() {
                    let (major, minor) = device.capability;
                    let memory = text::bytes(device.memory_bytes);
                    let nature = match device.nature {
                        Nature::Gpu => "",
                        Nature::StandIn => ": no GPU, for tests alone",
                    };
                    let facts = format!("{}{nature}, {memory}, capability {major}.{minor}", device.name);
                    row(&format!("cuda:{index}"), facts);
                }
                let cudnn = devices.first().and_then(native::cudnn_version);
                row("cuDNN", cudnn.unwrap_or_else(|| "none".into()));
            }
            Err(error) => {
                row("CUDA", error.to_string());
                error.hints().iter().for_each(|hint| row("", hint.clone()));
            }
        }
    }
    rows
}

fn files(dataset: Dataset, root: &Path) -> String {
    match data::find(dataset, root) {
        Some(path) => path.display().to_string(),
        None => format!("not in {}", root.display()),
    }
}
