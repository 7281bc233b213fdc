use tch::{Device, Tensor};

use super::*;
use crate::blueprint::{Architecture, Blueprint, Granularity, ImageShape, PreactResnet18, Resnet, ResnetDepth, Stem};
use crate::network::Network;

fn state() -> NamedTensors {
    let input = ImageShape { channels: 3, height: 8, width: 8 };
    let architecture = Architecture::PreactResnet18(PreactResnet18 { width: 2 });
    let blueprint = Blueprint::new(&architecture, Granularity::Block, input, 4).expect("it fits");
    Network::new(&blueprint, Device::Cpu, Kind::Float, 0).state()
}

/// Imports a state that `change` has modified, with the last `cut` bytes of its file missing.
fn imported(architecture: &str, change: impl Fn(&mut NamedTensors), cut: usize) -> Result<NamedTensors> {
    let folder = tempfile::tempdir()?;
    let [file, out] = ["given", "imported"].map(|name| folder.path().join(name));
    let mut state = with_counters(state());
    change(&mut state);
    write_safetensors(&file, &state, "test")?;
    let bytes = std::fs::read(&file)?;
    std::fs::write(&file, &bytes[..bytes.len() - cut])?;
    let set = vec!["network.width=2".to_owned()];
    let weights = Weights { file, architecture: architecture.to_owned(), set, prefix: None };
    let done = import(&Import { weights, out: out.clone(), json: false }).map(|report| report.matching.counters);
    assert_eq!(done.is_ok(), out.exists(), "a file is written if and only if all fits");
    assert_eq!(done?, 16);
    read_safetensors(&out)
}

fn refusal(architecture: &str, change: impl Fn(&mut NamedTensors), cut: usize) -> String {
    let error = imported(architecture, change, cut).expect_err("the weights do not fit");
    let hints = error.chain().find_map(|cause| cause.downcast_ref::<UserError>()).map(UserError::hints);
    format!("{error:#}\n{}", hints.unwrap_or_default().join("\n"))
}

#[test]
fn an_import_keeps_every_tensor_but_no_counters() -> Result<()> {
    assert_eq!(imported("preact-resnet18", |_| {}, 0)?, state());
    let half = |state: &mut NamedTensors| {
        let short = state["fc.bias"].to_kind(Kind::BFloat16);
        // Imports are written in float32, whatever the kinds in the file.
        state.insert("fc.bias".into(), short.to_kind(Kind::Double));
    };
    assert_eq!(imported("preact-resnet18", half, 0)?["fc.bias"].kind(), Kind::Float);
    Ok(())
}

#[test]
fn an_import_assumes_the_stem_that_its_file_has() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let input = ImageShape { channels: 3, height: 64, width: 64 };
    for (stem, assumed) in
        [(Stem::Cifar, "stride 1 without pooling"), (Stem::Imagenet, "stride 2 with 3×3 max-pooling")]
    {
        let architecture = Architecture::Resnet(Resnet { depth: ResnetDepth::Eighteen, width: 2, stem });
        let blueprint = Blueprint::new(&architecture, Granularity::Block, input, 4).expect("it fits");
        let file = folder.path().join("given");
        write_safetensors(&file, &Network::new(&blueprint, Device::Cpu, Kind::Float, 0).state(), "test")?;
        let set = vec!["network.width=2".to_owned()];
        let weights = Weights { file, architecture: "resnet18".to_owned(), set, prefix: None };
        let arguments = Import { weights, out: folder.path().join("imported"), json: false };
        let report = import(&arguments)?;
        assert!(report.assumed.contains(assumed), "{}", report.assumed);
    }
    Ok(())
}

#[test]
fn missing_or_other_heads_and_name_prefixes_are_imported() -> Result<()> {
    let body: NamedTensors = state().into_iter().filter(|(name, _)| !name.starts_with("fc.")).collect();
    let headless = |file: &mut NamedTensors| file.retain(|name, _| !name.starts_with("fc."));
    assert_eq!(imported("preact-resnet18", headless, 0)?, body);
    let other = |file: &mut NamedTensors| {
        headless(file);
        file.insert("fc.0.weight".into(), Tensor::from_slice(&[1.0f32]));
        file.insert("mask".into(), Tensor::from_slice(&[true]));
    };
    assert_eq!(imported("preact-resnet18", other, 0)?, body);
    let compiled = |file: &mut NamedTensors| {
        *file = std::mem::take(file).into_iter().map(|(name, tensor)| (format!("_orig_mod.{name}"), tensor)).collect();
    };
    assert_eq!(imported("preact-resnet18", compiled, 0)?, state());
    Ok(())
}

#[test]
fn mismatched_weights_are_rejected_by_name() {
    let text = refusal("preact-resnet18", |_| {}, 10);
    assert!(text.contains("describes") && text.contains("truncated"), "{text}");
    let missing = |state: &mut NamedTensors| {
        let tensor = state.remove("layer1.0.conv1.weight").expect("it is there");
        state.insert("layer1.0.conv1.weigth".into(), tensor);
    };
    let text = refusal("preact-resnet18", missing, 0);
    assert!(text.contains("no tensor `layer1.0.conv1.weight`; the closest name is `layer1.0.conv1.weigth`"), "{text}");
    let shape = |state: &mut NamedTensors| {
        state.insert("layer1.0.bn1.bias".into(), Tensor::zeros([5], (Kind::Float, Device::Cpu)));
    };
    let text = refusal("preact-resnet18", shape, 0);
    assert!(text.contains("tensor `layer1.0.bn1.bias`: expected shape [2], found [5]"), "{text}");
    let foreign = |state: &mut NamedTensors| *state = [("a".to_owned(), Tensor::from(1.0f32))].into();
    let text = refusal("resnet18", foreign, 0);
    assert!(text.contains("weights of another architecture"), "{text}");
    let broken = |state: &mut NamedTensors| {
        state.insert("fc.bias".into(), Tensor::full([4], f64::NAN, (Kind::Float, Device::Cpu)));
    };
    let text = refusal("preact-resnet18", broken, 0);
    assert!(text.contains("tensor `fc.bias`: 4 of its 4 numbers are not finite"), "{text}");
    let text = refusal("resnet18", |_| {}, 0);
    assert!(text.contains("no tensor `bn1.weight`"), "{text}");
}
