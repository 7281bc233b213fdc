//! The contrasts of a bump over frozen layers per test image, from runs that recorded which test images are correct.

use super::site_errors::SiteErrors;
use crate::analysis::inference::{BumpContrasts, BumpSites, ImageContrasts, error_differences};
use crate::report::read::Run;
use crate::report::setting::Setting;
use crate::rundir::{Answers, read_answers};

/// Tolerance for contrasts and means that differ only by rounding.
const ROUNDING: f64 = 1e-9;

/// The contrasts of each seed's images; `None` if a run did not record its answers, or at other evaluations than its
/// errors.
pub(super) fn contrasts(setting: &Setting, found: &SiteErrors, sites: &BumpSites<usize>) -> Option<ImageContrasts> {
    let at = |layers: usize| -> Option<Vec<Vec<Vec<bool>>>> {
        found.runs.iter().map(|run| answers(setting.run(layers, &run.seeds)?)).collect()
    };
    let (first, peak, later) = (at(sites.first_valley)?, at(sites.peak)?, at(sites.later_valley)?);
    let images = ImageContrasts { rises: differences(&peak, &first)?, drops: differences(&peak, &later)? };
    agree(&images, &found.contrasts()).then_some(images)
}

/// Whether the per-image answers are from the same evaluations as the errors.
fn agree(images: &ImageContrasts, contrasts: &BumpContrasts) -> bool {
    let mean = |row: &Vec<f64>| row.iter().sum::<f64>() / row.len() as f64;
    let same = |rows: &[Vec<f64>], values: &[f64]| {
        rows.len() == values.len() && rows.iter().zip(values).all(|(row, value)| (mean(row) - value).abs() < ROUNDING)
    };
    same(&images.rises, &contrasts.rises) && same(&images.drops, &contrasts.drops)
}

/// Which test images a run had right at the evaluations of its last five epochs; `None` if it did not record them.
fn answers(run: &Run) -> Option<Vec<Vec<bool>>> {
    let all: Vec<Answers> = read_answers(&run.directory.correct("test"), run.test_examples?).ok()?;
    let is_final = |answers: &Answers| answers.epoch >= run.curves.first_final_epoch();
    let last: Vec<Vec<bool>> = all.into_iter().filter(is_final).map(|answers| answers.correct).collect();
    (!last.is_empty()).then_some(last)
}

fn differences(peak: &[Vec<Vec<bool>>], valley: &[Vec<Vec<bool>>]) -> Option<Vec<Vec<f64>>> {
    peak.iter().zip(valley).map(|(peak, valley)| error_differences(peak, valley).ok()).collect()
}
