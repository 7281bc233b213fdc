//! The columns of `probes.csv`.

use serde::{Deserialize, Serialize};

use super::row::{Column, MeasuredBy, columns};

columns! {
    /// A row of `probes.csv`: one layer of one network. Errors are fractions.
    ProbeRow, PROBE_COLUMNS:
    network: String, Epoch, "", "`source`, as it is before the target trains, or `target`";
    epoch: Option<u64>, Epoch, "epochs", "of the target, after which its network is probed; empty for the source";
    layer: usize, Epoch, "", "the layer's number from the input on, from 1: what k frozen layers hand on is in the row of number k";
    layer_name: String, Epoch, "", "its name";
    features: usize, Epoch, "", "how many numbers its pooled output has";
    linear_error: f64, Epoch, "fraction", "of a linear head with a tuned penalty, on the test images";
    linear_train_error: f64, Epoch, "fraction", "of that head, on the labels it was fitted on";
    penalty: f64, Epoch, "", "λ of that head: the loss summed over examples has λ/2 times the squared weights added";
    linear_fit: String, Epoch, "", "how its fit ended: `converged`, `step-limit` or `rounding`";
    unpenalised_error: f64, Epoch, "fraction", "of a linear head without a penalty, on the test images";
    unpenalised_train_error: f64, Epoch, "fraction", "of that head, on the labels it was fitted on";
    unpenalised_fit: String, Epoch, "", "how its fit ended; `separated` where every training example is right and the loss has no minimum";
    knn_error: f64, Epoch, "fraction", "of the plurality of the 20 nearest training examples, on the test images";
}
