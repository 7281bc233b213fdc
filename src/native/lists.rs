//! Operations on lists of tensors, in one kernel for the whole list if the device has one.

use std::ptr;

use tch::Tensor;

use super::shim::{self, call, pointers};
use crate::error::UserError;

/// Moves averages towards values of the same shapes: `average += weight · (value − average)`.
///
/// # Panics
/// If the lists have different lengths.
pub fn lerp(averages: &[Tensor], values: &[Tensor], weight: f64) -> Result<(), UserError> {
    assert_eq!(averages.len(), values.len(), "every value has its average");
    let [averages, values] = [averages, values].map(pointers);
    // SAFETY: both lists have the length that is passed, and outlive the call, which keeps no pointer.
    call(|error| unsafe {
        shim::freezewise_lerp(averages.as_ptr(), values.as_ptr(), averages.len() as i64, weight, error)
    })
}

/// Adds the Euclidean norm of all gradients together, divided by `scale` (`[]`) if given, to `sum` (`[]`, f64, on their
/// device). A norm that is not finite adds nothing.
pub fn add_norm(sum: &Tensor, gradients: &[Tensor], scale: Option<&Tensor>) -> Result<(), UserError> {
    let gradients = pointers(gradients);
    let scale = scale.map_or(ptr::null(), Tensor::as_ptr);
    // SAFETY: the list has the length that is passed; all tensors outlive the call, which keeps no pointer.
    call(|error| unsafe {
        shim::freezewise_add_norm(sum.as_ptr(), gradients.as_ptr(), gradients.len() as i64, scale, error)
    })
}
