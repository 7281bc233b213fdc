//! `scripts/reference/pth_to_safetensors.py` on files as `torch.save` writes them, made without PyTorch by a script of
//! its own: Python's `pickle`, and modules that have the names of PyTorch's.

use std::path::PathBuf;
use std::process::{Command, Output};

use freezewise::network::read_safetensors;
use tch::Tensor;

use super::super::program::Place;

/// Writes `file.pth`: `make.py FORMAT PROTOCOL CONTENT`.
const MAKE: &str = r#"
import argparse, collections, io, pathlib, pickle, struct, sys, types, zipfile

torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
sys.modules.update({"torch": torch, "torch._utils": utils})
for name in ("FloatStorage", "HalfStorage", "LongStorage", "ComplexFloatStorage"):
    setattr(torch, name, type(name, (), {"__module__": "torch"}))

def named(module, name):
    def function(*arguments):
        raise AssertionError("a pickle only names it")
    function.__module__, function.__qualname__, function.__name__ = module.__name__, name, name
    setattr(module, name, function)
    return function

rebuild, parameter = named(utils, "_rebuild_tensor_v2"), named(utils, "_rebuild_parameter")

class Storage:
    def __init__(self, kind, code, numbers):
        self.kind, self.bytes, self.count = kind, struct.pack(f"<{len(numbers)}{code}", *numbers), len(numbers)

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
    "other": {"x": dense(1.0), "complex": Tensor(Storage(torch.ComplexFloatStorage, "f", [0.0, 0.0]), 0, (1,), (1,))},
    "beyond": {"x": Tensor(Storage(torch.FloatStorage, "f", [0.0]), 0, (2,), (1,))},
    "nothing": {"epoch": 3},
}[content]
buffer = io.BytesIO()
def dump(value):
    Pickler(buffer, protocol).dump(value)
if form == "zip":
    dump(value)
    with zipfile.ZipFile("file.pth", "w") as archive:
        archive.writestr("file/data.pkl", buffer.getvalue())
        archive.writestr("file/byteorder", "little")
        for at, storage in enumerate(storages):
            archive.writestr(f"file/data/{at}", storage.bytes)
else:
    for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, value):
        dump(part)
    dump([str(at) for at in range(len(storages))])
    for storage in storages:
        buffer.write(struct.pack("<q", storage.count) + storage.bytes)
    open("file.pth", "wb").write(buffer.getvalue())
"#;

/// A place with the script that makes files.
fn place() -> Place {
    let place = Place::new();
    place.write("make.py", MAKE);
    place
}

fn python(place: &Place, arguments: &[&str]) -> Output {
    Command::new("python3").args(arguments).current_dir(place.path("")).output().expect("python3")
}

