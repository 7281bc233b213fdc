//! The text of a starter spec. It runs unchanged; lines that start with `# key =` are valid without the `# `.

use anyhow::Result;
use std::fmt::Write as _;

use super::task::StarterTask;
use crate::blueprint::{Blueprint, Granularity, ImageShape};
use crate::catalogue::{Dataset, fetch_command};
use crate::error::UserError;
use crate::spec;

/// The file of the JSON schema, beside the spec.
pub(super) const SCHEMA: &str = "freezewise.schema.json";

/// What a starter spec is about.
#[derive(Debug)]
pub(super) struct Starter<'a> {
    pub(super) name: &'a str,
    pub(super) architecture: &'a str,
    pub(super) source: Option<StarterTask>,
    pub(super) target: StarterTask,
    pub(super) sweep: bool,
}

impl Starter<'_> {
    /// The command that runs it.
    pub(super) fn command(&self) -> String {
        format!("freezewise {} {}.toml", if self.sweep { "sweep" } else { "run" }, self.name)
    }

    /// The spec.
    pub(super) fn text(&self) -> Result<String> {
        let source = self.source.map_or_else(String::new, StarterTask::tables);
        let parts = [self.header(), self.images(), self.network()?, source, self.target.tables(), self.transfer()?];
        let rest = [EVALUATION, self.similarity(), &self.axes()?].concat();
        Ok(aligned(&(parts.concat() + &rest)))
    }

    fn header(&self) -> String {
        let target = self.target.called();
        let what = match self.source.map(StarterTask::called) {
            Some(source) if source == target => format!("Pretrain on {source}, freeze layers, fine-tune on another"),
            Some(source) => format!("Pretrain on {source}, freeze layers, fine-tune on {target}"),
            None => format!("Train from scratch on {target}"),
        };
        let file = format!("{}.toml", self.name);
        let commands = [
            (format!("freezewise check {file}"), "every mistake at once"),
            (format!("freezewise describe {file}"), "layers, costs, and what trains at each k"),
            (self.command(), "the same command resumes it"),
        ];
        let widest = commands.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
        let lines: String = commands
            .iter()
            .map(|(command, what)| format!("#     {command:widest$}  # {what}\n"))
            .collect::<Vec<_>>()
            .concat();
        format!(
            "#:schema ./{SCHEMA}\n# {what}.\n#\n{lines}#\n{}\
             # `freezewise schema --markdown` explains every key and its default.\n\n",
            self.data()
        )
    }

    /// How to get the data sets.
    fn data(&self) -> String {
        self.fetch().map_or_else(String::new, |fetch| format!("# `{fetch}` downloads its data.\n"))
    }

    /// The command that downloads the data sets, if there are any to download.
    pub(super) fn fetch(&self) -> Option<String> {
        let tasks = self.source.into_iter().chain([self.target]);
        let mut names: Vec<&str> = tasks.filter_map(|task| task.dataset.entry()).map(|entry| entry.name).collect();
        names.dedup();
        (!names.is_empty()).then(|| fetch_command(&names))
    }

    fn side(&self) -> usize {
        let detailed = self.target.is_detailed() || self.source.is_some_and(StarterTask::is_detailed);
        if detailed { 32 } else { 16 }
    }

    fn images(&self) -> String {
        let mut text = format!("image_size = {}  # pixels; the images of both tasks are resized to it\n", self.side());
        let channels = self.target.channels();
        let agree = channels.is_some() && self.source.is_none_or(|source| source.channels() == channels);
        if !agree {
            text += "channels = 3  # 1 converts all images to grey\n";
        }
        if !self.sweep {
            text += "# seed = 1  # 0 is the default\n";
        }
        text + "# device = \"cpu\"  # the default is a GPU if there is one\n"
    }

    fn network(&self) -> Result<String> {
        let mut text = format!("\n[network]\narchitecture = \"{}\"\n", self.architecture);
        for (key, value, meaning) in spec::architecture(self.architecture, &[])?.family().quick_sizes() {
            let _ = writeln!(text, "{key} = {value}  # {meaning}");
        }
        Ok(text)
    }

    /// How many layers can be frozen.
    fn layers(&self) -> Result<usize> {
        let published = spec::architecture(self.architecture, &[])?;
        let sizes: Vec<String> =
            published.family().quick_sizes().iter().map(|(key, value, _)| format!("network.{key}={value}")).collect();
        let side = self.side();
        let image = ImageShape { channels: 3, height: side, width: side };
        let network = spec::architecture(self.architecture, &sizes)?;
        let blueprint = Blueprint::new(&network, Granularity::Block, image, 10);
        Ok(blueprint.map_err(|error| UserError::new(error.message).hint(error.hint))?.layers.len())
    }

    fn transfer(&self) -> Result<String> {
        let layers = self.layers()?;
        let mut text = "\n[transfer]\n".to_owned();
        if self.sweep {
            text += "# unfrozen_init = \"random\"  # initialise the layers after k randomly\n";
        } else if self.source.is_some() {
            let half = layers / 2;
            let _ = writeln!(text, "frozen_layers = {half}  # k, of {layers}; \"all\" trains only the head");
            text += "# unfrozen_init = \"random\"  # initialise the layers after k randomly\n";
        } else {
            let _ = writeln!(text, "frozen_layers = 0  # k, of {layers}; without a source, frozen layers are random");
        }
        Ok(text)
    }

    fn similarity(&self) -> &'static str {
        match self.source {
            Some(source) if [source, self.target].iter().all(|task| task.dataset == Dataset::Synthetic) => {
                "\n[synthetic]\nlatent_similarity = 0.9  # how similar the two tasks are, from 0 to 1\n"
            }
            _ => "",
        }
    }

    fn axes(&self) -> Result<String> {
        if !self.sweep {
            return Ok(String::new());
        }
        let half = self.layers()? / 2;
        let axes = format!(
            "[sweep.axes]  # each combination is a run\n\
             transfer.frozen_layers = [0, {half}, \"all\"]  # k; or \"all-values\"\n\
             seed = [0, 1]  # a claim needs eight\n"
        );
        let claim = format!("{STATED}# peak = {half}\n# later_valley = 0\n");
        Ok(match self.source {
            Some(_) => format!("{claim}\n[sweep]\n{OWN_SOURCES}\n{axes}seeds.source = [0, 1]\n"),
            None => format!("{claim}\n{axes}"),
        })
    }
}

