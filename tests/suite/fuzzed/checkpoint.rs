//! An untrusted checkpoint is an error or is read completely, without allocating more memory than its length.

use freezewise::run::read_checkpoint;
use freezewise::rundir::{Metrics, parse};
use sha2::{Digest, Sha256};

const DIGEST_BYTES: usize = 32;

/// Checks the properties for any bytes, as they are and with a corrected digest, without which most would be refused
/// unread.
pub fn hold(bytes: &[u8]) {
    read(bytes);
    if let Some(length) = bytes.len().checked_sub(DIGEST_BYTES) {
        let content = &bytes[..length];
        read(&[content, &Sha256::digest(content)].concat());
    }
}

fn read(mut bytes: &[u8]) {
    let length = bytes.len();
    match read_checkpoint(&mut bytes, length as u64) {
        Ok(checkpoint) => {
            let tensors = &checkpoint.state.tensors;
            let size: usize = tensors.values().map(|tensor| tensor.numel() * tensor.kind().elt_size_in_bytes()).sum();
            assert!(size + checkpoint.rows.len() <= length);
            if let Err(error) = parse::<Metrics>(&checkpoint.rows) {
                assert!(!error.to_string().is_empty());
            }
        }
        Err(error) => assert!(!format!("{error:#}").is_empty()),
    }
}
