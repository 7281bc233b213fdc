//! Deduces stem, classes, channels and image size of a network from the shapes in its state dict, so that users need not
//! specify them.

use super::NamedTensors;
use crate::blueprint::{Architecture, Blueprint, Granularity, ImageShape, Operation, ShapeError};

/// ImageNet's number of classes, for a state dict without a head.
const CLASSES: usize = 1000;

/// Larger sizes are not believed: a damaged header may claim any.
const LARGEST: i64 = 1 << 20;

/// An architecture and its blueprint, with stem, classes, channels and image size deduced from the state. Only a vision
/// transformer's tensors tell the image size; for other architectures it is `side`.
pub fn blueprint_of(
    mut architecture: Architecture,
    state: &NamedTensors,
    side: usize,
) -> Result<(Architecture, Blueprint), ShapeError> {
    let length = |name: &str, dimension: usize| -> Option<usize> {
        let length = *state.get(name)?.size().get(dimension)?;
        (1..=LARGEST).contains(&length).then_some(length as usize)
    };
    architecture.family_mut().adapt(&length);
    let first = architecture.family().first_tensor();
    let side = architecture.family().image_side(&length).unwrap_or(side);
    let channels = length(first, 1).unwrap_or(3);
    if !matches!(channels, 1 | 3) {
        let hint = if length(first, 2) == Some(1) {
            "its 1×1 kernel takes feature maps: a hybrid network, whose first layers are of another architecture"
        } else {
            "images have 1 channel (grey) or 3 (colour)"
        };
        let message = format!("`{first}` takes {channels} channels, expected 1 or 3");
        return Err(ShapeError { key: "channels", message, hint: hint.into() });
    }
    let input = ImageShape { channels, height: side, width: side };
    let build = |classes| Blueprint::new(&architecture, Granularity::Block, input, classes);
    let blueprint = build(CLASSES)?;
    let head = blueprint.head.operations.iter().find_map(|operation| match operation {
        Operation::Linear { path, .. } => Some(format!("{path}.weight")),
        _ => None,
    });
    let blueprint = match head.and_then(|head| length(&head, 0)) {
        Some(classes) if classes != CLASSES => build(classes)?,
        _ => blueprint,
    };
    Ok((architecture, blueprint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{Pooling, PreactResnet18, Resnet, ResnetDepth, Stem, Vit};
    use tch::{Device, Kind, Tensor};

    fn state(shapes: &[(&str, &[i64])]) -> NamedTensors {
        let tensor = |shape: &[i64]| Tensor::zeros(shape, (Kind::Float, Device::Cpu));
        shapes.iter().map(|(name, shape)| ((*name).to_owned(), tensor(shape))).collect()
    }

    #[test]
    fn blueprints_are_inferred_from_shapes() -> Result<(), ShapeError> {
        let resnet = Resnet { depth: ResnetDepth::Eighteen, width: 4, stem: Stem::Imagenet };
        let shapes = state(&[("conv1.weight", &[4, 1, 3, 3]), ("fc.weight", &[7, 32])]);
        let (_, blueprint) = blueprint_of(Architecture::Resnet(resnet), &shapes, 224)?;
        assert_eq!((blueprint.classes, blueprint.input.channels), (7, 1));
        assert_eq!(blueprint.layers[0].operations.len(), 3, "the stem has no pooling");
        let vit =
            Vit { patch: 4, width: 8, depth: 1, heads: 2, mlp_width: 8, dropout: 0.0, pooling: Pooling::ClassToken };
        let shapes = state(&[("encoder.pos_embedding", &[1, 17, 8])]);
        assert_eq!(blueprint_of(Architecture::Vit(vit), &shapes, 224)?.1.input.height, 16);
        Ok(())
    }

    #[test]
    fn unsupported_image_shapes_are_rejected() {
        for channels in [2, 4, 13] {
            let shapes = state(&[("conv1.weight", &[4, channels, 3, 3])]);
            let error = blueprint_of(Architecture::PreactResnet18(PreactResnet18 { width: 4 }), &shapes, 224)
                .expect_err("refused");
            assert_eq!(error.message, format!("`conv1.weight` takes {channels} channels, expected 1 or 3"));
            assert!(error.hint.starts_with("images have"), "{}", error.hint);
        }
        let hybrid = state(&[("conv1.weight", &[4, 1024, 1, 1])]);
        let error = blueprint_of(Architecture::PreactResnet18(PreactResnet18 { width: 4 }), &hybrid, 224);
        assert!(error.expect_err("refused").hint.contains("a hybrid network"));
    }

    #[test]
    fn absurd_class_counts_are_ignored() -> Result<(), ShapeError> {
        let shapes = state(&[("fc.weight", &[1 << 40, 0])]);
        let architecture = Architecture::PreactResnet18(PreactResnet18 { width: 4 });
        assert_eq!(blueprint_of(architecture, &shapes, 224)?.1.classes, CLASSES);
        Ok(())
    }
}
