//! Loss and errors on a split, in evaluation mode, without augmentation: summed on the device, read once.

use tch::{Kind, Reduction, Tensor, no_grad_guard};

use crate::metrics::Metrics;
use crate::native::{Autocast, TrainingPart};
use crate::network::{Mode, Network};
use crate::spec::{Precision, Settings};
use crate::train::data::device_split::DeviceSplit;
use crate::train::data::split_input::SplitInput;
use crate::train::interrupt::{Interrupt, Stopped, proceed};
use crate::train::step::batch_index::BatchIndex;
use crate::train::step::captured_work::CapturedWork;
use crate::train::step::learner::widened;
use crate::train::step::sums::wait_and_read;

/// Means over a split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::train) struct Errors {
    /// Mean cross-entropy against the labels of the split.
    pub(in crate::train) loss: f64,
    /// Fraction misclassified, against the labels of the split.
    pub(in crate::train) error: f64,
    /// Errors split by whether the label is corrupted; absent if none is.
    pub(in crate::train) by_corruption: Option<ByCorruption>,
}

/// Errors on both parts of a noisy split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::train) struct ByCorruption {
    /// On examples with true labels; absent if all are corrupted.
    pub(in crate::train) clean: Option<f64>,
    /// On corrupted examples, against the wrong label given.
    pub(in crate::train) corrupted: f64,
    /// On corrupted examples, against the true label.
    pub(in crate::train) corrupted_true: f64,
}

impl Errors {
    /// Fills in the columns of the training examples.
    pub(in crate::train) fn fill_train(&self, metrics: &mut Metrics) {
        metrics.train_loss = Some(self.loss);
        metrics.train_error = Some(self.error);
        let split = self.by_corruption;
        metrics.train_error_clean = split.and_then(|split| split.clean);
        metrics.train_error_corrupted = split.map(|split| split.corrupted);
        metrics.corrupted_true_error = split.map(|split| split.corrupted_true);
    }

    /// Fills in the columns of the test examples.
    pub(in crate::train) fn fill_test(&self, metrics: &mut Metrics) {
        metrics.test_loss = Some(self.loss);
        metrics.test_error = Some(self.error);
    }

    /// Fills in the columns of the examples held out.
    pub(in crate::train) fn fill_validation(&self, metrics: &mut Metrics) {
        metrics.validation_error = Some(self.error);
    }

    /// Fills in the column of averaged weights on the training examples.
    pub(in crate::train) fn fill_train_averaged(&self, metrics: &mut Metrics) {
        metrics.train_error_averaged = Some(self.error);
    }

    /// Fills in the column of averaged weights on the test examples.
    pub(in crate::train) fn fill_test_averaged(&self, metrics: &mut Metrics) {
        metrics.test_error_averaged = Some(self.error);
    }
}

/// What is summed over a split, or over a batch of it: tensors `[]` on the device, or numbers.
struct ErrorSums<T> {
    /// Cross-entropy against the labels of the split.
    loss: T,
    /// Number misclassified, against the labels of the split.
    wrong: T,
    /// Number misclassified among the corrupted examples, against the wrong label given.
    corrupted_wrong: T,
    /// The same against the true label.
    corrupted_untrue: T,
}

impl<T> ErrorSums<T> {
    /// In the order of the device's tensor; the only place that knows it, with `from_array`.
    fn into_array(self) -> [T; SUMS] {
        let Self { loss, wrong, corrupted_wrong, corrupted_untrue } = self;
        [loss, wrong, corrupted_wrong, corrupted_untrue]
    }

    fn from_array([loss, wrong, corrupted_wrong, corrupted_untrue]: [T; SUMS]) -> Self {
        Self { loss, wrong, corrupted_wrong, corrupted_untrue }
    }
}

/// The number of fields of `ErrorSums`.
const SUMS: usize = 4;

