//! Operations on lists of tensors, as one kernel where the device has one.

use std::ptr;

use tch::Tensor;

use super::shim::{self, call, pointers};
use crate::error::UserError;

/// Moves averages towards values of the same shapes: `average += weight · (value − average)`.
///
/// # Panics
/// If the lists have different lengths.
pub fn lerp(averages: &[Tensor], values: &[Tensor], weight: f64) -> Result<(), UserError> {
    assert_eq!(averages.len(), values.len(), "every value needs an average");
    let [averages, values] = [averages, values].map(pointers);
    // SAFETY: both lists have the given number of tensors and outlive the call, which keeps none.
    call(|error| unsafe {
        shim::freezewise_lerp(averages.as_ptr(), values.as_ptr(), averages.len() as i64, weight, error)
    })
}

/// Adds the L2 norm of all gradients together to `sum`, shape `[]` f64, on their device; divided by `scale`, shape
/// `[]`, if given. A norm that is not finite adds nothing.
pub fn add_norm(sum: &Tensor, gradients: &[Tensor], scale: Option<&Tensor>) -> Result<(), UserError> {
    let gradients = pointers(gradients);
    let scale = scale.map_or(ptr::null(), Tensor::as_ptr);
    // SAFETY: the list has the given number of tensors; all tensors outlive the call, which keeps none.
    call(|error| unsafe {
        shim::freezewise_add_norm(sum.as_ptr(), gradients.as_ptr(), gradients.len() as i64, scale, error)
    })
}
