//! `freezewise doctor`: what this machine has, what is wrong with it, and what to do.
//!
//! It calls the same functions as `freezewise run`, so that the two agree.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use super::options::DataRoot;
use crate::catalogue::Dataset;
use crate::data;
use crate::error::{Exit, UserError};
use crate::native::{self, DeviceFacts, Driver, Nature};
use crate::output::{self, Table};
use crate::spec::DeviceChoice;
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    data: DataRoot,
}

/// A table of what was found, and the problems with their hints.
struct Findings {
    table: Table,
    problems: Vec<(String, Vec<String>)>,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let mut findings = Findings { table: Table::new(&["what<", "found<"]), problems: Vec::new() };
    findings.row("freezewise", env!("CARGO_PKG_VERSION"));
    findings.row("libtorch", &libtorch());
    findings.threads();
    findings.row("CPU arithmetic", &arithmetic());
    findings.gpus();
    for dataset in Dataset::ALL.into_iter().filter(|dataset| dataset.entry().is_some()) {
        findings.row(dataset.name(), &files(dataset, &arguments.data.data));
    }
    output::data(&findings.shown())?;
    Ok(Exit::Complete)
}

impl Findings {
    fn row(&mut self, what: &str, found: &str) {
        self.table.row([what, found]);
    }

    fn problem(&mut self, error: &UserError) {
        self.problems.push((error.to_string(), error.hints().to_vec()));
    }

    fn threads(&mut self) {
        match native::compute_threads(None) {
            Ok(threads) => {
                self.row("CPU threads", &threads.count.to_string());
                self.problems.extend(threads.note.map(|note| (note, Vec::new())));
            }
            Err(error) => {
                self.row("CPU threads", "error, see below");
                self.problem(&error);
            }
        }
    }

    fn gpus(&mut self) {
        let driver = Driver::find();
        self.row("NVIDIA driver", &described(&driver));
        let plugin = native::plugin_path().map_or_else(|| "not found".into(), |path| path.display().to_string());
        self.row("CUDA plugin", &plugin);
        if !driver.has_no_gpu() || native::plugin_is_named() {
            match native::cuda_devices(&driver) {
                Ok(devices) => self.devices(&devices),
                Err(error) => self.problem(&error.hint("use the CPU with `--set device=cpu`")),
            }
        }
        match native::choose(DeviceChoice::Auto) {
            Ok(chosen) => self.row("`device = \"auto\"`", &chosen.name),
            Err(_) => self.row("`device = \"auto\"`", "error, see below"),
        }
    }

    fn devices(&mut self, devices: &[DeviceFacts]) {
        for (index, device) in devices.iter().enumerate() {
            let (major, minor) = device.capability;
            let memory = text::bytes(device.memory_bytes);
            let nature = match device.nature {
                Nature::Gpu => "",
                Nature::StandIn => ": not a GPU, for tests only",
            };
            let facts = format!("{}{nature}, {memory}, capability {major}.{minor}", device.name);
            self.row(&format!("cuda:{index}"), &facts);
        }
        let cudnn = devices.first().and_then(native::cudnn_version);
        self.row("cuDNN", &cudnn.unwrap_or_else(|| "none".into()));
    }

    fn shown(&self) -> String {
        let mut lines = vec![self.table.to_string()];
        for (problem, hints) in &self.problems {
            lines.push(format!("\nproblem: {problem}"));
            lines.extend(hints.iter().map(|hint| format!("  {hint}")));
        }
        if self.problems.is_empty() {
            lines.push("\nno problems found".to_owned());
        }
        lines.join("\n")
    }
}

fn libtorch() -> String {
    let place =
        native::libtorch_place().map_or_else(|| "an unknown place".to_owned(), |path| path.display().to_string());
    let cuda = native::libtorch_cuda().map_or_else(|| "without CUDA".to_owned(), |cuda| format!("for CUDA {cuda}"));
    format!("{} {cuda}, in {place}", native::LIBTORCH)
}

/// The vector instructions that decide speed and the last bits of results.
fn arithmetic() -> String {
    let has = native::cpu_features();
    if has.is_empty() { "no vector instructions that libtorch uses".into() } else { has.join(", ") }
}

fn described(driver: &Driver) -> String {
    match driver {
        Driver::Absent => "none".into(),
        Driver::Broken(cause) => cause.clone(),
        Driver::Present { cuda, gpus } if gpus.is_empty() => format!("for CUDA {cuda}, shows no GPU"),
        Driver::Present { cuda, gpus } => {
            let gpus: Vec<String> = gpus
                .iter()
                .map(|gpu| format!("{} (capability {}.{})", gpu.name, gpu.capability.0, gpu.capability.1))
                .collect();
            format!("for CUDA {cuda}, shows {}", gpus.join(", "))
        }
    }
}

fn files(dataset: Dataset, root: &Path) -> String {
    match data::find(dataset, root) {
        Some(path) => path.display().to_string(),
        None => format!("not in {}", root.display()),
    }
}