/// Evaluates one network on one split, in batches of equal size except the last. It is bound to both, because a captured
/// graph reads their tensors.
pub(in crate::train) struct Evaluator<'a> {
    network: &'a Network,
    split: &'a SplitInput,
    precision: Precision,
    batch: i64,
    /// The `ErrorSums` so far, `[SUMS]`.
    sums: Tensor,
    /// Whether each example is classified correctly, `[count]` bool, if requested.
    correct: Option<Tensor>,
    whole: (CapturedWork, BatchIndex),
    /// Why it cannot be captured, once that is found.
    pub(in crate::train) not_captured: Option<String>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator with some settings; `capture` requests CUDA graphs, `correct` the result of each example.
    pub(in crate::train) fn new(
        network: &'a Network,
        split: &'a SplitInput,
        settings: &Settings,
        capture: bool,
        correct: bool,
    ) -> Self {
        let (device, batch) = (split.data.device(), settings.evaluation_batch);
        let whole = if capture {
            (CapturedWork::captured(device), BatchIndex::on(device, batch, batch))
        } else {
            (CapturedWork::default(), BatchIndex::Host(0))
        };
        Self {
            network,
            split,
            precision: settings.precision,
            batch,
            sums: Tensor::zeros([SUMS as i64], (Kind::Double, device)),
            correct: correct.then(|| Tensor::zeros([split.data.count() as i64], (Kind::Bool, device))),
            whole,
            not_captured: None,
        }
    }

    /// Measures loss and errors. Waits for the device once; `interrupt` is called before every batch.
    pub(in crate::train) fn errors(&mut self, interrupt: Interrupt<'_>) -> Result<Errors, Stopped> {
        let _part = TrainingPart::Evaluation.begin();
        let (count, batch) = (self.split.data.count() as i64, self.batch);
        let _no_gradient = no_grad_guard();
        let _ = self.sums.zero_();
        let Self { network, split, precision, sums, correct, whole: (captured, batch_index), .. } = self;
        let mut pass = EvaluationPass { network, split, precision: *precision, batch, sums, correct: correct.as_mut() };
        batch_index.set(0);
        for _ in 0..count / batch {
            proceed(interrupt)?;
            let work = || {
                pass.add(batch_index, batch);
                batch_index.advance();
            };
            let not_captured = captured.run(|| {}, work);
            self.not_captured = self.not_captured.take().or(not_captured);
        }
        if count % batch > 0 {
            proceed(interrupt)?;
            pass.add(&BatchIndex::Host(count / batch), count % batch);
        }
        let sums = wait_and_read(&self.sums).try_into().expect("the tensor has `SUMS` entries");
        Ok(errors(&ErrorSums::from_array(sums), &self.split.data))
    }

    /// Whether each example was classified correctly in the last evaluation, if requested.
    pub(in crate::train) fn correct(&self) -> Option<Vec<bool>> {
        let answers = self.correct.as_ref()?.to_device(tch::Device::Cpu);
        Some(Vec::<bool>::try_from(answers).expect("the answers are a vector of booleans"))
    }
}

/// One pass over a split.
struct EvaluationPass<'a> {
    network: &'a Network,
    split: &'a SplitInput,
    precision: Precision,
    batch: i64,
    sums: &'a mut Tensor,
    correct: Option<&'a mut Tensor>,
}

impl EvaluationPass<'_> {
    /// Evaluates the batch at an index, of `length` examples, and adds it to the sums.
    fn add(&mut self, batch_index: &BatchIndex, length: i64) {
        let (network, split, batch) = (self.network, self.split, self.batch);
        let logits = {
            let _autocast = Autocast::new(split.data.device(), self.precision);
            let flow = split.batch(network, batch_index, batch, length);
            widened(network.run(split.first_layer(), network.freezable() + 1, flow, Mode::Evaluate).value)
        };
        let part = |tensor: &Tensor| batch_index.take(tensor, batch, length);
        let answers = logits.argmax(1, false);
        let wrong = answers.not_equal_tensor(&part(&split.data.labels));
        let sums = batch_sums(&logits, &answers, &wrong, &split.data, part);
        let _ = self.sums.g_add_(&Tensor::stack(&sums.into_array(), 0));
        if let Some(correct) = &mut self.correct {
            batch_index.put_each(correct, batch, &wrong.logical_not());
        }
    }
}

fn errors(sums: &ErrorSums<f64>, data: &DeviceSplit) -> Errors {
    let count = data.count() as f64;
    let by_corruption = data.corruption.as_ref().map(|corruption| {
        let (noisy, clean) = (corruption.count as f64, count - corruption.count as f64);
        ByCorruption {
            clean: (clean > 0.0).then(|| (sums.wrong - sums.corrupted_wrong) / clean),
            corrupted: sums.corrupted_wrong / noisy,
            corrupted_true: sums.corrupted_untrue / noisy,
        }
    });
    Errors { loss: sums.loss / count, error: sums.wrong / count, by_corruption }
}

