"""Writes and reads safetensors files without a dependency.

The format: the length of the header in eight little-endian bytes; the header, in JSON; the bytes of all tensors.
"""

import ctypes
import json
import struct
import sys

import torch

TYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.bool: "BOOL",
}


def write_tensors(path, tensors):
    """Writes {name: tensor} to `path` in order of name, so that the same tensors produce the same bytes."""
    assert sys.byteorder == "little", "the format is little-endian, and tensors are written in native byte order"
    header, chunks, offset = {}, [], 0
    for name, tensor in sorted(tensors.items()):
        tensor = tensor.detach().contiguous()
        chunk = ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size())
        end = offset + len(chunk)
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, end]}
        chunks.append(chunk)
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # aligns the tensors to eight bytes
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))


def read_tensors(path):
    """{name: tensor} of a file written by freezewise. It does not validate the file."""
    content = bytearray(path.read_bytes())
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    kinds = {name: kind for kind, name in TYPES.items()}
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = torch.frombuffer(content[start:end], dtype=kinds[entry["dtype"]]).reshape(entry["shape"])
    return tensors
