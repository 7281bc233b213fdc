//! What the `[network]` table means: the sizes of each family, those that a name fixes among them.

use super::meaning::Report;
use super::written::{self, Architecture as Name, Network};
use crate::blueprint::{Architecture, Densenet, Pooling, Resnet, ResnetDepth, Stem, Vit};

/// Fills in the keys that the architecture has; the others stay absent.
pub(super) fn fill(network: &mut Network) {
    match network.architecture {
        Name::PreactResnet18 => {
            network.width.get_or_insert(64);
        }
        Name::Resnet18 | Name::Resnet34 | Name::Resnet50 => {
            network.width.get_or_insert(64);
            network.stem.get_or_insert(written::Stem::Cifar);
        }
        Name::Densenet121 => {
            network.stem.get_or_insert(written::Stem::Cifar);
            network.blocks.get_or_insert_with(|| vec![6, 12, 24, 16]);
            network.growth.get_or_insert(32);
            network.compression.get_or_insert(0.5);
        }
        Name::VitB16 => fill_vit(network, [16, 768, 12, 12, 3072]),
        Name::VitCifar => fill_vit(network, [4, 512, 6, 8, 512]),
    }
}

fn fill_vit(network: &mut Network, [patch, width, depth, heads, mlp_width]: [u64; 5]) {
    network.patch.get_or_insert(patch);
    network.width.get_or_insert(width);
    network.depth.get_or_insert(depth);
    network.heads.get_or_insert(heads);
    network.mlp_width.get_or_insert(mlp_width);
    network.dropout.get_or_insert(0.0);
    network.pooling.get_or_insert(written::Pooling::ClassToken);
}

/// The architecture that a filled table means.
pub(super) fn architecture(network: &Network, report: &mut Report<'_>) -> Architecture {
    check_unused(network, report);
    let size = |key: Option<u64>| key.unwrap_or(1) as usize;
    let stem = match network.stem {
        Some(written::Stem::Imagenet) => Stem::Imagenet,
        Some(written::Stem::Cifar) | None => Stem::Cifar,
    };
    let resnet = |depth| Architecture::Resnet(Resnet { depth, width: size(network.width), stem });
    match network.architecture {
        Name::PreactResnet18 => Architecture::PreactResnet18 { width: size(network.width) },
        Name::Resnet18 => resnet(ResnetDepth::Eighteen),
        Name::Resnet34 => resnet(ResnetDepth::ThirtyFour),
        Name::Resnet50 => resnet(ResnetDepth::Fifty),
        Name::Densenet121 => Architecture::Densenet(Densenet {
            blocks: blocks(network, report),
            growth: size(network.growth),
            compression: network.compression.unwrap_or(1.0),
            stem,
        }),
        Name::VitB16 | Name::VitCifar => Architecture::Vit(Vit {
            patch: size(network.patch),
            width: size(network.width),
            depth: size(network.depth),
            heads: size(network.heads),
            mlp_width: size(network.mlp_width),
            dropout: network.dropout.unwrap_or_default(),
            pooling: match network.pooling {
                Some(written::Pooling::Mean) => Pooling::Mean,
                Some(written::Pooling::ClassToken) | None => Pooling::ClassToken,
            },
        }),
    }
}

/// A few thousand dense layers are no network that anybody trains, and their list would fill the memory.
const MOST_LAYERS: u64 = 1000;

fn blocks(network: &Network, report: &mut Report<'_>) -> Vec<usize> {
    let blocks = network.blocks.clone().unwrap_or_default();
    let all = blocks.iter().fold(0u64, |all, &layers| all.saturating_add(layers));
    if all > MOST_LAYERS {
        let message = format!("`blocks = {blocks:?}` are {all} dense layers, and {MOST_LAYERS} is the most");
        report.add("network.blocks", message, "write the number of dense layers of each block");
        return vec![1];
    }
    blocks.into_iter().map(|layers| layers as usize).collect()
}

/// Keys that were written and would do nothing.
fn check_unused(network: &Network, report: &mut Report<'_>) {
    let vit = matches!(network.architecture, Name::VitB16 | Name::VitCifar);
    let densenet = network.architecture == Name::Densenet121;
    let resnet = matches!(network.architecture, Name::Resnet18 | Name::Resnet34 | Name::Resnet50);
    let rules = [
        ("width", network.width.is_some(), !densenet, "a ResNet or a vision transformer"),
        ("stem", network.stem.is_some(), resnet || densenet, "`resnet18`, `resnet34`, `resnet50` or `densenet121`"),
        ("blocks", network.blocks.is_some(), densenet, "`densenet121`"),
        ("growth", network.growth.is_some(), densenet, "`densenet121`"),
        ("compression", network.compression.is_some(), densenet, "`densenet121`"),
        ("patch", network.patch.is_some(), vit, "a vision transformer"),
        ("depth", network.depth.is_some(), vit, "a vision transformer"),
        ("heads", network.heads.is_some(), vit, "a vision transformer"),
        ("mlp_width", network.mlp_width.is_some(), vit, "a vision transformer"),
        ("dropout", network.dropout.is_some(), vit, "a vision transformer"),
        ("pooling", network.pooling.is_some(), vit, "a vision transformer"),
    ];
    for (key, written, used, owner) in rules {
        if written && !used {
            let message = format!("`network.{key}` has no effect with this architecture: it is a size of {owner}");
            report.add(&format!("network.{key}"), message, "leave the key out, or change `network.architecture`");
        }
    }
    if network.dropout.is_some_and(|share| share >= 1.0) {
        report.add("network.dropout", "`dropout` must be below 1", "at 1 nothing would be left");
    }
}
