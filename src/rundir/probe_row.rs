//! Columns of `probes.csv`.

use serde::{Deserialize, Serialize};

use crate::metrics::{Column, columns};

columns! {
    /// A row of `probes.csv`: one layer of one network. Errors are fractions.
    ProbeRow, PROBE_COLUMNS:
    network: String, "", "`source` (before target training) or `target`";
    epoch: Option<u64>, "epochs", "epoch of target training at which the network is probed; empty for the source";
    layer: usize, "", "number of the layer from the input, starting at 1: row k describes the output of the first k layers";
    layer_name: String, "", "name of the layer";
    features: usize, "", "dimension of the layer's pooled output";
    linear_error: f64, "fraction", "test error of a linear head with a tuned L2 penalty";
    linear_train_error: f64, "fraction", "its train error, on the labels it was fitted to";
    penalty: f64, "", "its penalty λ: the loss summed over examples plus λ/2 times the squared weights";
    linear_fit: String, "", "how its fit ended: `converged`, `step-limit` or `rounding`";
    unpenalised_error: f64, "fraction", "test error of a linear head without penalty";
    unpenalised_train_error: f64, "fraction", "its train error, on the labels it was fitted to";
    unpenalised_fit: String, "", "how its fit ended; `separated` if every training example is classified correctly and the loss has no minimum";
    knn_error: f64, "fraction", "test error of a 20-nearest-neighbour classifier (plurality vote)";
}
