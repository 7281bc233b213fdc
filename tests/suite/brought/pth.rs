//! `scripts/reference/pth_to_safetensors.py` on files as `torch.save` writes them, made without PyTorch by a script of
//! its own: Python's `pickle`, and modules that have the names of PyTorch's.

use std::path::PathBuf;
use std::process::{Command, Output};

use freezewise::network::read_safetensors;
use tch::Tensor;

use super::super::arrays::npz;
use super::super::program::Place;

/// Writes `file.pth`: `make.py FORMAT PROTOCOL CONTENT`.
const MAKE: &str = include_str!("make_pth.py");

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
fn both_formats_and_all_protocols_give_the_same_tensors() {
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
    for form in ["zip", "older", "pickled"] {
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
fn a_state_dict_is_found_in_a_checkpoint_and_no_pickled_code_runs() {
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
    let told = "warning: left out, since they are not dense tensors of supported types: `complex`, `sparse`\n";
    assert!(code == 0 && said.contains(told), "{said}");
    assert!(said.contains("left out, since they are not tensors: `note`"), "{said}");
    assert_eq!(written(&place), [("x".to_owned(), 1.0)]);
}

#[test]
fn shards_become_one_file() {
    let place = place();
    for (content, shard) in [("nested", "2.bin"), ("state", "1.bin")] {
        make(&place, "zip", "2", content);
        std::fs::rename(place.path("file.pth"), place.path(shard)).expect("renamed");
    }
    let convert = |map: &str| {
        place.write("index.json", format!("{{\"weight_map\": {map}}}"));
        let script = std::fs::canonicalize("scripts/reference/pth_to_safetensors.py").expect("the script");
        let output = python(&place, &[script.to_str().expect("text"), "index.json", "file.safetensors"]);
        String::from_utf8([output.stdout, output.stderr].concat()).expect("text")
    };
    assert_eq!(convert("{\"whole\": \"1.bin\"}"), "file.safetensors: 10 tensors\n");
    for (map, expected) in [
        ("{\"whole\": \"1.bin\", \"x\": \"2.bin\"}", "`2.bin` holds no tensors by name"),
        ("{\"x\": \"../1.bin\"}", "`../1.bin` is not the name of a file beside it"),
        ("{\"x\": \"1.safetensors\"}", "`freezewise weights import` takes it"),
        ("[]", "expected `weight_map`"),
    ] {
        assert!(convert(map).contains(expected), "{map}");
    }
}

/// An error in a line, and no file.
#[test]
fn files_that_are_not_pytorch_files_are_named() {
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
        ("zip", "quantised", "all its tensors are sparse, quantised or of complex numbers"),
        ("zip", "arrays", "the file holds NumPy arrays: write them with `safetensors.numpy.save_file("),
        ("pickled", "arrays", "the file holds NumPy arrays"),
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
    for (name, expected) in [
        ("model.pth", "found a zip archive with `model.pth` in it: unpack it first"),
        ("model/data/weights/weight_0", "run `torch.save(torch.export.load(\"file.pth\").state_dict"),
        ("other.txt", "found one with other.txt"),
    ] {
        npz(&place.path("file.pth"), &[(name, vec![0; 9])]);
        refused(expected);
    }
    std::fs::remove_file(place.path("file.pth")).expect("removed");
    refused("No such file");
    place.write("file.pth/.metadata", "");
    refused("`python3 -m torch.distributed.checkpoint.format_utils dcp_to_torch file.pth FILE` writes one");
    std::fs::remove_dir_all(place.path("file.pth")).expect("removed");
    place.write("file.pth", "x");
    let script = std::fs::canonicalize("scripts/reference/pth_to_safetensors.py").expect("the script");
    let same = python(&place, &[script.to_str().expect("text"), "file.pth", "./file.pth"]);
    assert!(!same.status.success() && String::from_utf8_lossy(&same.stderr).contains("the output is the input"));
}
