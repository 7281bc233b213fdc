"""Writes `file.pth` as `torch.save` and `pickle.dump` do: `make_pth.py FORMAT PROTOCOL CONTENT`."""
import argparse, collections, io, pathlib, pickle, struct, sys, types, zipfile

torch, utils, stored = (types.ModuleType(name) for name in ("torch", "torch._utils", "torch.storage"))
numpy = types.ModuleType("numpy.core.multiarray")
sys.modules.update({module.__name__: module for module in (torch, utils, stored, numpy)})
sys.modules["numpy"] = sys.modules["numpy.core"] = numpy
for name in ("FloatStorage", "HalfStorage", "LongStorage", "ComplexFloatStorage"):
    setattr(torch, name, type(name, (), {"__module__": "torch"}))

def named(module, name):
    def function(*arguments):
        raise AssertionError("a pickle only names it")
    function.__module__, function.__qualname__, function.__name__ = module.__name__, name, name
    setattr(module, name, function)
    return function

rebuild, parameter = named(utils, "_rebuild_tensor_v2"), named(utils, "_rebuild_parameter")
from_bytes = named(stored, "_load_from_bytes")

class Storage:
    def __init__(self, kind, code, numbers):
        self.kind, self.bytes, self.count = kind, struct.pack(f"<{len(numbers)}{code}", *numbers), len(numbers)
    def __reduce__(self):
        return from_bytes, (older(self),)

class Made:
    def __init__(self, module, name):
        self.function = named(module, name)
    def __reduce__(self):
        return self.function, ()

class Tensor:
    def __init__(self, storage, offset, shape, strides, parameter=False):
        self.arguments = (storage, offset, shape, strides, False, collections.OrderedDict())
        self.parameter = parameter
    def __reduce__(self):
        if self.parameter:
            return parameter, (Tensor(*self.arguments[:4]), True, collections.OrderedDict())
        return rebuild, self.arguments

storages = []
class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, Storage):
            if value not in storages:
                storages.append(value)
            more = (None,) if form == "older" else ()
            return ("storage", value.kind, str(storages.index(value)), "cpu", value.count, *more)

class Danger:
    def __reduce__(self):
        return eval, ("open('ran', 'w')",)

class Module:
    def __init__(self, parameters, buffers=None, modules=None, hidden=()):
        self._parameters, self._buffers, self._modules = parameters, buffers or {}, modules or {}
        self._non_persistent_buffers_set, self.training = set(hidden), True

def dense(*numbers):
    return Tensor(Storage(torch.FloatStorage, "f", numbers), 0, (len(numbers),), (1,))

shared = Storage(torch.FloatStorage, "f", [float(n) for n in range(24)])
state = collections.OrderedDict([
    ("whole", Tensor(shared, 0, (4, 6), (6, 1), parameter=True)),
    ("rows", Tensor(shared, 6, (2, 6), (6, 1))),
    ("turned", Tensor(shared, 0, (6, 4), (1, 6))),
    ("channels_last", Tensor(shared, 0, (2, 3, 2, 2), (12, 1, 6, 3))),
    ("every_other", Tensor(shared, 1, (12,), (2,))),
    ("spread", Tensor(shared, 5, (3, 2), (0, 1))),
    ("one", Tensor(shared, 7, (1, 1), (99, 3))),
    ("none", Tensor(shared, 0, (0, 3), (3, 1))),
    ("half", Tensor(Storage(torch.HalfStorage, "e", [0.5, -2.0]), 0, (2,), (1,))),
    ("count", Tensor(Storage(torch.LongStorage, "q", [7]), 0, (), ())),
])
state._metadata = collections.OrderedDict({"": {"version": 1}})
form, protocol, content = sys.argv[1], int(sys.argv[2]), sys.argv[3]
inner = Module({"weight": dense(3.0)}, {"mean": dense(4.0), "scratch": dense(5.0)}, hidden=["scratch"])
value = {
    "state": state,
    "checkpoint": {"epoch": 3, "state_dict": state, "state_dict_ema": {"x": dense(1.0)}, "optimizer": {"state": {0: {"m": dense(0.0)}}},
                   "args": argparse.Namespace(path=pathlib.PurePosixPath("a")), "danger": Danger()},
    "two": {"student": {"x": dense(1.0)}, "teacher": {"x": dense(2.0)}},
    "nested": {"ckpt": {"model": {"x": dense(1.0)}}},
    "module": Module({"bias": dense(1.0), "absent": None}, modules=collections.OrderedDict(layer=inner)),
    "other": {"x": dense(1.0), "complex": Tensor(Storage(torch.ComplexFloatStorage, "f", [0.0, 0.0]), 0, (1,), (1,)),
              "sparse": Made(utils, "_rebuild_sparse_tensor"), "note": "text"},
    "quantised": {"x": Made(utils, "_rebuild_qtensor")},
    "arrays": {"model": {"x": Made(numpy, "_reconstruct")}},
    "beyond": {"x": Tensor(Storage(torch.FloatStorage, "f", [0.0]), 0, (2,), (1,))},
    "nothing": {"epoch": 3},
}[content]
def older(value):
    storages.clear()
    out = io.BytesIO()
    for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, value):
        Pickler(out, protocol).dump(part)
    Pickler(out, protocol).dump([str(at) for at in range(len(storages))])
    for storage in storages:
        out.write(struct.pack("<q", storage.count) + storage.bytes)
    return out.getvalue()
if form == "zip":
    buffer = io.BytesIO()
    Pickler(buffer, protocol).dump(value)
    with zipfile.ZipFile("file.pth", "w") as archive:
        archive.writestr("file/data.pkl", buffer.getvalue())
        archive.writestr("file/byteorder", "little")
        for at, storage in enumerate(storages):
            archive.writestr(f"file/data/{at}", storage.bytes)
else:
    open("file.pth", "wb").write(older(value) if form == "older" else pickle.dumps(value, protocol))
