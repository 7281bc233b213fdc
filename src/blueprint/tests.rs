//! Checks every family against the counts of its definition.

use super::*;

fn images(side: usize) -> ImageShape {
    ImageShape { channels: 3, height: side, width: side }
}

fn preact(width: usize) -> Blueprint {
    build(&Architecture::PreactResnet18(PreactResnet18 { width }), 32, 10)
}

fn resnet(depth: ResnetDepth, stem: Stem) -> Architecture {
    Architecture::Resnet(Resnet { depth, width: 64, stem })
}

fn densenet121(stem: Stem) -> Architecture {
    Architecture::Densenet(Densenet { blocks: vec![6, 12, 24, 16], growth: 32, compression: 0.5, stem })
}

fn vit(patch: usize, width: usize, depth: usize, heads: usize, mlp_width: usize) -> Vit {
    Vit { patch, width, depth, heads, mlp_width, dropout: 0.1, pooling: Pooling::ClassToken }
}

fn vit_b16() -> Architecture {
    Architecture::Vit(vit(16, 768, 12, 12, 3072))
}

fn build(architecture: &Architecture, side: usize, classes: usize) -> Blueprint {
    Blueprint::new(architecture, Granularity::Block, images(side), classes).expect("the sizes go together")
}

/// Every kind of network, small and large.
fn families() -> Vec<(Architecture, usize)> {
    vec![
        (Architecture::PreactResnet18(PreactResnet18 { width: 4 }), 32),
        (resnet(ResnetDepth::Eighteen, Stem::Cifar), 28),
        (resnet(ResnetDepth::ThirtyFour, Stem::Imagenet), 96),
        (resnet(ResnetDepth::Fifty, Stem::Imagenet), 224),
        (densenet121(Stem::Cifar), 32),
        (densenet121(Stem::Imagenet), 64),
        (vit_b16(), 224),
        (Architecture::Vit(Vit { pooling: Pooling::Mean, ..vit(4, 512, 6, 8, 512) }), 28),
    ]
}

fn trainable(blueprint: &Blueprint, first: usize) -> u64 {
    blueprint.trainable_parameters(&FrozenSet::first(first, blueprint.layers.len()))
}

/// Computed by hand from the definition, with nothing frozen, stem and 6 blocks, stem and 7, all but the head.
#[test]
fn preact_resnet18_parameter_counts() {
    let table = [
        (8, [176_050, 132_170, 74_634, 650]),
        (16, [700_762, 526_474, 296_714, 1_290]),
        (64, [11_171_146, 8_397_322, 4_725_770, 5_130]),
    ];
    for (width, expected) in table {
        let blueprint = preact(width);
        assert_eq!([0, 7, 8, 9].map(|frozen| trainable(&blueprint, frozen)), expected, "width {width}");
    }
}

/// Parameter counts and multiply-adds published with torchvision's weights, in units of 10 million.
#[test]
fn parameters_and_cost_match_torchvision() {
    let table = [
        (resnet(ResnetDepth::Eighteen, Stem::Imagenet), 11_689_512, 181),
        (resnet(ResnetDepth::ThirtyFour, Stem::Imagenet), 21_797_672, 366),
        (resnet(ResnetDepth::Fifty, Stem::Imagenet), 25_557_032, 409),
        (densenet121(Stem::Imagenet), 7_978_856, 283),
        (vit_b16(), 86_567_656, 1_756),
    ];
    for (architecture, parameters, cost) in table {
        let blueprint = build(&architecture, 224, 1000);
        assert_eq!(trainable(&blueprint, 0), parameters, "{architecture:?}");
        let multiply_adds: u64 = blueprint.facts().iter().map(|layer| layer.multiply_adds).sum();
        assert_eq!((multiply_adds as f64 / 1e7).round() as u64, cost, "{architecture:?}");
    }
}

/// The finest axis of k: 63 layers, with the numbers of trainable parameters for ten classes.
#[test]
fn densenet121_has_63_layers_and_their_parameters() {
    let blueprint = build(&densenet121(Stem::Cifar), 32, 10);
    assert_eq!(blueprint.layers.len(), 63);
    assert_eq!(blueprint.layers[7].name, "features.transition1");
    let thousands = [0, 32, 48, 56, 61].map(|k| trainable(&blueprint, k) / 1000);
    assert_eq!(thousands, [6956, 4531, 1958, 946, 178]);
    assert_eq!(trainable(&blueprint, 63), 10_250);
}

