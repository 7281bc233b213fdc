"""Turns a PyTorch state dict into a safetensors file for `freezewise weights import`.

    python3 scripts/reference/pth_to_safetensors.py resnet18.pth resnet18.safetensors

A `.pth` file is a pickle, which may run any code when it is loaded; with `weights_only=True` PyTorch takes tensors and
plain containers from it and refuses the rest. A checkpoint that keeps its state under `state_dict` or `model` is taken too.
"""

import argparse
from pathlib import Path

import torch

from tensor_file import TYPES, write_tensors


def main():
    parser = argparse.ArgumentParser(description="Turn a PyTorch state dict into a safetensors file.")
    parser.add_argument("pth", type=Path)
    parser.add_argument("safetensors", type=Path)
    options = parser.parse_args()
    state = torch.load(options.pth, map_location="cpu", weights_only=True)
    for key in ("state_dict", "model"):
        if isinstance(state.get(key), dict):
            state = state[key]
    # A network that was wrapped for several GPUs has one more name before all others.
    state = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    for name, tensor in state.items():
        if not isinstance(tensor, torch.Tensor) or tensor.dtype not in TYPES:
            parser.error(f"`{name}` is no tensor of {', '.join(TYPES.values())}")
    write_tensors(options.safetensors, state)
    print(f"{options.safetensors}: {len(state)} tensors")


if __name__ == "__main__":
    main()
