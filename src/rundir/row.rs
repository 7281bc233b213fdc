//! The columns of `timing.csv` and `branches.csv`.

use serde::{Deserialize, Serialize};

use crate::metrics::{Column, columns};

columns! {
    /// A row of `timing.csv`.
    Timing, TIMING_COLUMNS:
    phase: String, "", "`source` or `target`";
    epoch: u64, "epochs", "as in `metrics.csv`";
    seconds: f64, "seconds", "training time";
    images_per_second: Option<f64>, "images/s", "training throughput";
    evaluation_seconds: f64, "seconds", "evaluation time after the epoch";
    peak_memory_bytes: Option<u64>, "bytes", "peak memory: of tensors on a GPU, of the process on a CPU";
    free_memory_bytes: Option<u64>, "bytes", "on a GPU, memory that any process could still allocate";
}

columns! {
    /// A row of `branches.csv`.
    BranchRow, BRANCH_COLUMNS:
    phase: String, "", "`target`";
    epoch: u64, "epochs", "epoch that the branch starts from";
    step: u64, "steps", "optimizer steps of the training up to that epoch";
    anneal_steps: Option<u64>, "steps", "steps of the anneal branch; its errors are empty if its loss was not finite";
    anneal_train_error: Option<f64>, "fraction", "`train_error` at the end of the anneal branch";
    anneal_test_loss: Option<f64>, "nats", "`test_loss` at the end of the anneal branch";
    anneal_test_error: Option<f64>, "fraction", "`test_error` at the end of the anneal branch";
    refit_train_error: Option<f64>, "fraction", "train error of a newly fitted head without penalty";
    refit_test_error: Option<f64>, "fraction", "test error of that head";
    tuned_train_error: Option<f64>, "fraction", "train error of a newly fitted head with a tuned penalty";
    tuned_test_error: Option<f64>, "fraction", "test error of that head";
    tuned_penalty: Option<f64>, "", "the tuned penalty λ: the summed loss plus λ/2 times the squared weights";
}
