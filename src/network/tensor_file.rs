//! Writes and reads safetensors files. A file may come from anywhere, so its header is checked against the file's length
//! before anything is allocated.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use safetensors::{Dtype, SafeTensors, tensor::Metadata, tensor::TensorView};
use tch::{Device, Kind, Tensor};

use super::NamedTensors;
use crate::error::UserError;
use crate::files;
use crate::native;

/// Size of the header's length, at the start of the file.
const LENGTH: u64 = 8;

/// Larger headers are rejected; one of ten thousand tensors takes about 1 MB.
const LARGEST_HEADER: u64 = 16 << 20;

/// Writes tensors to a safetensors file, atomically, with one metadata entry. Only one: the safetensors crate writes
/// several in random order, and the same weights must give the same bytes.
pub fn write_safetensors(path: &Path, tensors: &NamedTensors, about: &str) -> Result<()> {
    let host = native::download(&tensors.values().collect::<Vec<_>>())?;
    let bytes: Vec<(&String, Dtype, Vec<usize>, Vec<u8>)> = tensors
        .keys()
        .zip(&host)
        .map(|(name, tensor)| {
            let (dtype, bytes) = to_bytes(tensor).with_context(|| format!("tensor `{name}`"))?;
            Ok((name, dtype, tensor.size().iter().map(|&size| size as usize).collect(), bytes))
        })
        .collect::<Result<_>>()?;
    let views = bytes
        .iter()
        .map(|(name, dtype, shape, bytes)| Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>>>()?;
    let notes = HashMap::from([("freezewise".to_owned(), about.to_owned())]);
    let file = safetensors::serialize(views, Some(notes))?;
    files::write_atomically(path, &file)
}

/// Reads every tensor of a safetensors file to the CPU.
pub fn read_safetensors(path: &Path) -> Result<NamedTensors> {
    let (tensors, others) = read_known(path)?;
    match others.into_iter().next() {
        None => Ok(tensors),
        Some((name, kind)) => {
            let message = format!("tensor `{}`: numbers of type {kind:?} are not supported", name.escape_debug());
            Err(UserError::new(message)).with_context(|| cannot_read(path))
        }
    }
}

/// Reads the tensors of supported types, and returns the names and types of all others.
pub(super) fn read_known(path: &Path) -> Result<(NamedTensors, Vec<(String, Dtype)>)> {
    let read = || -> Result<(NamedTensors, Vec<(String, Dtype)>)> {
        let bytes = read_checked(path)?;
        let file = SafeTensors::deserialize(&bytes)?;
        let (mut tensors, mut others) = (NamedTensors::new(), Vec::new());
        for (name, view) in file.tensors() {
            match kind_of(view.dtype()) {
                Ok(kind) => {
                    let tensor = from_view(&view, kind).with_context(|| format!("tensor `{}`", name.escape_debug()))?;
                    tensors.insert(name, tensor);
                }
                Err(_) => others.push((name, view.dtype())),
            }
        }
        Ok((tensors, others))
    };
    read().with_context(|| cannot_read(path))
}

fn cannot_read(path: &Path) -> String {
    format!("cannot read the weights `{}`", path.display())
}

/// Reads the whole file after checking that its header describes exactly what the file holds.
fn read_checked(path: &Path) -> Result<Vec<u8>> {
    if path.is_dir() {
        return Err(UserError::new("expected a safetensors file, found a folder").hint(in_folder(path)).into());
    }
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    read_header(&mut file, length, &mut bytes)?;
    bytes.reserve_exact(length as usize - bytes.len());
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What to do with a folder in the place of a weights file.
fn in_folder(path: &Path) -> String {
    if path.join(".metadata").is_file() {
        let convert = "python3 -m torch.distributed.checkpoint.format_utils dcp_to_torch";
        return format!("it is a distributed checkpoint: `{convert} {} FILE` writes a PyTorch file", path.display());
    }
    "give the file in it".to_owned()
}

/// Reads the start of a safetensors file of `length` bytes, up to its tensors, into `bytes`, and checks its header
/// against that length. Allocates only the header's size, which is bounded.
pub fn read_header(file: &mut impl Read, length: u64, bytes: &mut Vec<u8>) -> Result<Metadata> {
    file.by_ref().take(LENGTH).read_to_end(bytes)?;
    let number: [u8; 8] = bytes.as_slice().try_into().map_err(|_| UserError::new("it is not a safetensors file"))?;
    let header = u64::from_le_bytes(number);
    if header > LARGEST_HEADER || header > length.saturating_sub(LENGTH) {
        // Only after the check: a valid header's length may look like the start of another kind of file.
        if let Some(kind) = files::kind_by_start(bytes) {
            let message = format!("expected a safetensors file, found {kind}");
            let hint = "convert a PyTorch file with `scripts/reference/pth_to_safetensors.py`";
            return Err(UserError::new(message).hint(hint).into());
        }
        let message = "it is not a safetensors file, or it is truncated";
        return Err(UserError::new(format!("{message}: its header would have {header} of its {length} bytes")).into());
    }
    file.by_ref().take(header).read_to_end(bytes)?;
    let metadata: Metadata = serde_json::from_slice(&bytes[LENGTH as usize..]).context("its header is malformed")?;
    check_end(&metadata, length - LENGTH - header)?;
    Ok(metadata)
}

/// Checks that the tensors, which are contiguous, end exactly at the end of the file.
fn check_end(metadata: &Metadata, rest: u64) -> Result<()> {
    let end = metadata.tensors().values().map(|tensor| tensor.data_offsets.1).max().unwrap_or(0);
    if end as u64 == rest {
        return Ok(());
    }
    let message = format!("its header describes {end} bytes of tensors, but the file has {rest}");
    Err(UserError::new(message).hint("it is truncated, or something was appended to it").into())
}

/// A tensor's bytes as in a file. Safetensors is little-endian, and so are all machines with libtorch wheels.
pub fn to_bytes(tensor: &Tensor) -> Result<(Dtype, Vec<u8>)> {
    let dtype = dtype_of(tensor.kind())?;
    let flat = tensor.to_device(Device::Cpu).contiguous();
    let mut bytes = vec![0; flat.numel() * flat.kind().elt_size_in_bytes()];
    flat.f_copy_data_u8(&mut bytes, flat.numel())?;
    Ok((dtype, bytes))
}

/// The safetensors type of a kind.
pub fn dtype_of(kind: Kind) -> Result<Dtype> {
    Ok(match kind {
        Kind::Float => Dtype::F32,
        Kind::Double => Dtype::F64,
        Kind::Int64 => Dtype::I64,
        Kind::Int => Dtype::I32,
        Kind::Half => Dtype::F16,
        Kind::BFloat16 => Dtype::BF16,
        Kind::Int16 => Dtype::I16,
        Kind::Int8 => Dtype::I8,
        Kind::Uint8 => Dtype::U8,
        Kind::Bool => Dtype::BOOL,
        kind => return Err(UserError::new(format!("numbers of kind {kind:?} are not supported")).into()),
    })
}

fn from_view(view: &TensorView<'_>, kind: Kind) -> Result<Tensor> {
    let shape: Vec<i64> = view.shape().iter().map(|&size| size as i64).collect();
    Ok(Tensor::f_from_data_size(view.data(), &shape, kind)?)
}

/// The kind of a safetensors type.
pub fn kind_of(dtype: Dtype) -> Result<Kind> {
    Ok(match dtype {
        Dtype::F16 => Kind::Half,
        Dtype::BF16 => Kind::BFloat16,
        Dtype::F32 => Kind::Float,
        Dtype::F64 => Kind::Double,
        Dtype::I64 => Kind::Int64,
        Dtype::I32 => Kind::Int,
        Dtype::I16 => Kind::Int16,
        Dtype::I8 => Kind::Int8,
        Dtype::U8 => Kind::Uint8,
        Dtype::BOOL => Kind::Bool,
        other => return Err(UserError::new(format!("numbers of type {other:?} are not supported")).into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_read_back_exactly() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("weights.safetensors");
        let tensors: NamedTensors = [
            (
                "a".to_owned(),
                Tensor::from_slice(&[1.5f32, -2.0, f32::MIN_POSITIVE, 4.0]).reshape([2, 2]).transpose(0, 1),
            ),
            ("b".to_owned(), Tensor::from_slice(&[7i64])),
            ("c".to_owned(), Tensor::from_slice(&[0.1f64])),
            ("d".to_owned(), Tensor::from_slice(&[true, false, true])),
            ("e".to_owned(), Tensor::from_slice(&[0.1f32, -3.0]).to_kind(Kind::BFloat16)),
        ]
        .into();
        write_safetensors(&path, &tensors, "test")?;
        let read = read_safetensors(&path)?;
        assert_eq!(read.len(), 5);
        for (name, tensor) in &tensors {
            assert_eq!(tensor, &read[name]);
        }
        Ok(())
    }

    /// The error for a file with this header and this many bytes of data.
    fn refusal(length: u64, header: &str, data: usize) -> Result<String> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("torn.safetensors");
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        std::fs::write(&path, bytes)?;
        let error = read_safetensors(&path).expect_err("the file is not what its header says");
        let text = format!("{error:#}");
        assert!(text.contains("torn.safetensors"), "{text}");
        Ok(text)
    }

    #[test]
    fn headers_are_checked_against_the_file() -> Result<()> {
        let tensor = |name: &str, shape: &str, start: u64, end: u64| {
            format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{start},{end}]}}"#)
        };
        let whole = |tensors: &[String]| format!("{{{}}}", tensors.join(","));
        let check = |header: &str, data, expected: &str| -> Result<()> {
            let text = refusal(header.len() as u64, header, data)?;
            assert!(text.contains(expected), "{text}");
            Ok(())
        };
        assert!(refusal(9, "{", 0)?.contains("its header would have 9 of its 9 bytes"));
        assert!(refusal(u64::MAX, "{}", 0)?.contains("it is not a safetensors file, or it is truncated"));
        check("{\"a\":", 0, "its header is malformed")?;
        check(&whole(&[tensor("a", "[4]", 0, 16), tensor("b", "[4]", 8, 24)]), 24, "invalid offset for tensor `b`")?;
        check(&whole(&[tensor("a", "[4]", 0, 16)]), 12, "describes 16 bytes of tensors, but the file has 12")?;
        // A few bytes that claim far more than there is memory.
        let end = 1u64 << 50;
        check(&whole(&[tensor("a", &format!("[{}]", end / 4), 0, end)]), 0, "but the file has 0")?;
        check(&whole(&[tensor("a", "[9223372036854775807, 9223372036854775807]", 0, 16)]), 16, "cannot read")?;
        check(&whole(&[tensor("a", "[3]", 0, 16)]), 16, "cannot read")
    }

    #[test]
    fn a_file_of_another_kind_is_named() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("w.pth");
        for (start, kind) in [
            (&b"PK\x03\x04\x14\0\0\0"[..], "found a zip archive, like PyTorch `.pth`"),
            (b"\x80\x02\x8a\x0al\xfc\x9cF", "found a Python pickle"),
            (b"version https://git-lfs", "run `git lfs pull`"),
        ] {
            std::fs::write(&path, [start, &[b'0'; 1000]].concat())?;
            let error = read_safetensors(&path).expect_err("it is another kind of file");
            assert!(format!("{error:#}").contains(kind), "{error:#}");
        }
        // The length of a 640-byte header starts like a pickle.
        let mut header = b"{}".to_vec();
        header.resize(640, b' ');
        std::fs::write(&path, [&640u64.to_le_bytes()[..], &header].concat())?;
        assert!(read_safetensors(&path)?.is_empty());
        Ok(())
    }

    #[test]
    fn tensors_of_every_dtype_are_read_or_rejected_by_name() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("kinds.safetensors");
        let write = |kind: &str, bytes: usize| {
            let header = format!(r#"{{"a":{{"dtype":"{kind}","shape":[2],"data_offsets":[0,{bytes}]}}}}"#);
            let bytes = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![1; bytes]].concat();
            std::fs::write(&path, bytes)
        };
        for (kind, bytes) in [("BOOL", 2), ("U8", 2), ("I8", 2), ("I16", 4), ("I32", 8), ("I64", 16), ("BF16", 4)] {
            write(kind, bytes)?;
            assert_eq!(read_safetensors(&path)?["a"].size(), [2], "{kind}");
        }
        write("U64", 16)?;
        let error = read_safetensors(&path).expect_err("libtorch has no such numbers");
        assert!(format!("{error:#}").ends_with("tensor `a`: numbers of type U64 are not supported"), "{error:#}");
        let (tensors, others) = read_known(&path)?;
        assert_eq!((tensors.len(), others), (0, vec![("a".to_owned(), Dtype::U64)]));
        Ok(())
    }

    #[test]
    fn a_file_of_a_few_bytes_is_an_error() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a");
        std::fs::write(&path, [1, 2, 3])?;
        let error = read_safetensors(&path).expect_err("three bytes are no header");
        assert!(format!("{error:#}").contains("not a safetensors file"));
        Ok(())
    }
}
