//! Turns bytes into a tensor without copying.

use std::ffi::c_void;

use tch::Tensor;

use super::shim::{self, call};
use crate::error::UserError;

/// A u8 tensor of shape `size` on the CPU that takes over `bytes` in row-major order. Nothing is copied; the bytes are
/// freed with the last tensor that uses them.
pub fn adopt(bytes: Vec<u8>, size: &[i64]) -> Result<Tensor, UserError> {
    let count: Option<i64> =
        size.iter().try_fold(1i64, |count, &size| count.checked_mul(size).filter(|&count| count >= 0));
    if count != i64::try_from(bytes.len()).ok() {
        return Err(UserError::new(format!("{} bytes do not fill a tensor of shape {size:?}", bytes.len())));
    }
    let owner = Box::into_raw(Box::new(bytes));
    let mut tensor = std::ptr::null_mut();
    // SAFETY: the call takes over `owner`, whose bytes stay in place until `release` frees it. If the call fails, `owner`
    // may or may not have been released, so it is not touched again: at worst it leaks.
    call(|error| unsafe {
        let data = (*owner).as_mut_ptr().cast();
        shim::freezewise_adopt(data, size.as_ptr(), size.len() as i64, owner.cast(), release, &raw mut tensor, error)
    })?;
    // SAFETY: the call returned this tensor for its caller to own.
    Ok(unsafe { Tensor::from_ptr(tensor) })
}

/// Frees the bytes that `adopt` handed over.
extern "C" fn release(owner: *mut c_void) {
    // SAFETY: libtorch calls this once per owner, which `adopt` made from a box of this type.
    drop(unsafe { Box::from_raw(owner.cast::<Vec<u8>>()) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_the_tensor() {
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
    fn another_size_is_refused() {
        for size in [&[2, 2][..], &[-1, -5], &[i64::MAX, 2]] {
            let error = adopt(vec![0; 5], size).expect_err("five bytes");
            assert!(error.to_string().starts_with("5 bytes do not fill a tensor of shape ["), "{error}");
        }
    }
}