fn make(place: &Place, form: &str, protocol: &str, content: &str) {
    let made = python(place, &["make.py", form, protocol, content]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// What the converter says, and its exit code.
fn convert(place: &Place, more: &[&str]) -> (i32, String) {
    let script: PathBuf = std::fs::canonicalize("scripts/reference/pth_to_safetensors.py").expect("the script");
    let script = script.to_str().expect("text");
    let output = python(place, &[&[script, "file.pth", "file.safetensors"], more].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8(said).expect("text"))
}

/// The only tensor that was written, by name and first number.
fn written(place: &Place) -> Vec<(String, f64)> {
    let tensors = read_safetensors(&place.path("file.safetensors")).expect("a safetensors file");
    tensors.iter().map(|(name, tensor)| (name.clone(), tensor.double_value(&[0]))).collect()
}

#[test]
fn tensors_of_both_formats_and_all_protocols_are_the_same() {
    let place = place();
    let numbers: Vec<f32> = (0..24).map(|number| number as f32).collect();
    let shared = Tensor::from_slice(&numbers);
    let expected = [
        ("whole", shared.view([4, 6])),
        ("rows", shared.view([4, 6]).narrow(0, 1, 2)),
        ("turned", shared.view([4, 6]).tr()),
        ("channels_last", shared.view([2, 2, 2, 3]).permute([0, 3, 1, 2])),
        ("every_other", shared.slice(0, 1, 24, 2)),
        ("spread", shared.slice(0, 5, 7, 1).view([1, 2]).expand([3, 2], false)),
        ("one", shared.slice(0, 7, 8, 1).view([1, 1])),
        ("none", shared.slice(0, 0, 0, 1).view([0, 3])),
        ("half", Tensor::from_slice(&[0.5f32, -2.0]).to_kind(tch::Kind::Half)),
        ("count", Tensor::from(7i64)),
    ];
    for form in ["zip", "older"] {
        for protocol in ["2", "4", "5"] {
            make(&place, form, protocol, "state");
            let (code, said) = convert(&place, &[]);
            assert_eq!((code, said.as_str()), (0, "file.safetensors: 10 tensors\n"), "{form} {protocol}");
            let found = read_safetensors(&place.path("file.safetensors")).expect("a safetensors file");
            assert_eq!(found.len(), expected.len());
            for (name, tensor) in &expected {
                assert_eq!(&found[*name], tensor, "{form} {protocol} {name}");
            }
        }
    }
}

#[test]
fn a_state_dict_is_found_in_a_checkpoint_and_no_code_of_it_runs() {
    let place = place();
    make(&place, "zip", "4", "checkpoint");
    let (code, said) = convert(&place, &[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.starts_with("taken: `state_dict`; the file also has `state_dict_ema`, which `--key` takes\n"),
        "{said}"
    );
    assert_eq!(read_safetensors(&place.path("file.safetensors")).expect("a file").len(), 10);
    let (code, said) = convert(&place, &["--key", "state_dict_ema"]);
    assert_eq!((code, written(&place)), (0, vec![("x".to_owned(), 1.0)]), "{said}");
    assert!(!place.path("ran").exists(), "code of the file has run");
    make(&place, "older", "2", "two");
    let (code, said) = convert(&place, &[]);
    assert!(code == 1 && said.contains("choose one of `student`, `teacher` by `--key NAME`"), "{said}");
    let (code, said) = convert(&place, &["--key", "teacher"]);
    assert_eq!((code, written(&place)), (0, vec![("x".to_owned(), 2.0)]), "{said}");
    make(&place, "zip", "2", "nested");
    assert_eq!((convert(&place, &[]).0, written(&place)), (0, vec![("x".to_owned(), 1.0)]));
    let (code, said) = convert(&place, &["--key", "model"]);
    assert!(code == 1 && said.contains("no state dict `model`; it has `ckpt.model`"), "{said}");
}

#[test]
fn a_module_has_the_names_of_its_state_dict() {
    let place = place();
    make(&place, "zip", "2", "module");
    let (code, said) = convert(&place, &[]);
    assert_eq!(code, 0, "{said}");
    let expected = [("bias", 1.0), ("layer.mean", 4.0), ("layer.weight", 3.0)];
    assert_eq!(written(&place), expected.map(|(name, number)| (name.to_owned(), number)));
    make(&place, "zip", "2", "other");
    let (code, said) = convert(&place, &[]);
    assert!(code == 0 && said.contains("not dense tensors of supported types: `complex`"), "{said}");
    assert_eq!(written(&place), [("x".to_owned(), 1.0)]);
}

/// An error in a line, and no file.
#[test]
fn what_is_no_pytorch_file_is_named() {
    let place = place();
    let refused = |expected: &str| {
        let (code, said) = convert(&place, &[]);
        assert_eq!(code, 1, "{said}");
        assert!(
            said.starts_with("error: `file.pth`: ") && said.contains(expected) && said.lines().count() == 1,
            "{said}"
        );
        assert!(!place.path("file.safetensors").exists());
    };
    for (form, content, expected) in [
        ("zip", "nothing", "the file holds no tensors by name"),
        ("zip", "beyond", "a tensor reaches beyond its storage"),
        ("older", "beyond", "a tensor reaches beyond its storage"),
    ] {
        make(&place, form, "2", content);
        refused(expected);
    }
    for form in ["zip", "older"] {
        make(&place, form, "2", "state");
        let whole = std::fs::read(place.path("file.pth")).expect("made");
        for share in 1..8 {
            place.write("file.pth", &whole[..whole.len() * share / 8]);
            refused("");
        }
    }
    for (bytes, expected) in [
        (&b""[..], "the file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "`git lfs pull` brings it"),
        (b"<!DOCTYPE html>", "a web page"),
        (b"\x02\0\0\0\0\0\0\0{}", "a safetensors file already"),
        (b"hello", "another kind of file"),
        (b"\x80\x02]q\0.", "the file holds no tensors by name"),
    ] {
        place.write("file.pth", bytes);
        refused(expected);
    }
    std::fs::remove_file(place.path("file.pth")).expect("removed");
    refused("No such file");
    place.write("file.pth", "x");
    let script = std::fs::canonicalize("scripts/reference/pth_to_safetensors.py").expect("the script");
    let same = python(&place, &[script.to_str().expect("text"), "file.pth", "./file.pth"]);
    assert!(!same.status.success() && String::from_utf8_lossy(&same.stderr).contains("the output is the input"));
}