const EVALUATION: &str =
    "\n# [evaluate]\n# every = \"log\"  # measure errors after log-spaced epochs; the default is every epoch\n";

/// The start of a claim over frozen layers.
const STATED: &str = "\n# A claim must be stated before the first run. Find its places in a pilot with seeds that you do not use again.\n\
    # [[report.claims]]\n# kind = \"frozen-layers\"\n# first_valley = \"all\"\n";

const OWN_SOURCES: &str = "zip = [[\"seed\", \"seeds.source\"]]  # each seed has its own source\n";

/// Aligns the comments behind keys in one column.
fn aligned(text: &str) -> String {
    let parts: Vec<(&str, Option<&str>)> = text.lines().map(split).collect();
    let column = parts.iter().filter(|(_, comment)| comment.is_some()).map(|(key, _)| key.len()).max().unwrap_or(0);
    let line = |(key, comment): &(&str, Option<&str>)| match comment {
        Some(comment) => format!("{key:column$}  # {comment}\n"),
        None => format!("{key}\n"),
    };
    parts.iter().map(line).collect()
}

/// A line and the comment behind it. The commands of the header have their own column.
fn split(line: &str) -> (&str, Option<&str>) {
    match line.rsplit_once("  # ") {
        Some((key, comment)) if !line.starts_with("#     ") => (key, Some(comment)),
        _ => (line, None),
    }
}
