//! `freezewise data preview`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::super::options::{DataRoot, SpecArguments, path};
use crate::data::TaskData;
use crate::error::{Exit, UserError};
use crate::figure::sheet::{Example, Section, contact_sheet};
use crate::files;
use crate::output;
use crate::spec::{Normalise, Source, Task};
use crate::text;
use crate::train::seen;

/// Epochs whose augmentation is shown.
const EPOCHS: [u64; 2] = [1, 2];

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,

    #[command(flatten)]
    data: DataRoot,

    /// Picture to write, a .png file
    #[arg(long, value_name = "FILE", value_parser = path())]
    out: PathBuf,

    /// How many training examples of each task to show, from the first
    #[arg(long, value_name = "N", default_value = "24", value_parser = clap::value_parser!(u16).range(1..=400))]
    examples: u16,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    if arguments.out.extension().is_none_or(|extension| extension != "png") {
        let message = format!("expected a file that ends in `.png`, found `{}`", arguments.out.display());
        return Err(UserError::usage(message).into());
    }
    let experiment = arguments.spec.load(&arguments.data)?.experiment;
    let mut sections = Vec::new();
    let mut of_source = None;
    if let Some(Source::Task(task)) = &experiment.source {
        let data = arguments.data.load(&experiment, task)?;
        of_source = Some(data.normalisation.clone());
        sections.push(section("source", task, data, arguments.examples)?);
    }
    let target = &experiment.target;
    let mut data = arguments.data.load(&experiment, target)?;
    if let Some(normalisation) = of_source.filter(|_| target.normalise == Normalise::Source) {
        data.normalisation = normalisation;
    }
    sections.push(section("target", target, data, arguments.examples)?);
    files::write_atomically(&arguments.out, &contact_sheet(&sections)?)?;
    output::data(&arguments.out.display().to_string())?;
    Ok(Exit::Complete)
}

fn section(name: &str, task: &Task, mut data: TaskData, examples: u16) -> Result<Section> {
    let (total, shape) = (data.train.count(), data.train.shape);
    let count = usize::from(examples).min(total);
    let whole = data.train.pixels.chunks_exact(shape.elements()).take(count);
    let mut rows = vec!["original".to_owned()];
    let mut images: Vec<Vec<Vec<u8>>> = whole.map(|image| vec![image.to_vec()]).collect();
    if task.training.augmentation.is_some() {
        rows.extend(EPOCHS.map(|epoch| format!("epoch {epoch}")));
        let all = data.train.hand_over();
        for seen in seen(all, &data.normalisation, &task.training, task.seeds, &EPOCHS, count)? {
            images.iter_mut().zip(seen).for_each(|(images, seen)| images.push(seen));
        }
    }
    let class = |label: u16| data.classes[usize::from(label)].clone();
    let example = |(index, images): (usize, Vec<Vec<u8>>)| {
        let (given, truth) = (data.train_labels.given[index], data.train.labels[index]);
        let truth = data.train_labels.corrupted[index].then(|| class(truth));
        Example { images, label: class(given), truth }
    };
    let noise = match data.train_labels.corrupted_count() {
        0 => String::new(),
        _ => format!(", {:.1}% of labels wrong", data.train_labels.realised_fraction() * 100.0),
    };
    let total = text::counted(total, "training example", "training examples");
    Ok(Section {
        title: format!("{name}: {}, {count} of {total}{noise}", task.data.name()),
        shape,
        rows,
        examples: images.into_iter().enumerate().map(example).collect(),
    })
}
