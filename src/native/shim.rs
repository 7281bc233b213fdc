//! The C interface of `native/shim.cpp`, and the conversion of its errors.

use std::ffi::{CStr, c_char, c_int, c_void};

use tch::Tensor;
use torch_sys::C_tensor;

use crate::error::UserError;

/// Size of text buffers for the shim and plugins; `kTextSize` of `native/text.h`.
pub(super) const TEXT_SIZE: usize = 1024;

/// A list of tensors in the shim's interface.
pub(super) type Tensors = *const *mut C_tensor;

unsafe extern "C" {
    pub(super) fn freezewise_adopt(
        data: *mut c_void,
        sizes: *const i64,
        dimensions: i64,
        owner: *mut c_void,
        release: extern "C" fn(*mut c_void),
        tensor: *mut *mut C_tensor,
        error: *mut c_char,
    ) -> c_int;
    pub(super) fn freezewise_fused_sgd(
        parameters: Tensors,
        gradients: Tensors,
        directions: Tensors,
        count: i64,
        rate: *const C_tensor,
        momentum: f64,
        weight_decay: f64,
        nesterov: bool,
        scale: *const C_tensor,
        bad: *const C_tensor,
        error: *mut c_char,
    ) -> c_int;
    pub(super) fn freezewise_fused_adam(
        parameters: Tensors,
        gradients: Tensors,
        means: Tensors,
        squares: Tensors,
        count: i64,
        rate: *const C_tensor,
        step: *const C_tensor,
        beta1: f64,
        beta2: f64,
        epsilon: f64,
        weight_decay: f64,
        decoupled: bool,
        scale: *const C_tensor,
        bad: *const C_tensor,
        error: *mut c_char,
    ) -> c_int;
    pub(super) fn freezewise_lerp(
        averages: Tensors,
        values: Tensors,
        count: i64,
        weight: f64,
        error: *mut c_char,
    ) -> c_int;
    pub(super) fn freezewise_add_norm(
        sum: *const C_tensor,
        gradients: Tensors,
        count: i64,
        scale: *const C_tensor,
        error: *mut c_char,
    ) -> c_int;
    pub(super) fn freezewise_find_bad(
        gradients: Tensors,
        count: i64,
        bad: *const C_tensor,
        one: *const C_tensor,
        error: *mut c_char,
    ) -> c_int;
    pub(super) fn freezewise_update_scale(
        scale: *const C_tensor,
        good_steps: *const C_tensor,
        bad: *const C_tensor,
        interval: i64,
        error: *mut c_char,
    ) -> c_int;
    pub(super) fn freezewise_autocast(cuda: bool, kind: c_int);
    pub(super) fn freezewise_allow_tf32(allowed: bool, error: *mut c_char) -> c_int;
    pub(super) fn freezewise_deterministic(wanted: bool, error: *mut c_char) -> c_int;
    pub(super) fn freezewise_plain_attention(wanted: bool, error: *mut c_char) -> c_int;
    pub(super) fn freezewise_channels_last(tensor: *mut C_tensor, error: *mut c_char) -> c_int;
    pub(super) fn freezewise_observe() -> u64;
    pub(super) fn freezewise_observed(handle: u64, count: *mut u64, time: *mut u64);
    pub(super) fn freezewise_set_phase(next: c_int) -> c_int;
    pub(super) fn freezewise_count() -> u64;
    pub(super) fn freezewise_counted(
        handle: u64,
        seer: *mut c_void,
        see_operator: extern "C" fn(*mut c_void, c_int, c_int, *const c_char, u64),
        see_amounts: extern "C" fn(*mut c_void, c_int, u64, u64, u64, u64),
    ) -> u64;
}

/// The tensors' pointers, for a call.
pub(super) fn pointers(tensors: &[Tensor]) -> Vec<*mut C_tensor> {
    tensors.iter().map(|tensor| tensor.as_ptr().cast_mut()).collect()
}

/// Calls a function that returns 0, or writes the cause of its failure to a buffer.
pub(super) fn call(work: impl FnOnce(*mut c_char) -> c_int) -> Result<(), UserError> {
    let mut text = [0 as c_char; TEXT_SIZE];
    if work(text.as_mut_ptr()) == 0 {
        return Ok(());
    }
    // SAFETY: the shim zero-terminates the text within the buffer.
    let cause = unsafe { CStr::from_ptr(text.as_ptr()) }.to_string_lossy();
    Err(UserError::new(cause.lines().next().unwrap_or("unknown error").to_owned()))
}
