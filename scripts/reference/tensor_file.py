"""Writes the safetensors format, which is short enough to need no dependency.

Eight bytes with the header's length, little-endian; the header, JSON; then the tensors' bytes, end to end.
"""

import ctypes
import json
import struct
import sys

import torch

TYPES = {torch.float64: "F64", torch.float32: "F32", torch.int64: "I64"}


def write_tensors(path, tensors):
    """Write {name: tensor} to `path`, in the order of the names, so that the same tensors make the same bytes."""
    assert sys.byteorder == "little", "the format is little-endian and the tensors' bytes are written as they lie"
    header, chunks, offset = {}, [], 0
    for name, tensor in sorted(tensors.items()):
        tensor = tensor.detach().contiguous()
        chunk = ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size())
        end = offset + len(chunk)
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, end]}
        chunks.append(chunk)
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the tensors then lie at multiples of eight bytes
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))
