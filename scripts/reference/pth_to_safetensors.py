"""Turns a PyTorch state dict into a safetensors file for `freezewise weights import`.

    python3 scripts/reference/pth_to_safetensors.py resnet18.pth resnet18.safetensors

A `.pth` file is a pickle, which may run any code when it is loaded; with `weights_only=True` PyTorch takes tensors and
plain containers from it and refuses the rest. A checkpoint that holds its state under a name, such as `state_dict` or
`model`, is taken too; where it holds several, `--key` says which. Tensors keep their names: `freezewise` knows those of
torchvision, timm, data parallelism and `torch.compile`.
"""

import argparse
from pathlib import Path

import torch

from tensor_file import TYPES, write_tensors

# Under which names training programs keep the state of a network, the most specific first.
KEYS = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params")


def is_state(value):
    """Whether a value is a dictionary with tensors in it."""
    return isinstance(value, dict) and any(isinstance(entry, torch.Tensor) for entry in value.values())


def state_of(checkpoint, key, fail):
    """The state dict in what a file holds."""
    if isinstance(checkpoint, torch.nn.Module):
        return checkpoint.state_dict()
    if not isinstance(checkpoint, dict):
        fail(f"the file holds a {type(checkpoint).__name__}; expected a state dict")
    if key is not None:
        for name in key.split("."):
            if not isinstance(checkpoint, dict) or name not in checkpoint:
                fail(f"the file has no `{key}`")
            checkpoint = checkpoint[name]
        if not is_state(checkpoint):
            fail(f"`{key}` is not a state dict")
        return checkpoint
    # A state dict itself, unless it only has single numbers beside other dictionaries, such as an epoch.
    if any(isinstance(entry, torch.Tensor) and entry.dim() > 0 for entry in checkpoint.values()):
        return checkpoint
    states = {name: entry for name, entry in checkpoint.items() if is_state(entry)}
    known = [name for name in KEYS if name in states]
    if known or len(states) == 1:
        return states[known[0] if known else next(iter(states))]
    names = ", ".join(f"`{name}`" for name in checkpoint)
    fail(f"the file holds {names}; `--key NAME` says which is the state dict (`a.b` for one within another)")


def main():
    parser = argparse.ArgumentParser(description="Turn a PyTorch state dict into a safetensors file.")
    parser.add_argument("pth", type=Path)
    parser.add_argument("safetensors", type=Path)
    parser.add_argument("--key", help="where the state dict is in the file")
    options = parser.parse_args()
    # Training programs save their arguments beside the state; a namespace is a plain container too.
    with torch.serialization.safe_globals([argparse.Namespace]):
        checkpoint = torch.load(options.pth, map_location="cpu", weights_only=True)
    state = state_of(checkpoint, options.key, parser.error)
    tensors = {
        name: tensor for name, tensor in state.items() if isinstance(tensor, torch.Tensor) and tensor.dtype in TYPES
    }
    others = [name for name in state if name not in tensors]
    if others:
        shown = ", ".join(f"`{name}`" for name in others[:3]) + (" and others" if len(others) > 3 else "")
        print(f"left out, since they are no tensors of {', '.join(TYPES.values())}: {shown}")
    write_tensors(options.safetensors, tensors)
    print(f"{options.safetensors}: {len(tensors)} tensors")


if __name__ == "__main__":
    main()
