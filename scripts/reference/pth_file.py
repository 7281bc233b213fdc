"""Reads the tensors of a PyTorch file without PyTorch.

A `.pth`, `.pt`, `.bin` or `.ckpt` file is a pickle, which may run any code when it is loaded. Here it runs none: of what
a pickle names, only what makes tensors and plain containers is known, and everything else becomes an empty object that
remembers its state. So files that hold arguments, metrics or whole modules of any library are read too, and tensors in
the state of a module get the names of its state dict.

Both formats of `torch.save` are read (a zip archive, since PyTorch 1.6, and the older one), with any pickle protocol, and
TorchScript archives. Source: `torch/serialization.py` and `torch/_utils.py` of PyTorch 2.11.
"""

import collections
import io
import pickle
import struct
import zipfile

# Of each `torch.dtype`: the name in the safetensors format, bytes, and the storage class of older files.
NUMBERS = {
    "float64": ("F64", 8, "Double"),
    "float32": ("F32", 4, "Float"),
    "float16": ("F16", 2, "Half"),
    "bfloat16": ("BF16", 2, "BFloat16"),
    "int64": ("I64", 8, "Long"),
    "int32": ("I32", 4, "Int"),
    "int16": ("I16", 2, "Short"),
    "int8": ("I8", 1, "Char"),
    "uint8": ("U8", 1, "Byte"),
    "bool": ("BOOL", 1, "Bool"),
    "float8_e4m3fn": ("F8_E4M3", 1, None),
    "float8_e5m2": ("F8_E5M2", 1, None),
    "uint16": ("U16", 2, None),
    "uint32": ("U32", 4, None),
    "uint64": ("U64", 8, None),
}
# Numbers that the safetensors format does not have.
OTHERS = {"ComplexFloat": 8, "ComplexDouble": 16, "QInt8": 1, "QUInt8": 1, "QInt32": 4}
DTYPES = {name: code for name, (code, _, _) in NUMBERS.items()}
SIZES = {code: size for code, size, _ in NUMBERS.values()}
STORAGES = {f"{name}Storage": code for code, _, name in NUMBERS.values() if name}
STORAGES |= {f"{name}Storage": name for name in OTHERS} | {"UntypedStorage": "U8"}

# `torch/serialization.py`: MAGIC_NUMBER and PROTOCOL_VERSION of the older format.
MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001

KINDS = (
    (b"\x89HDF", "an HDF5 file"),
    (b"version https://git-lfs", "a pointer that Git LFS left in place of the file: `git lfs pull` brings it"),
    (b"<", "a web page: the download went wrong"),
    (b"\x1f\x8b", "packed by gzip: unpack it first"),
    (b"\x93NUMPY", "an `.npy` array"),
)


class FileError(Exception):
    """What is wrong with a file, in words."""


class Storage:
    """The numbers of one or several tensors."""

    def __init__(self, dtype, read):
        self.dtype, self.read = dtype, read


class Tensor:
    """Numbers of a storage: where they begin, and how they lie."""

    def __init__(self, storage, offset, shape, strides, dtype=None):
        self.storage, self.offset = storage, offset
        self.shape, self.strides = tuple(shape), tuple(strides)
        self.dtype = dtype or storage.dtype

    def bytes(self):
        """The numbers, one row after the other."""
        try:
            return self._bytes(SIZES[self.dtype])
        except (TypeError, ValueError, IndexError, OverflowError) as error:
            raise FileError(f"a tensor cannot be read: {error}") from error

    def _bytes(self, size):
        count = 1
        for length in self.shape:
            count *= length
        raw = self.storage.read()
        last = self.offset + sum((length - 1) * stride for length, stride in zip(self.shape, self.strides))
        if count and (min(self.strides, default=0) < 0 or self.offset < 0 or (last + 1) * size > len(raw)):
            raise FileError("a tensor reaches beyond its storage: the file is damaged")
        if count == 0:
            return b""
        # Dimensions of one element may have any stride.
        dimensions = [(length, stride) for length, stride in zip(self.shape, self.strides) if length > 1]
        dense = 1
        for length, stride in reversed(dimensions):
            if stride != dense:
                return self._gathered(raw, dimensions, count, size)
            dense *= length
        return raw[self.offset * size : (self.offset + count) * size]

    def _gathered(self, raw, dimensions, count, size):
        """Numbers that lie otherwise, such as transposed ones: the longest dimension is copied at once."""
        kind = {1: "B", 2: "H", 4: "I", 8: "Q"}[size]
        end = len(raw) // size * size
        source, out = memoryview(raw[:end]).cast(kind), memoryview(bytearray(count * size)).cast(kind)
        dense = [1] * len(dimensions)
        for at in range(len(dimensions) - 2, -1, -1):
            dense[at] = dense[at + 1] * dimensions[at + 1][0]
        walk = [(length, stride, own) for (length, stride), own in zip(dimensions, dense)]
        longest = max(range(len(walk)), key=lambda at: walk[at][0])
        length, stride, own = walk.pop(longest)
        starts = [(self.offset, 0)]
        for steps, their, ours in walk:
            starts = [(one + at * their, other + at * ours) for one, other in starts for at in range(steps)]
        for one, other in starts:
            if stride == 0:
                for at in range(length):
                    out[other + at * own] = source[one]
            else:
                out[other : other + (length - 1) * own + 1 : own] = source[one : one + (length - 1) * stride + 1 : stride]
        return bytes(out)


