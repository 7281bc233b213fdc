"""Turns a PyTorch file into a safetensors file for `freezewise weights import`. It needs Python 3.9 or newer, and neither
PyTorch nor any other package.

    python3 scripts/reference/pth_to_safetensors.py resnet18.pth resnet18.safetensors

It takes state dicts, checkpoints that hold one under a name such as `state_dict` or `model`, whole modules, TorchScript
archives, Lightning's `.ckpt`, and the index of a sharded file, `pytorch_model.bin.index.json`. No code of the file is run
(see `pth_file.py`). Where a file holds several state dicts, the message says which was taken, and `--key` takes another.
Tensors keep their names: `freezewise` knows those of torchvision, timm, data parallelism and `torch.compile`.
"""

import argparse
import json
import os
import struct
import sys
import tempfile
from pathlib import Path

from pth_file import FileError, Opaque, Tensor, Unsupported, load

# Under which names training programs keep the state of a network, the most specific first.
KEYS = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "weights", "params")
DEEPEST = 4
SHOWN = 6


def module_state(module, depth=0):
    """The state dict of a module that was saved whole, by the attributes of `torch.nn.Module` or of TorchScript."""
    attributes = module.attributes()
    if "_parameters" in attributes and "_modules" in attributes:
        hidden = attributes.get("_non_persistent_buffers_set") or set()
        buffers = {name: value for name, value in (attributes.get("_buffers") or {}).items() if name not in hidden}
        own, inner = {**(attributes["_parameters"] or {}), **buffers}, attributes["_modules"] or {}
    else:
        own = inner = attributes
    state = {name: value for name, value in own.items() if isinstance(value, Tensor)}
    for name, child in inner.items():
        if isinstance(child, Opaque) and depth < 64:
            state.update({f"{name}.{path}": value for path, value in module_state(child, depth + 1).items()})
    return state


def is_state(value):
    """Whether a value is a dictionary of tensors by name, and not of single numbers alone, such as an optimizer's."""
    return isinstance(value, dict) and any(
        isinstance(name, str) and isinstance(entry, Tensor) and entry.shape for name, entry in value.items()
    )


def states(value, path="", depth=0):
    """The state dicts in a value, by where they are in it."""
    if isinstance(value, Opaque):
        value = module_state(value)
    if is_state(value):
        return {path: value}
    found = {}
    if isinstance(value, dict) and depth < DEEPEST:
        for name, entry in value.items():
            if isinstance(name, str):
                found.update(states(entry, f"{path}.{name}" if path else name, depth + 1))
    return found


def holds(value, kind, depth=0):
    """Whether a value is or contains one for which `kind` is true."""
    inside = value.values() if isinstance(value, dict) and depth < DEEPEST else ()
    return kind(value) or any(holds(entry, kind, depth + 1) for entry in inside)


def absent(value):
    """Why there is no state dict in a value."""
    if holds(value, lambda entry: isinstance(entry, Opaque) and entry.module.startswith("numpy")):
        save = 'safetensors.numpy.save_file(arrays, "weights.safetensors")'
        return f"the file holds NumPy arrays: write them with `{save}` in Python"
    if holds(value, lambda entry: isinstance(entry, Unsupported)):
        return "all its tensors are sparse, quantised or of complex numbers, which are not supported"
    return "the file holds no tensors by name: expected a state dict, a checkpoint with one, or a module"


def joined(path):
    """The tensors of all shards that an index names, beside it."""
    try:
        shards = sorted(set(json.loads(path.read_bytes())["weight_map"].values()))
        wrong = [name for name in shards if Path(name).name != name]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileError("expected `weight_map`, the file of each tensor") from error
    if wrong:
        raise FileError(f"`{wrong[0]}` is not the name of a file beside it")
    if any(name.endswith(".safetensors") for name in shards):
        raise FileError("its shards are safetensors files: `freezewise weights import` takes it")
    state = {}
    for name in shards:
        found = load(path.with_name(name))
        if not is_state(found):
            raise FileError(f"`{name}` holds no tensors by name")
        state.update(found)
    return state


def choose(found, key):
    """The name of the wanted state dict, of several."""
    if key is not None:
        if key not in found:
            raise FileError(f"the file has no state dict `{key}`; it has {listed(found)}")
        return key
    if len(found) == 1:
        return next(iter(found))
    for known in KEYS:
        for path in found:
            if path.split(".")[-1] == known:
                return path
    raise FileError(f"the file holds several state dicts: choose one of {listed(found)} by `--key NAME`")


def listed(names):
    names = [f"`{name}`" for name in names]
    return ", ".join(names[:SHOWN]) + (" and others" if len(names) > SHOWN else "")


def write(path, tensors):
    """Writes a safetensors file: the header's length, the header, then the tensors end to end, in the order of names. It
    is written under another name first, so that a failure leaves nothing."""
    header, offset, chunks = {}, 0, []
    for name, tensor in sorted(tensors.items()):
        chunk = tensor.bytes()
        header[name] = {"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [offset, offset + len(chunk)]}
        chunks.append(chunk)
        offset += len(chunk)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the tensors then lie at multiples of eight bytes
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".writing-", delete=False) as file:
        try:
            file.write(struct.pack("<Q", len(text)) + text)
            for chunk in chunks:
                file.write(chunk)
            file.close()
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def convert(options):
    if options.safetensors.exists() and options.safetensors.samefile(options.pth):
        raise FileError("the output is the input: choose another name")
    value = joined(options.pth) if options.pth.suffix == ".json" else load(options.pth)
    found = states(value)
    if not found:
        raise FileError(absent(value))
    key = choose(found, options.key)
    tensors = {name: entry for name, entry in found[key].items() if isinstance(name, str) and isinstance(entry, Tensor)}
    odd = [name for name, entry in found[key].items() if isinstance(entry, Unsupported)]
    others = [name for name in found[key] if name not in tensors and name not in odd]
    write(options.safetensors, tensors)
    if key and len(found) > 1:
        rest = [name for name in found if name != key]
        print(f"taken: `{key}`; the file also has {listed(rest)}, which `--key` takes")
    if odd:
        names = ", ".join(f"`{name}`" for name in odd)
        print(f"warning: left out, since they are not dense tensors of supported types: {names}", file=sys.stderr)
    if others:
        print(f"left out, since they are not tensors: {listed(others)}")
    print(f"{options.safetensors}: {len(tensors)} tensors")


def main():
    parser = argparse.ArgumentParser(description="Turn a PyTorch file into a safetensors file.")
    parser.add_argument("pth", type=Path)
    parser.add_argument("safetensors", type=Path)
    parser.add_argument("--key", help="where the state dict is in the file, such as `model` or `checkpoint.model`")
    options = parser.parse_args()
    try:
        convert(options)
    except FileError as error:
        sys.exit(f"error: `{options.pth}`: {error}")
    except OSError as error:
        sys.exit(f"error: `{error.filename or options.pth}`: {error.strerror}")


if __name__ == "__main__":
    main()
