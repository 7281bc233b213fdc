//! Resolves the `[network]` table: the sizes of each family, and the defaults of each architecture.

use super::meaning::ProblemReport;
use super::written::{Architecture as Name, Network};
use crate::blueprint::{Architecture, Densenet, Pooling, Resnet, ResnetDepth, Stem, Vit};

/// Fills the sizes of the chosen architecture; those of other families stay `None`.
pub(super) fn fill(network: &mut Network) {
    match network.architecture {
        Name::PreactResnet18 => {
            network.width.get_or_insert(64);
        }
        Name::Resnet18 | Name::Resnet34 | Name::Resnet50 => {
            network.width.get_or_insert(64);
            network.stem.get_or_insert(Stem::Cifar);
        }
        Name::Densenet121 => {
            network.stem.get_or_insert(Stem::Cifar);
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
    network.pooling.get_or_insert(Pooling::ClassToken);
}

/// Resolves a filled table.
pub(super) fn architecture(network: &Network, report: &mut ProblemReport<'_>) -> Architecture {
    check_unused(network, report);
    let size = |key: Option<u64>| key.unwrap_or(1) as usize;
    let stem = network.stem.unwrap_or(Stem::Cifar);
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
            pooling: network.pooling.unwrap_or(Pooling::ClassToken),
        }),
    }
}

/// Nobody trains networks of thousands of dense layers, and their layer list would fill memory.
const MOST_LAYERS: u64 = 1000;

fn blocks(network: &Network, report: &mut ProblemReport<'_>) -> Vec<usize> {
    let blocks = network.blocks.clone().unwrap_or_default();
    let all = blocks.iter().fold(0u64, |all, &layers| all.saturating_add(layers));
    if all > MOST_LAYERS {
        let message =
            format!("`blocks = {blocks:?}` has {all} dense layers in total, at most {MOST_LAYERS} are allowed");
        report.add("network.blocks", message, "each number is the number of dense layers in a block");
        return vec![1];
    }
    blocks.into_iter().map(|layers| layers as usize).collect()
}

/// Reports keys without effect on this architecture.
fn check_unused(network: &Network, report: &mut ProblemReport<'_>) {
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
            let message = format!("`network.{key}` has no effect with this architecture: it applies to {owner}");
            report.add(&format!("network.{key}"), message, "remove the key, or change `network.architecture`");
        }
    }
    if network.dropout.is_some_and(|share| share >= 1.0) {
        report.add("network.dropout", "`dropout` must be below 1", "1 drops everything");
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::survey::NoOne;
    use crate::spec::{Problems, Spec};

    /// The problems of a spec with these lines in `[network]` and `rest` after it, each as `key: message`.
    fn problems(network: &str, rest: &str) -> Vec<String> {
        match load(network, rest) {
            Ok(_) => Vec::new(),
            Err(error) => {
                let problems = error.downcast::<Problems>().expect("the file can be read");
                problems.0.into_iter().map(|problem| format!("{}: {}", problem.key, problem.message)).collect()
            }
        }
    }

    fn load(network: &str, rest: &str) -> anyhow::Result<Spec> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a.toml");
        std::fs::write(&path, format!("[network]\n{network}\n[target]\ndataset = \"cifar10\"\n{rest}\n"))?;
        Spec::load(&path, &[], &NoOne)
    }

    #[test]
    fn every_architecture_has_its_sizes() -> anyhow::Result<()> {
        for name in ["preact-resnet18", "resnet18", "resnet34", "resnet50", "densenet121", "vit-b16", "vit-cifar"] {
            let spec = load(&format!("architecture = \"{name}\""), "")?;
            let text = spec.to_toml()?;
            let mut again: crate::spec::written::Written = toml::from_str(&text)?;
            crate::spec::defaults::fill(&mut again, "");
            assert_eq!(again, spec.filled, "{name}: the resolved spec is the same spec");
        }
        Ok(())
    }

    #[test]
    fn sizes_that_do_not_go_together_name_their_key() {
        let problem = |network: &str| problems(network, "").join("; ");
        assert_eq!(
            problem("architecture = \"vit-cifar\"\npatch = 5"),
            "network.patch: `patch = 5` does not divide the images, which are 32×32"
        );
        assert_eq!(
            problem("architecture = \"vit-b16\"\nheads = 7"),
            "network.heads: `heads = 7` does not divide `width = 768`"
        );
        assert!(
            problem("architecture = \"densenet121\"\nblocks = [1, 1, 1, 1, 1, 1, 1]").starts_with("network.blocks: ")
        );
        assert!(problem("architecture = \"densenet121\"\nblocks = [900000000000]").starts_with("network.blocks: "));
        assert_eq!(
            problem("growth = 12"),
            "network.growth: `network.growth` has no effect with this architecture: it applies to `densenet121`"
        );
        assert!(problem("architecture = \"densenet121\"\nwidth = 12").starts_with("network.width: "));
        assert_eq!(problem("architecture = \"densenet121\"\ngrowth = 12"), "");
    }

    #[test]
    fn frozen_patterns_must_match() {
        let problem = |rest: &str| problems("", rest).join("; ");
        assert_eq!(problem("[transfer]\nfrozen = [\"stem\", \"layer3.*\"]"), "");
        assert_eq!(
            problem("[transfer]\nfrozen = [\"stem\", \"layer5.*\"]"),
            "transfer.frozen: `layer5.*` matches no layer of this network"
        );
        assert_eq!(
            problem("[transfer]\nfrozen = [\"stem\"]\nfrozen_layers = 2"),
            "transfer.frozen: `transfer.frozen` and `transfer.frozen_layers` both choose the frozen layers"
        );
        assert_eq!(problem("[transfer]\ngranularity = \"sublayer\"\nfrozen_layers = 17"), "");
        assert!(problem("[transfer]\nfrozen_layers = 17").contains("has 9 freezable layers"));
    }

    /// A weights file counts by its content, and replaces source training.
    #[test]
    fn weights_count_by_their_content() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let hashes = |name: &str, content: &str| -> anyhow::Result<(String, Option<String>)> {
            let path = folder.path().join(name);
            std::fs::write(&path, content)?;
            let spec = load("", &format!("[source]\nweights = \"{}\"", path.display()))?;
            assert!(!spec.to_toml()?.contains("source.train"), "the resolved spec is a valid spec");
            Ok((spec.run_hash(), spec.source_hash()))
        };
        assert_eq!(hashes("a", "one")?, hashes("b", "one")?);
        assert_ne!(hashes("a", "one")?, hashes("a", "two")?);
        assert!(problems("", "[source]\nweights = \"/nowhere\"")[0].starts_with("source.weights: cannot read"));
        let both = problems("", "[source]\nweights = \"/nowhere\"\ndataset = \"cifar100\"");
        assert!(both.iter().any(|problem| problem.starts_with("source.dataset: `source.dataset` has no effect")));
        Ok(())
    }
}