class Opaque:
    """An object of a class that is not known here, with the state that its pickle gives it."""

    module = ""
    state = None

    def __init__(self, *_, **__):
        pass

    def __setstate__(self, state):
        self.state = state

    # A pickle fills lists and dictionaries of classes of its own through these.
    def append(self, *_):
        pass

    extend = __setitem__ = append

    def __hash__(self):
        return id(self)

    def attributes(self):
        """Its attributes by name, where its state is of the usual form."""
        state = self.state[0] if isinstance(self.state, tuple) and self.state else self.state
        return state if isinstance(state, dict) else {}


class Unsupported(Opaque):
    """A tensor that the safetensors format cannot hold: sparse, quantised, of complex numbers."""


def _tensor(storage, offset, shape, strides, *_):
    usable = isinstance(storage, Storage) and storage.dtype in SIZES
    return Tensor(storage, offset, shape, strides) if usable else Unsupported()


def _tensor_v3(storage, offset, shape, strides, _grad, _hooks, dtype, *_):
    if not isinstance(storage, Storage) or not isinstance(dtype, str):
        return Unsupported()
    return Tensor(storage, offset, shape, strides, dtype)


def _from_type(make, _type, arguments, _state):
    return make(*arguments) if make in (_tensor, _tensor_v3) else Unsupported()


KNOWN = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "defaultdict"): lambda *_: {},
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,
    ("torch", "Size"): tuple,
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _tensor_v3,
    ("torch._utils", "_rebuild_parameter"): lambda data, *_: data,
    ("torch._utils", "_rebuild_parameter_with_state"): lambda data, *_: data,
    ("torch._tensor", "_rebuild_from_type_v2"): _from_type,
    # The storage of a tensor that `pickle.dump` wrote: a file of the older format.
    ("torch.storage", "_load_from_bytes"): lambda data: _load_older(io.BytesIO(data)),
    # Bytes, in protocol 2.
    ("_codecs", "encode"): lambda text, *_: text.encode("latin1"),
    ("torch", "_utils"): Opaque,
}


class Unpickler(pickle.Unpickler):
    """Makes tensors and plain containers, and `Opaque` of everything else."""

    def __init__(self, file, storage):
        super().__init__(file, encoding="latin1")
        self._storage = storage

    def find_class(self, module, name):
        known = KNOWN.get((module, name))
        if known is not None:
            return known
        if module in ("torch", "torch.storage") and name in STORAGES:
            return STORAGES[name]
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        if module == "torch._utils" and name.startswith("_rebuild"):
            return Unsupported
        return type(name, (Opaque,), {"module": module})

    def persistent_load(self, identity):
        if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":
            return Opaque()
        dtype = identity[1] if isinstance(identity[1], str) else None
        return Opaque() if dtype is None else self._storage(dtype, str(identity[2]), identity[4], identity[5:])