/// The sums over a batch, `[]` each, in f64.
fn batch_sums(
    logits: &Tensor,
    answers: &Tensor,
    wrong: &Tensor,
    data: &DeviceSplit,
    part: impl Fn(&Tensor) -> Tensor,
) -> ErrorSums<Tensor> {
    let loss = logits.cross_entropy_loss::<Tensor>(&part(&data.labels), None, Reduction::Sum, -100, 0.0);
    let count = |mask: &Tensor| mask.sum(Kind::Double);
    let (corrupted_wrong, corrupted_untrue) = match &data.corruption {
        None => (Tensor::zeros_like(&loss).to_kind(Kind::Double), Tensor::zeros_like(&loss).to_kind(Kind::Double)),
        Some(corruption) => {
            let mask = part(&corruption.mask);
            let against_truth = answers.not_equal_tensor(&part(&corruption.truth));
            (count(&wrong.logical_and(&mask)), count(&against_truth.logical_and(&mask)))
        }
    };
    ErrorSums { loss: loss.to_kind(Kind::Double), wrong: count(wrong), corrupted_wrong, corrupted_untrue }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{Architecture, Blueprint, Granularity, ImageShape, PreactResnet18};
    use crate::data::{Images, Labels, Normalisation};
    use tch::{Device, no_grad};

    fn evaluate(network: &Network, data: DeviceSplit) -> Errors {
        let split = SplitInput::new(data);
        // Batches of two, and a last one of one.
        let settings = Settings { evaluation_batch: 2, ..Settings::PLAIN };
        let mut evaluator = Evaluator::new(network, &split, &settings, false, true);
        let errors = evaluator.errors(&mut || false).expect("nothing stops it");
        let correct = evaluator.correct().expect("they were requested");
        let wrong = correct.iter().filter(|&&correct| !correct).count();
        assert_eq!((correct.len(), wrong as f64 / 5.0), (5, errors.error));
        errors
    }

    /// A network that always predicts class 1, and labels that make every error a different fraction.
    #[test]
    fn errors_are_counted_by_given_and_true_labels() {
        let shape = ImageShape { channels: 3, height: 8, width: 8 };
        let architecture = Architecture::PreactResnet18(PreactResnet18 { width: 1 });
        let blueprint = Blueprint::new(&architecture, Granularity::Block, shape, 3).expect("it fits");
        let network = Network::new(&blueprint, Device::Cpu, Kind::Double, 0);
        for named in network.tensors() {
            let answer = Tensor::from_slice(&[0.0, 5.0, 0.0]);
            let value = if named.path == "fc.bias" { answer } else { named.tensor.zeros_like() };
            no_grad(|| named.tensor.shallow_clone().copy_(&value));
        }
        let images = Images { shape, pixels: vec![7; 5 * shape.elements()], labels: vec![1, 0, 0, 2, 1] };
        let labels = Labels { given: vec![1, 1, 0, 1, 2], corrupted: vec![false, true, false, true, true] };
        let normalisation = Normalisation { mean: vec![0.0; 3], deviation: vec![1.0; 3] };
        let split = DeviceSplit::training(images.clone(), &labels, &normalisation, Device::Cpu, Kind::Double);
        let errors = evaluate(&network, split.expect("it fits"));
        let by_corruption = errors.by_corruption.expect("some labels are corrupted");
        assert_eq!((errors.error, by_corruption.clean), (0.4, Some(0.5)));
        assert_eq!((by_corruption.corrupted, by_corruption.corrupted_true), (1.0 / 3.0, 2.0 / 3.0));
        let all = (5f64.exp() + 2.0).ln();
        assert!((errors.loss - (3.0 * (all - 5.0) + 2.0 * all) / 5.0).abs() < 1e-12);
        let split = DeviceSplit::clean(images, &normalisation, Device::Cpu, Kind::Double);
        let clean = evaluate(&network, split.expect("it fits"));
        assert_eq!((clean.error, clean.by_corruption), (0.6, None));
    }
}