#[test]
fn sublayers_are_convolutions_with_their_norms() {
    let names = |architecture: &Architecture, side| -> Vec<String> {
        let fine = Blueprint::new(architecture, Granularity::Sublayer, images(side), 10).expect("it fits");
        assert_eq!(trainable(&fine, 0), trainable(&build(architecture, side, 10), 0));
        fine.layers.into_iter().map(|layer| layer.name).collect()
    };
    let preact = names(&Architecture::PreactResnet18(PreactResnet18 { width: 8 }), 32);
    assert_eq!((preact.len(), preact[16].as_str()), (17, "layer4.1.conv2"));
    let fifty = names(&resnet(ResnetDepth::Fifty, Stem::Imagenet), 224);
    assert_eq!(fifty[..4], ["stem", "layer1.0.conv1", "layer1.0.conv2", "layer1.0.conv3"]);
    assert_eq!(fifty.len(), 1 + 3 * 16);
    let densenet = names(&densenet121(Stem::Imagenet), 64);
    assert_eq!(densenet.len(), 1 + 2 * 58 + 3 + 1);
    assert_eq!(densenet[2], "features.denseblock1.denselayer1.conv2");
    let vit = names(&vit_b16(), 224);
    assert_eq!(vit.len(), 1 + 2 * 12 + 1);
    assert_eq!(vit[1..3], ["encoder.layers.encoder_layer_0.self_attention", "encoder.layers.encoder_layer_0.mlp"]);
}

#[test]
fn preact_resnet18_shapes_and_cost() {
    let facts = preact(64).facts();
    let names: Vec<&str> = facts.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "stem", "layer1.0", "layer1.1", "layer2.0", "layer2.1", "layer3.0", "layer3.1", "layer4.0", "layer4.1",
            "head"
        ]
    );
    assert_eq!(facts[3].output, Shape::Image(ImageShape { channels: 128, height: 16, width: 16 }));
    assert_eq!(facts[8].output, Shape::Image(ImageShape { channels: 512, height: 4, width: 4 }));
    assert_eq!(facts[9].output, Shape::Features(10));
    let multiply_adds: u64 = facts.iter().map(|layer| layer.multiply_adds).sum();
    assert_eq!(multiply_adds, 555_422_720, "0.555 G for ResNet-18 on 32 by 32 images");
}

#[test]
fn tensor_paths_are_unique() {
    for (architecture, side) in families() {
        let blueprint = build(&architecture, side, 10);
        let mut paths: Vec<String> =
            blueprint.all_layers().flat_map(|layer| layer.slots().map(|slot| slot.path)).collect();
        let count = paths.len();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), count, "{architecture:?}");
    }
}

/// An in-place operation must own what it changes: not a value kept for a shortcut, and not a value from a layer
/// boundary, which a cache may hold.
#[test]
fn in_place_operations_change_only_their_own_tensors() {
    for (architecture, side) in families() {
        let blueprint = Blueprint::new(&architecture, Granularity::Sublayer, images(side), 10).expect("it fits");
        for layer in blueprint.all_layers() {
            assert!(!layer.operations[0].in_place(), "{architecture:?}, {}", layer.name);
            for pair in layer.operations.windows(2) {
                assert!(!(pair[0] == Operation::SaveSkip && pair[1].in_place()), "{architecture:?}, {}", layer.name);
            }
        }
    }
}

#[test]
fn impossible_sizes_name_the_key_to_change() {
    let key = |architecture: &Architecture, side| {
        Blueprint::new(architecture, Granularity::Block, images(side), 10).map_err(|error| error.key).err()
    };
    let densenet = |blocks: &[usize], compression| {
        let blocks = blocks.to_vec();
        Architecture::Densenet(Densenet { blocks, growth: 2, compression, stem: Stem::Cifar })
    };
    assert_eq!(key(&vit_b16(), 28), Some("network.patch"));
    assert_eq!(key(&Architecture::Vit(vit(4, 10, 1, 3, 8)), 32), Some("network.heads"));
    assert_eq!(key(&densenet121(Stem::Imagenet), 28), Some("network.stem"));
    assert_eq!(key(&densenet121(Stem::Imagenet), 32), None);
    assert_eq!(key(&densenet(&[1, 1, 1, 1], 0.5), 4), Some("network.blocks"));
    assert_eq!(key(&densenet(&[], 0.5), 32), Some("network.blocks"));
    assert_eq!(key(&densenet(&[1, 1], 0.1), 32), Some("network.compression"));
    assert_eq!(key(&resnet(ResnetDepth::Fifty, Stem::Imagenet), 4), None, "PyTorch can compute this one too");
}
