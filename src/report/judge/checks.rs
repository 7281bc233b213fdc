//! "Is it real?": whether an effect survives each control, and the commands for controls that were not run.

use super::bump::Sources;
use super::finding::{Answer, Check};
use crate::analysis::inference::{Effect, NotSurviving, RealityCheck, Survival, survival};
use crate::report::read::SweepFolder;
use crate::report::setting::Setting;
use crate::report::words;
use crate::rundir::SpecValues;

/// The checklist of an effect; `under` measures the same contrast under a control, if it was run.
pub(super) fn checklist(
    effect: &Effect,
    setting: &Setting,
    sweeps: &[SweepFolder],
    under: &dyn Fn(RealityCheck) -> Option<Effect>,
) -> Vec<Check> {
    let line = |check: RealityCheck| {
        let survival = survival(effect, under(check).as_ref());
        let (answer, detail) = match &survival {
            Survival::Survived { p, size } => {
                (Answer::Survived, format!("{} points, {}", words::points(*size), words::p_value(*p)))
            }
            Survival::NotSurvived { p, size, losses } => {
                let why: Vec<&str> = losses.iter().map(|loss| loss_in_words(*loss)).collect();
                let numbers = format!("{} points, {}", words::points(*size), words::p_value(*p));
                (Answer::NotSurvived, format!("{numbers}: {}", words::list(&why)))
            }
            Survival::NotRun => (Answer::NotRun, String::new()),
        };
        let command = (answer == Answer::NotRun).then(|| command(check, setting, sweeps)).flatten();
        Check { control: check, answer, detail, command }
    };
    RealityCheck::ALL.into_iter().filter(|check| applies(*check, setting)).map(line).collect()
}

/// The checks that the seeds of the measurement itself answer.
pub(super) fn of_seeds(check: RealityCheck, effect: &Effect, seeds: usize, sources: Sources) -> Option<Effect> {
    match check {
        RealityCheck::Seeds if seeds >= crate::analysis::inference::LEAST_SEEDS => Some(*effect),
        RealityCheck::SourceSeeds if matches!(sources, Sources::Own | Sources::Clusters) => Some(*effect),
        _ => None,
    }
}

fn applies(check: RealityCheck, setting: &Setting) -> bool {
    let of_source = [RealityCheck::SourceSeeds, RealityCheck::RandomPrefix, RealityCheck::SameTask];
    !of_source.contains(&check) || setting.values.contains_key("source.dataset")
}

/// Why an effect does not survive a control.
pub(super) fn loss_in_words(loss: NotSurviving) -> &'static str {
    match loss {
        NotSurviving::NoEffect => "there is no effect to begin with",
        NotSurviving::NotSignificant => "not significant",
        NotSurviving::TooSmall => "less than half the size",
    }
}

/// A command that runs the control beside the existing runs; `None` if there is no spec or overrides cannot express it.
fn command(check: RealityCheck, setting: &Setting, sweeps: &[SweepFolder]) -> Option<String> {
    let run = setting.runs().next()?;
    let parent = run.directory.path().parent()?;
    let sweep = sweeps.iter().find(|sweep| sweep.folder == parent);
    let spec = sweep.and_then(|sweep| sweep.spec.clone());
    let (verb, spec) = spec.map_or_else(|| ("run", run.directory.spec()), |spec| ("sweep", spec));
    let changes = changes(check, &setting.values, verb == "sweep")?;
    let name = parent.file_name()?.to_string_lossy();
    let mut words = vec!["freezewise".to_owned(), verb.to_owned(), words::shell(&spec.display().to_string())];
    words.push(format!("--out {}", words::shell(&parent.parent()?.display().to_string())));
    let named = format!("name=\"{}-{}\"", name.replace(['"', '\\'], "-"), suffix(check));
    words.extend(std::iter::once(named).chain(changes).map(|change| format!("--set {}", words::shell(&change))));
    Some(words.join(" "))
}

fn suffix(check: RealityCheck) -> &'static str {
    match check {
        RealityCheck::AveragedWeights => "averaged",
        RealityCheck::AnnealBranches | RealityCheck::RefittedHead => "branches",
        RealityCheck::LearningRateThird => "rate-third",
        RealityCheck::LearningRateTriple => "rate-triple",
        RealityCheck::LongerBudget => "longer",
        RealityCheck::Seeds => "seeds",
        RealityCheck::SourceSeeds => "source-seeds",
        RealityCheck::RandomPrefix => "random-prefix",
        RealityCheck::SameTask => "same-task",
        RealityCheck::ValidationSelection => "validation",
    }
}

/// The overrides that make a control; `None` if overrides cannot.
fn changes(check: RealityCheck, values: &SpecValues, is_sweep: bool) -> Option<Vec<String>> {
    let number = |key: &str| values.get(key)?.parse::<f64>().ok();
    let rate = |factor: f64| {
        let key = "target.train.learning_rate";
        Some(vec![format!("{key}={}", rounded(number(key)? * factor))])
    };
    let seeds = "[0, 1, 2, 3, 4, 5, 6, 7]";
    match check {
        RealityCheck::AveragedWeights => Some(vec!["evaluate.averaged_half_life=0.01".to_owned()]),
        RealityCheck::AnnealBranches | RealityCheck::RefittedHead => {
            let epochs = values.get("target.train.epochs")?;
            Some(vec![format!("branches.at=[{epochs}]")])
        }
        RealityCheck::LearningRateThird => rate(1.0 / 3.0),
        RealityCheck::LearningRateTriple => rate(3.0),
        RealityCheck::LongerBudget => ["target.train.epochs", "target.train.steps"]
            .iter()
            .find_map(|key| Some(vec![format!("{key}={}", number(key)? * 3.0)])),
        RealityCheck::Seeds if is_sweep => Some(vec![format!("sweep.axes.seed={seeds}")]),
        RealityCheck::SourceSeeds if is_sweep => Some(vec![
            format!("sweep.axes.seed={seeds}"),
            format!("sweep.axes.seeds.source={seeds}"),
            "sweep.zip=[[\"seed\", \"seeds.source\"]]".to_owned(),
        ]),
        // An override cannot remove the `[source]` table: see docs/reports.md.
        RealityCheck::Seeds | RealityCheck::SourceSeeds | RealityCheck::RandomPrefix => None,
        RealityCheck::SameTask => Some(vec![
            format!("source.dataset={}", toml::Value::String(values.get("target.dataset")?.clone())),
            "source.split=\"1/2\"".to_owned(),
            "target.split=\"2/2\"".to_owned(),
        ]),
        RealityCheck::ValidationSelection => Some(vec!["target.validation_size=1000".to_owned()]),
    }
}

/// Rounds to three significant digits.
fn rounded(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let scale = 10f64.powi(2 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}
