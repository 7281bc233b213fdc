//! One checkpoint as a safetensors file: metadata under `freezewise` in the file's header, the tensors of the state, the
//! rows as bytes, and last the digest of everything before it. Written and read tensor by tensor, so it needs memory for
//! only one tensor besides the state.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use safetensors::Dtype;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tch::Tensor;

use super::{Checkpoint, CheckpointHeader};
use crate::error::UserError;
use crate::files;
use crate::network::{NamedTensors, dtype_of, kind_of, read_header, to_bytes};
use crate::train::TrainingState;

const ABOUT: &str = "freezewise";
const ROWS: &str = "rows";
const DIGEST: &str = "digest";
const DIGEST_BYTES: usize = 32;
/// Tensors begin at a multiple of this, as in files of the safetensors crate.
const ALIGNMENT: usize = 8;

/// Writes a checkpoint atomically.
pub(in crate::run) fn write(path: &Path, header: &CheckpointHeader, state: &TrainingState, rows: &[u8]) -> Result<()> {
    let start = start(header, &state.tensors, rows.len())?;
    let mut failed = None;
    let written = files::stream_atomically(path, |file| {
        let mut file = Digesting { file, digest: Sha256::new() };
        file.write_all(&start)?;
        for (name, tensor) in &state.tensors {
            match to_bytes(tensor) {
                Ok((_, bytes)) => file.write_all(&bytes)?,
                Err(error) => {
                    failed = Some(error.context(format!("tensor `{name}`")));
                    return Err(io::ErrorKind::InvalidData.into());
                }
            }
        }
        file.write_all(rows)?;
        let digest = file.digest.finalize_reset();
        file.write_all(&digest)
    });
    match failed {
        Some(error) => Err(error.context(format!("cannot write `{}`", path.display()))),
        None => written,
    }
}

/// The start of a safetensors file: the header's length, and the header with each tensor's offsets.
fn start(header: &CheckpointHeader, tensors: &NamedTensors, rows: usize) -> Result<Vec<u8>> {
    let mut layout = Map::new();
    layout.insert("__metadata__".into(), json!({ ABOUT: serde_json::to_string(header)? }));
    let mut end = 0;
    let mut place = |dtype: Dtype, shape: Vec<i64>, bytes: usize| -> Result<Value> {
        let begin = end;
        end += bytes;
        Ok(json!({ "dtype": serde_json::to_value(dtype)?, "shape": shape, "data_offsets": [begin, end] }))
    };
    for (name, tensor) in tensors {
        let bytes = tensor.numel() * tensor.kind().elt_size_in_bytes();
        layout.insert(name.clone(), place(dtype_of(tensor.kind())?, tensor.size(), bytes)?);
    }
    layout.insert(ROWS.into(), place(Dtype::U8, vec![rows as i64], rows)?);
    layout.insert(DIGEST.into(), place(Dtype::U8, vec![DIGEST_BYTES as i64], DIGEST_BYTES)?);
    let mut text = serde_json::to_vec(&layout)?;
    text.resize(text.len().next_multiple_of(ALIGNMENT), b' ');
    Ok([(text.len() as u64).to_le_bytes().as_slice(), &text].concat())
}

/// Hashes what is written through it.
struct Digesting<W> {
    file: W,
    digest: Sha256,
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.digest.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Reads a checkpoint file.
pub(in crate::run) fn read(path: &Path) -> Result<Checkpoint> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    read_checkpoint(&mut BufReader::new(file), length)
}

/// Reads a checkpoint of `length` bytes, which may be damaged in any way: nothing is used before the digest matches, and
/// memory use is bounded by the length.
pub fn read_checkpoint(file: &mut impl Read, length: u64) -> Result<Checkpoint> {
    let mut start = Vec::new();
    let layout = read_header(file, length, &mut start)?;
    let mut digest = Sha256::new_with_prefix(&start);
    let about = layout.metadata().as_ref().and_then(|about| about.get(ABOUT));
    let about =
        about.ok_or_else(|| UserError::new("it is not a checkpoint: its header has no `freezewise` metadata"))?;
    let header: CheckpointHeader = serde_json::from_str(about).context("its header is malformed")?;
    let mut tensors = NamedTensors::new();
    let (mut rows, mut kept_digest) = (None, None);
    for name in layout.offset_keys() {
        let Some(info) = layout.info(&name) else { continue };
        let mut bytes = vec![0; info.data_offsets.1 - info.data_offsets.0];
        file.read_exact(&mut bytes)?;
        if name == DIGEST {
            kept_digest = Some(bytes);
            continue;
        }
        digest.update(&bytes);
        if name == ROWS {
            rows = Some(bytes);
        } else {
            let shape: Vec<i64> = info.shape.iter().map(|&size| size as i64).collect();
            tensors.insert(name, Tensor::f_from_data_size(&bytes, &shape, kind_of(info.dtype)?)?);
        }
    }
    if kept_digest.as_deref() != Some(digest.finalize().as_slice()) {
        return Err(UserError::new("it is damaged: its digest does not match its content").into());
    }
    let rows = rows.ok_or_else(|| UserError::new("it has no rows"))?;
    let CheckpointHeader { epochs, steps, seconds, .. } = header;
    Ok(Checkpoint { header, state: TrainingState { epochs, steps, seconds, tensors }, rows })
}
