"""Converts a PyTorch state dict to a safetensors file for `freezewise weights import`.

    python3 scripts/reference/pth_to_safetensors.py resnet18.pth resnet18.safetensors

A `.pth` file is a pickle, which can run arbitrary code when it is loaded; with `weights_only=True` PyTorch accepts only
tensors and plain containers. The file may be a state dict, or a checkpoint that contains one under a key such as
`state_dict` or `model`; if it contains several, choose with `--key`. Tensors keep their names: `freezewise` knows those
of torchvision, timm, data parallelism and `torch.compile`.
"""

import argparse
from pathlib import Path

import torch

from tensor_file import TYPES, write_tensors

# Keys under which training programs save the state of a network, the most specific first.
KEYS = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params")


def is_state(value):
    """Whether a value is a dictionary that contains tensors."""
    return isinstance(value, dict) and any(isinstance(entry, torch.Tensor) for entry in value.values())


def state_of(checkpoint, key, fail):
    """The state dict in the content of a file."""
    if isinstance(checkpoint, torch.nn.Module):
        return checkpoint.state_dict()
    if not isinstance(checkpoint, dict):
        fail(f"expected a state dict, found a {type(checkpoint).__name__}")
    if key is not None:
        for name in key.split("."):
            if not isinstance(checkpoint, dict) or name not in checkpoint:
                fail(f"the file has no key `{key}`")
            checkpoint = checkpoint[name]
        if not is_state(checkpoint):
            fail(f"`{key}` is not a state dict")
        return checkpoint
    # The file is itself a state dict if it contains a tensor that is not a scalar (an epoch, for example, is one).
    if any(isinstance(entry, torch.Tensor) and entry.dim() > 0 for entry in checkpoint.values()):
        return checkpoint
    states = {name: entry for name, entry in checkpoint.items() if is_state(entry)}
    known = [name for name in KEYS if name in states]
    if known or len(states) == 1:
        return states[known[0] if known else next(iter(states))]
    names = ", ".join(f"`{name}`" for name in checkpoint)
    fail(f"the file contains {names}: choose the state dict with `--key NAME` (`a.b` if nested)")


def main():
    parser = argparse.ArgumentParser(description="Convert a PyTorch state dict to a safetensors file.")
    parser.add_argument("pth", type=Path, help="the PyTorch file to read")
    parser.add_argument("safetensors", type=Path, help="the file to write")
    parser.add_argument("--key", help="the key of the state dict in the file, such as `model` or `a.b`")
    options = parser.parse_args()
    # Training programs save their arguments with the state; a namespace is harmless.
    with torch.serialization.safe_globals([argparse.Namespace]):
        checkpoint = torch.load(options.pth, map_location="cpu", weights_only=True)
    state = state_of(checkpoint, options.key, parser.error)
    tensors = {
        name: tensor for name, tensor in state.items() if isinstance(tensor, torch.Tensor) and tensor.dtype in TYPES
    }
    others = [name for name in state if name not in tensors]
    if others:
        shown = ", ".join(f"`{name}`" for name in others[:3]) + (" and others" if len(others) > 3 else "")
        print(f"skipped (not a tensor of {', '.join(TYPES.values())}): {shown}")
    write_tensors(options.safetensors, tensors)
    print(f"{options.safetensors}: {len(tensors)} tensors")


if __name__ == "__main__":
    main()
