//! Similarity of the trained source to the network before pretraining and after fine-tuning, by layer, with a panel for
//! each source.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::plotted::{NumberTable, Plotted};
use crate::figure::{AxisRange, ChartAxis, Extent, Figure, Panel, Scale, Series, ValueFormat};
use crate::report::read::{LayerCka, SimilarityFacts};
use crate::report::setting::{ComparedSettings, SeedGroup, Setting};

/// More panels do not fit on a page.
const MOST_PANELS: usize = 6;
/// More lines in one plot cannot be told apart.
const MOST_LINES: usize = 5;

/// The figure, if `freezewise similarity` was run for any run.
pub(super) fn of(settings: &ComparedSettings) -> Option<Plotted> {
    let sources: Vec<ComparedSource> = settings.all.iter().filter_map(ComparedSource::of).collect();
    if sources.is_empty() {
        return None;
    }
    let panels: Vec<Panel> = sources.iter().take(MOST_PANELS).map(ComparedSource::panel).collect();
    let title = "Similarity of source and target, by layer".to_owned();
    let mut figure = Figure::new(title.clone(), Extent::two_columns(), panels);
    figure.columns = 3;
    figure.description = String::from("Lines of centred kernel alignment over layers, a panel for each source.");
    let mut data = NumberTable::new(&[
        "setting",
        "source",
        "frozen_layers",
        "runs",
        "layer",
        "network",
        "cka",
        "frechet_share",
        "leep",
    ]);
    for source in &sources {
        source.table(&mut data);
    }
    let rest = sources.len().saturating_sub(MOST_PANELS);
    let mut caption = "CKA of the trained source's features with those of the network before pretraining, and after fine-tuning \
                       with k layers frozen; means over runs. Fréchet: distance of the features of source and target, as a \
                       share of their variance."
        .to_owned();
    if rest > 0 {
        let _ = write!(caption, " {rest} more are in the data.");
    }
    Some(Plotted { id: "similarity".to_owned(), title, caption, figure, data })
}

/// A network that the source is compared with, and its alignment at each layer.
type AlignmentLine = (String, Vec<f64>);

/// The measurements of one setting.
struct ComparedSource<'a> {
    setting: &'a Setting,
    name: String,
    layers: Vec<String>,
    lines: Vec<(String, usize, AlignmentLine)>,
    frechet: Option<f64>,
    leep: Option<f64>,
}

impl<'a> ComparedSource<'a> {
    /// `None` if no run of the setting was compared, or their layers differ.
    fn of(setting: &'a Setting) -> Option<Self> {
        let facts = |cell: &SeedGroup| -> Vec<SimilarityFacts> {
            cell.runs.iter().filter_map(|run| run.similarity.clone()).collect()
        };
        let by_layers: BTreeMap<usize, (String, Vec<SimilarityFacts>)> = setting
            .cells
            .iter()
            .map(|cell| (cell.frozen.count, (cell.frozen.short(), facts(cell))))
            .filter(|(_, (_, facts))| !facts.is_empty())
            .collect();
        let all: Vec<&SimilarityFacts> = by_layers.values().flat_map(|(_, facts)| facts).collect();
        let first = all.first()?;
        let layers: Vec<String> = first.layers.iter().map(|layer| layer.layer.clone()).collect();
        let alike = |facts: &SimilarityFacts| facts.layers.iter().map(|layer| &layer.layer).eq(layers.iter());
        if layers.is_empty() || !all.iter().all(|facts| alike(facts)) {
            return None;
        }
        let fresh = mean_line(&all, |layer| layer.fresh.map(|fresh| fresh.debiased));
        let mut lines: Vec<(String, usize, AlignmentLine)> = Vec::new();
        lines.extend(fresh.map(|line| (String::new(), all.len(), ("before pretraining".to_owned(), line))));
        for (short, facts) in by_layers.values() {
            let facts: Vec<&SimilarityFacts> = facts.iter().collect();
            let tuned = mean_line(&facts, |layer| layer.fine_tuned.map(|tuned| tuned.debiased));
            let name = format!("fine-tuned, k = {short}");
            lines.extend(tuned.map(|line| (short.clone(), facts.len(), (name, line))));
        }
        let mean = |of: fn(&SimilarityFacts) -> Option<f64>| -> Option<f64> {
            let values: Option<Vec<f64>> = all.iter().map(|facts| of(facts)).collect();
            values.map(|values| values.iter().sum::<f64>() / values.len() as f64)
        };
        Some(Self {
            setting,
            name: first.source.name.clone(),
            frechet: mean(|facts| Some(facts.after.frechet.as_ref()?.relative)),
            leep: mean(|facts| facts.after.leep),
            layers,
            lines,
        })
    }

    fn panel(&self) -> Panel {
        let x = ChartAxis::ordinal("layer", self.layers.iter().cloned());
        let y = ChartAxis::new("CKA", Scale::Linear, ValueFormat::Number).ranging(AxisRange::Fixed(0.0, 1.0));
        let line = |(place, (_, _, (name, line))): (usize, &(String, usize, AlignmentLine))| {
            let points = line.iter().enumerate().map(|(layer, value)| (layer as f64, value.clamp(0.0, 1.0))).collect();
            Series::line(place, name.clone(), points)
        };
        let panel = Panel::new(x, y, self.lines.iter().take(MOST_LINES).enumerate().map(line).collect());
        let distance = self.frechet.map(|share| format!(", Fréchet {share:.3}")).unwrap_or_default();
        panel.titled(format!("{}{distance}", self.name))
    }

    fn table(&self, data: &mut NumberTable) {
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        for (layers, runs, (network, line)) in &self.lines {
            for (layer, value) in self.layers.iter().zip(line) {
                data.row(vec![
                    self.setting.title.clone(),
                    self.name.clone(),
                    layers.clone(),
                    runs.to_string(),
                    layer.clone(),
                    network.clone(),
                    value.to_string(),
                    number(self.frechet),
                    number(self.leep),
                ]);
            }
        }
    }
}

/// The mean over runs for each layer; `None` if a run lacks a value.
fn mean_line(all: &[&SimilarityFacts], of: impl Fn(&LayerCka) -> Option<f64>) -> Option<Vec<f64>> {
    let rows: Option<Vec<Vec<f64>>> = all.iter().map(|facts| facts.layers.iter().map(&of).collect()).collect();
    let rows = rows.filter(|rows| !rows.is_empty())?;
    let mean = |layer: usize| rows.iter().map(|row| row[layer]).sum::<f64>() / rows.len() as f64;
    Some((0..rows[0].len()).map(mean).collect())
}
