//! Turns bytes into a tensor without copying.

use std::ffi::c_void;

use tch::Tensor;

use super::shim::{self, call};
use crate::error::UserError;

/// A u8 tensor on the CPU with shape `size` that takes over the bytes. Nothing is copied; the bytes are freed with the
/// last tensor that uses them.
pub fn adopt(bytes: Vec<u8>, size: &[i64]) -> Result<Tensor, UserError> {
    let count: Option<i64> =
        size.iter().try_fold(1i64, |count, &size| count.checked_mul(size).filter(|&count| count >= 0));
    if count != i64::try_from(bytes.len()).ok() {
        return Err(UserError::new(format!("{} bytes do not fit a tensor of size {size:?}", bytes.len())));
    }
    let owner = Box::into_raw(Box::new(bytes));
    let mut tensor = std::ptr::null_mut();
    // SAFETY: the owner is created here and passed on with its bytes, which stay in place until `release` gets it. If
    // the call fails, it may or may not have been released, so it is leaked.
    call(|error| unsafe {
        let data = (*owner).as_mut_ptr().cast();
        shim::freezewise_adopt(data, size.as_ptr(), size.len() as i64, owner.cast(), release, &raw mut tensor, error)
    })?;
    // SAFETY: the call created this tensor, and its caller owns it.
    Ok(unsafe { Tensor::from_ptr(tensor) })
}

/// Frees what `adopt` passed on.
extern "C" fn release(owner: *mut c_void) {
    // SAFETY: libtorch calls this once for each owner, which `adopt` created from a box of this type.
    drop(unsafe { Box::from_raw(owner.cast::<Vec<u8>>()) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_adopts_bytes_without_a_copy() {
        let bytes: Vec<u8> = (0..12).collect();
        let place = bytes.as_ptr();
        let tensor = adopt(bytes, &[2, 3, 2]).expect("it fits");
        assert_eq!(tensor.data_ptr().cast_const().cast(), place);
        let part = tensor.select(0, 1);
        drop(tensor);
        assert_eq!(Vec::<u8>::try_from(part.flatten(0, -1)).expect("bytes"), [6, 7, 8, 9, 10, 11]);
        assert_eq!(adopt(Vec::new(), &[0, 3]).expect("it fits").numel(), 0);
    }

    #[test]
    fn a_wrong_size_is_an_error() {
        for size in [&[2, 2][..], &[-1, -5], &[i64::MAX, 2]] {
            let error = adopt(vec![0; 5], size).expect_err("five bytes");
            assert!(error.to_string().starts_with("5 bytes do not fit a tensor of size ["), "{error}");
        }
    }
}