def load(path):
    """What a file holds: containers, `Tensor`s, and `Opaque` objects."""
    if path.is_dir() or path.suffix == ".distcp":
        folder = path if path.is_dir() else path.parent
        if (folder / ".metadata").exists():
            convert = "python3 -m torch.distributed.checkpoint.format_utils dcp_to_torch"
            raise FileError(f"expected one file, found a distributed checkpoint: `{convert} {folder} FILE` writes one")
        raise FileError("expected a file, found a folder" if path.is_dir() else "its checkpoint has no `.metadata`")
    with open(path, "rb") as file:
        start = file.read(64)
        if not start:
            raise FileError("the file is empty")
        if start.startswith(b"PK"):
            return _load_zip(path)
        if start[:1] != b"\x80":
            known = [words for begins, words in KINDS if start.startswith(begins)]
            if not known and start[8:9] == b"{":
                known = ["a safetensors file already: `freezewise weights import` takes it"]
            raise FileError(f"expected a PyTorch file, found {known[0] if known else 'another kind of file'}")
        file.seek(0)
        return _load_older(file)


def _load_zip(path):
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise FileError("the archive has no end: the file is truncated or damaged") from error
    names = archive.namelist()
    pickles = [name for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
    if not pickles:
        shown = ", ".join(names[:4])
        if path.suffix == ".pt2" or any("/data/weights/" in f"/{name}" for name in names):
            save = f'torch.save(torch.export.load("{path.name}").state_dict, "weights.pth")'
            raise FileError(f"expected a file of `torch.save`, found one of `torch.export`: run `{save}` in Python")
        packed = [name for name in names if name.endswith((".pth", ".pt", ".bin", ".ckpt", ".safetensors"))]
        if packed:
            raise FileError(f"expected a PyTorch file, found a zip archive with `{packed[0]}` in it: unpack it first")
        raise FileError(f"expected an archive of `torch.save` with `data.pkl`, found one with {shown or 'nothing'}")
    inside = pickles[0][: -len("data.pkl")]
    if f"{inside}byteorder" in names and archive.read(f"{inside}byteorder").strip() == b"big":
        raise FileError("its numbers are big-endian, which is not supported")
    storages = {}

    def storage(dtype, key, _count, _more):
        if key not in storages:
            storages[key] = Storage(dtype, lambda: _entry(archive, f"{inside}data/{key}"))
        return storages[key]

    return _unpickled(io.BytesIO(_entry(archive, pickles[0])), storage)


def _entry(archive, name):
    try:
        return archive.read(name)
    except (KeyError, zipfile.BadZipFile, EOFError, ValueError) as error:
        raise FileError(f"`{name}` of the archive cannot be read: {error}") from error


def _load_older(file):
    """A pickle of a number, one of a version, one about the machine, the object, a list of storages, and their bytes."""
    blobs, views = {}, {}

    def storage(dtype, key, _count, more):
        view = more[0] if more else None
        if view is not None:
            raise FileError("it has views of storages, which only PyTorch before 0.4 wrote")
        views.setdefault(key, dtype)
        return Storage(dtype, lambda: _blob(blobs, key))

    first = _unpickled(file, storage)
    if first != MAGIC:
        # A plain pickle: whatever it holds, there are no tensors of PyTorch in it.
        return first
    version, _about, found = (_unpickled(file, storage) for _ in range(3))
    if version != PROTOCOL:
        raise FileError(f"expected version {PROTOCOL} of the format, found {version}")
    for key in _unpickled(file, storage):
        length = file.read(8)
        if len(length) < 8 or str(key) not in views:
            raise FileError("the file is truncated or damaged")
        count = max(0, struct.unpack("<q", length)[0]) * {**SIZES, **OTHERS}[views[str(key)]]
        blobs[str(key)] = file.read(count)
        if len(blobs[str(key)]) < count:
            raise FileError("the file is truncated")
    return found


def _blob(blobs, key):
    if key not in blobs:
        raise FileError(f"storage `{key}` is not in the file: it is truncated or damaged")
    return blobs[key]


def _unpickled(file, storage):
    try:
        return Unpickler(file, storage).load()
    except FileError:
        raise
    except Exception as error:  # A damaged pickle may fail in any way.
        raise FileError(f"its pickle cannot be read: {error or type(error).__name__}") from error
