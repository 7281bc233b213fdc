//! Checks the keys of the `[network]` table.

use super::report::ProblemReport;
use crate::blueprint::{ArchitectureName, NetworkTable};
use crate::text;

/// Reports keys without effect on this architecture, and a dropout of everything.
pub(super) fn check(network: &NetworkTable, report: &mut ProblemReport<'_>) {
    let sizes = network.architecture.sizes();
    for key in network.given().filter(|key| sizes.given().all(|own| own != *key)) {
        let owners: Vec<String> = ArchitectureName::taking(key).map(|name| name.name().to_owned()).collect();
        let owners = text::alternatives(&owners);
        let message = format!("`network.{key}` has no effect with this architecture: it applies to {owners}");
        report.add(&format!("network.{key}"), message, "remove the key, or change `network.architecture`");
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
    fn incompatible_sizes_name_their_key() {
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

    #[test]
    fn the_last_part_of_a_name_suggests_the_layer() {
        let error =
            load("architecture = \"vit-cifar\"", "[transfer]\nfrozen = [\"encoder_layer_1\"]").expect_err("no layer");
        let hint = error.downcast::<Problems>().expect("the file can be read").0.remove(0).hint;
        let expected = "did you mean `encoder.layers.encoder_layer_1`? `freezewise describe` lists the layers";
        assert_eq!(hint.as_deref(), Some(expected));
    }

    /// A weights file counts by its content, and replaces source training.
    #[test]
    fn weights_files_are_identified_by_content() -> anyhow::Result<()> {
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
