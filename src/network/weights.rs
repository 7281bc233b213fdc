//! Weights in and out: named tensors, and the safetensors files that hold them.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use tch::{Device, Kind, Tensor, no_grad};

use super::Network;
use crate::error::UserError;
use crate::files;

/// Tensors by name, sorted.
pub type NamedTensors = BTreeMap<String, Tensor>;

impl Network {
    /// A copy of every tensor, on the CPU.
    pub fn state(&self) -> NamedTensors {
        self.tensors()
            .map(|named| (named.path.to_owned(), named.tensor.detach().to_device(Device::Cpu).copy()))
            .collect()
    }

    /// Copies tensors into the layers before `end` that `wanted` picks; each must be there, in the same shape.
    /// Returns the paths that were copied.
    pub fn load(&self, state: &NamedTensors, wanted: impl Fn(usize) -> bool) -> Result<Vec<String>> {
        let mut copied = Vec::new();
        for named in self.tensors().filter(|named| wanted(named.layer)) {
            let value = state
                .get(named.path)
                .ok_or_else(|| UserError::new(format!("the weights have no tensor `{}`", named.path)))?;
            if value.size() != named.tensor.size() {
                return Err(UserError::new(format!(
                    "tensor `{}` of the weights has shape {:?}, and the network's has {:?}",
                    named.path,
                    value.size(),
                    named.tensor.size()
                ))
                .into());
            }
            no_grad(|| named.tensor.shallow_clone().copy_(value));
            copied.push(named.path.to_owned());
        }
        Ok(copied)
    }
}

/// Whether a tensor of a PyTorch state dict is a batch norm's counter, which nothing here reads.
pub fn is_counter(name: &str) -> bool {
    name.ends_with(".num_batches_tracked")
}

/// Writes tensors to a safetensors file, atomically, with a word about them in its header. One word and no more: the
/// format's crate writes several in no fixed order, and the same weights are to be the same bytes.
pub fn write_safetensors(path: &Path, tensors: &NamedTensors, about: &str) -> Result<()> {
    let bytes: Vec<(&String, Dtype, Vec<usize>, Vec<u8>)> = tensors
        .iter()
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
    let read = || -> Result<NamedTensors> {
        let bytes = std::fs::read(path)?;
        let file = SafeTensors::deserialize(&bytes)?;
        file.tensors()
            .into_iter()
            .map(|(name, view)| {
                let tensor = from_view(&view).with_context(|| format!("tensor `{name}`"))?;
                Ok((name, tensor))
            })
            .collect()
    };
    read().with_context(|| format!("cannot read the weights `{}`", path.display()))
}

/// Safetensors is little-endian, as are the machines that libtorch's wheels are for.
fn to_bytes(tensor: &Tensor) -> Result<(Dtype, Vec<u8>)> {
    let flat = tensor.to_device(Device::Cpu).contiguous().flatten(0, -1);
    Ok(match flat.kind() {
        Kind::Float => {
            let values = Vec::<f32>::try_from(&flat)?;
            (Dtype::F32, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        }
        Kind::Double => {
            let values = Vec::<f64>::try_from(&flat)?;
            (Dtype::F64, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        }
        Kind::Int64 => {
            let values = Vec::<i64>::try_from(&flat)?;
            (Dtype::I64, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        }
        kind => return Err(UserError::new(format!("numbers of kind {kind:?} are not written")).into()),
    })
}

fn from_view(view: &TensorView<'_>) -> Result<Tensor> {
    let kind = match view.dtype() {
        Dtype::F32 => Kind::Float,
        Dtype::F64 => Kind::Double,
        Dtype::I64 => Kind::Int64,
        other => return Err(UserError::new(format!("numbers of type {other:?} are not read")).into()),
    };
    let shape: Vec<i64> = view.shape().iter().map(|&size| size as i64).collect();
    Ok(Tensor::f_from_data_size(view.data(), &shape, kind)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_come_back_the_same() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("weights.safetensors");
        let tensors: NamedTensors = [
            (
                "a".to_owned(),
                Tensor::from_slice(&[1.5f32, -2.0, f32::MIN_POSITIVE, 4.0]).reshape([2, 2]).transpose(0, 1),
            ),
            ("b".to_owned(), Tensor::from_slice(&[7i64])),
            ("c".to_owned(), Tensor::from_slice(&[0.1f64])),
        ]
        .into();
        write_safetensors(&path, &tensors, "test")?;
        let read = read_safetensors(&path)?;
        assert_eq!(read.len(), 3);
        for (name, tensor) in &tensors {
            assert_eq!(tensor, &read[name]);
        }
        Ok(())
    }

    #[test]
    fn a_torn_file_is_an_error_with_its_name() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("torn.safetensors");
        std::fs::write(&path, [9, 0, 0, 0, 0, 0, 0, 0, b'{'])?;
        let error = read_safetensors(&path).expect_err("the header is cut");
        assert!(format!("{error:#}").contains("torn.safetensors"));
        Ok(())
    }
}
