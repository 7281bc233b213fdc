//! Sharded safetensors files, as Hugging Face writes large models: `model.safetensors.index.json` names the file of each
//! tensor, beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use anyhow::{Context, Result};
use safetensors::Dtype;
use serde::Deserialize;

use super::NamedTensors;
use super::tensor_file::read_known;
use crate::error::UserError;
use crate::text;

/// In bytes; an index of a hundred thousand tensors has about ten megabytes.
const LARGEST_INDEX: u64 = 64 << 20;

#[derive(Deserialize)]
struct ShardIndex {
    weight_map: BTreeMap<String, String>,
}

/// Whether a file is an index rather than weights, by its name.
pub(super) fn is_index(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// Reads the tensors that an index names; those of types that are not supported come by name and type.
pub(super) fn read(path: &Path) -> Result<(NamedTensors, Vec<(String, Dtype)>)> {
    let index = parse(path).with_context(|| format!("cannot read the index `{}`", path.display()))?;
    let (mut tensors, mut others) = (NamedTensors::new(), Vec::new());
    let files: BTreeSet<&String> = index.weight_map.values().collect();
    for file in files {
        let (found, unsupported) = read_known(&path.with_file_name(file))?;
        tensors.extend(found.into_iter().filter(|(name, _)| index.weight_map.get(name) == Some(file)));
        others.extend(unsupported);
    }
    for (name, file) in &index.weight_map {
        if !tensors.contains_key(name) && !others.iter().any(|(other, _)| other == name) {
            let (name, file) = (text::shortened(name), text::shortened(file));
            let message = format!("`{file}` has no tensor `{name}`, which `{}` says is there", path.display());
            return Err(UserError::new(message).hint("the shards are of another model, or incomplete").into());
        }
    }
    Ok((tensors, others))
}

fn parse(path: &Path) -> Result<ShardIndex> {
    let length = std::fs::metadata(path)?.len();
    if length > LARGEST_INDEX {
        let most = text::bytes(LARGEST_INDEX);
        return Err(UserError::new(format!("it has {}, and the limit is {most}", text::bytes(length))).into());
    }
    let index: ShardIndex = serde_json::from_slice(&std::fs::read(path)?)
        .map_err(|error| UserError::new(format!("expected `weight_map`, the file of each tensor: {error}")))?;
    if let Some(file) = index.weight_map.values().find(|file| !file.ends_with(".safetensors")) {
        let message = format!("its shards are not safetensors files, such as `{}`", text::shortened(file));
        let hint = "`scripts/reference/pth_to_safetensors.py` makes one safetensors file of this index and its shards";
        return Err(UserError::new(message).hint(hint).into());
    }
    for file in index.weight_map.values() {
        let mut parts = Path::new(file).components();
        if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
            let message = format!("`{}` is not the name of a file beside it", text::shortened(file));
            return Err(UserError::new(message).into());
        }
    }
    Ok(index)
}
