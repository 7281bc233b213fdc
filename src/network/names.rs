//! Maps tensor names in files of other programs to the names used here.
//!
//! Sources: torchvision `models/densenet.py` (`_load_state_dict`) and `models/vision_transformer.py` (`MLPBlock`), timm
//! `models/vision_transformer.py`, `torch/nn/parallel`, `torch/_dynamo/eval_frame.py`, `torch/distributed/fsdp`,
//! kuangliu/pytorch-cifar, Cadene/pretrained-models.pytorch.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Bound::{Included, Unbounded};

use crate::blueprint::{Architecture, FamilyMark};
use crate::error::UserError;
use crate::text;

/// Modules that wrap a network or a part of it: data parallelism and averaged weights, `torch.compile`, FSDP, activation
/// checkpointing. No network here has a module with such a name.
const WRAPPERS: [&str; 4] = ["module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

/// The counter that `torch.optim.swa_utils.AveragedModel` stores beside its network.
pub(super) const AVERAGED: &str = "n_averaged";

/// The prefix of a network's names in a file.
#[derive(Debug, Default)]
pub(super) struct NamePrefix {
    pub(super) before: String,
    /// The prefix that names lack if the file holds only a part of the network.
    missing: &'static str,
}

impl NamePrefix {
    /// The name inside the network; `None` for a tensor outside it.
    pub(super) fn without<'a>(&self, name: &'a str) -> Option<Cow<'a, str>> {
        let inside = name.strip_prefix(&self.before)?;
        Some(if self.missing.is_empty() { inside.into() } else { format!("{}{inside}", self.missing).into() })
    }
}

pub(super) fn without_wrappers(name: &str) -> String {
    name.split('.').filter(|part| !WRAPPERS.contains(part)).collect::<Vec<_>>().join(".")
}

/// Finds the network of an architecture among the names of a file: the one under `wanted`, if that is given, otherwise
/// the only one. An error if there are several.
pub(super) fn prefix(
    names: &BTreeSet<&str>,
    architecture: &Architecture,
    wanted: Option<&str>,
) -> Result<NamePrefix, UserError> {
    let wanted = wanted.map(|wanted| without_wrappers(wanted.trim_end_matches('.')));
    let wanted = wanted.map(|wanted| if wanted.is_empty() { wanted } else { format!("{wanted}.") });
    for FamilyMark { first, others, inside } in architecture.family().marks() {
        let from = |start: &str| names.range::<str, _>((Included(start), Unbounded)).next();
        let begins = |start: &str| from(start).is_some_and(|name| name.starts_with(start));
        let found: Vec<&str> = names
            .iter()
            .filter_map(|name| name.strip_suffix(first))
            .filter(|before| before.is_empty() || before.ends_with('.'))
            .filter(|before| begins(&format!("{before}{others}")))
            .collect();
        let shown = |before: &str| whole(before, inside).unwrap_or(before).to_owned();
        let of = |before: &str| NamePrefix {
            before: shown(before),
            missing: if whole(before, inside).is_none() { inside } else { "" },
        };
        match (&wanted, found.as_slice()) {
            (_, []) => {}
            (None, [only]) => return Ok(of(only)),
            (None, _) => return Err(several(&found.into_iter().map(shown).collect::<Vec<_>>())),
            (Some(wanted), _) => match found.iter().find(|before| shown(before) == *wanted) {
                Some(before) => return Ok(of(before)),
                None => return Err(elsewhere(wanted, &found.into_iter().map(shown).collect::<Vec<_>>())),
            },
        }
    }
    match wanted.filter(|wanted| !names.iter().any(|name| name.starts_with(wanted.as_str()))) {
        Some(wanted) => {
            Err(UserError::new(format!("no tensor has a name that starts with `{}`", wanted.escape_debug())))
        }
        None => Ok(NamePrefix::default()),
    }
}

/// What stands before a whole network of which `before` is the prefix of a part, such as `features.` of a DenseNet;
/// `None` if the file holds that part alone.
fn whole<'a>(before: &'a str, inside: &str) -> Option<&'a str> {
    before.strip_suffix(inside).filter(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Prefixes in words; the empty one is the top level.
fn places(prefixes: &[String]) -> String {
    let place = |prefix: &String| match prefix.as_str() {
        "" => "without a prefix".to_owned(),
        prefix => format!("under `{}`", prefix.escape_debug()),
    };
    prefixes.iter().map(place).collect::<Vec<_>>().join(" and ")
}

fn several(prefixes: &[String]) -> UserError {
    let trained: Vec<&String> = prefixes.iter().filter(|prefix| !is_average(prefix)).collect();
    let proposed = if trained.is_empty() { prefixes.iter().collect() } else { trained };
    let options: Vec<String> = proposed.into_iter().map(|prefix| option(prefix)).collect();
    UserError::new(format!("the file has several networks of this architecture: {}", places(prefixes))).hint(format!(
        "choose one: {} of `freezewise weights import` or `freezewise weights logits`",
        text::alternatives(&options)
    ))
}

fn option(prefix: &str) -> String {
    if prefix.is_empty() { "--prefix \"\"".to_owned() } else { format!("--prefix {}", prefix.escape_debug()) }
}

/// Whether a prefix is that of a network which follows the trained one: an average, a teacher, the keys of `MoCo`.
fn is_average(prefix: &str) -> bool {
    const WORDS: [&str; 9] = ["momentum", "ema", "teacher", "target", "k", "key", "shadow", "averaged", "swa"];
    prefix.to_lowercase().split(['.', '_']).any(|word| WORDS.contains(&word))
}

fn elsewhere(wanted: &str, prefixes: &[String]) -> UserError {
    let wanted = places(&[wanted.to_owned()]);
    UserError::new(format!("the file has no network of this architecture {wanted}"))
        .hint(format!("it has one {}", places(prefixes)))
}

/// Whether a tensor is in the body of a network of this family, of which other programs have more forms than there are
/// here: what stands there changes what the network computes. Everything else beside the layers here is a head, or
/// another network.
pub(super) fn is_of_body(name: &str, architecture: &Architecture) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    let starts: &[&str] = match architecture {
        Architecture::PreactResnet18 { .. } | Architecture::Resnet(_) => &["layer", "conv", "bn", "stem"],
        Architecture::Densenet(_) => &["features"],
        // timm, DINOv2 and CLIP; `mask_token` takes part in pretraining alone.
        Architecture::Vit(_) => &[
            "blocks",
            "layers",
            "encoder",
            "patch_embed",
            "pos_embed",
            "cls_token",
            "reg",
            "dist_token",
            "norm",
            "ln_",
            "rel_pos",
            "rope",
        ],
    };
    starts.iter().any(|start| first.starts_with(start))
}

/// Whether a tensor is in the head of another program's transformer, between its body and the last linear map here.
pub(super) fn is_before_head(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    matches!(first, "pre_logits" | "fc_norm" | "attn_pool" | "head_dist") || name.starts_with("heads.pre_logits.")
}

/// The name used here for a tensor of another program's network.
pub(super) fn renamed(name: &str, architecture: &Architecture) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    architecture.family().renamed(&parts).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{Densenet, Pooling, Resnet, ResnetDepth, Stem, Vit};

    fn families() -> [Architecture; 3] {
        let vit =
            Vit { patch: 4, width: 8, depth: 1, heads: 2, mlp_width: 8, dropout: 0.0, pooling: Pooling::ClassToken };
        [
            Architecture::Resnet(Resnet { depth: ResnetDepth::Eighteen, width: 4, stem: Stem::Cifar }),
            Architecture::Densenet(Densenet { blocks: vec![1], growth: 4, compression: 0.5, stem: Stem::Cifar }),
            Architecture::Vit(vit),
        ]
    }

    #[test]
    fn names_of_other_programs_are_translated() {
        let [resnet, densenet, vit] = families();
        for (architecture, theirs, own) in [
            (&resnet, "layer2.0.shortcut.0.weight", "layer2.0.downsample.0.weight"),
            (&resnet, "linear.bias", "fc.bias"),
            (&resnet, "last_linear.weight", "fc.weight"),
            (&resnet, "layer1.0.conv1.weight", "layer1.0.conv1.weight"),
            (
                &densenet,
                "features.denseblock1.denselayer2.norm.1.running_var",
                "features.denseblock1.denselayer2.norm1.running_var",
            ),
            (
                &densenet,
                "features.denseblock1.denselayer2.conv.2.weight",
                "features.denseblock1.denselayer2.conv2.weight",
            ),
            (&densenet, "features.norm5.weight", "features.norm5.weight"),
            (&densenet, "last_linear.bias", "classifier.bias"),
            (&vit, "encoder.layers.encoder_layer_0.mlp.linear_1.weight", "encoder.layers.encoder_layer_0.mlp.0.weight"),
            (&vit, "encoder.layers.encoder_layer_0.mlp.linear_2.bias", "encoder.layers.encoder_layer_0.mlp.3.bias"),
            (&vit, "cls_token", "class_token"),
            (&vit, "pos_embed", "encoder.pos_embedding"),
            (&vit, "patch_embed.proj.bias", "conv_proj.bias"),
            (&vit, "blocks.11.norm1.weight", "encoder.layers.encoder_layer_11.ln_1.weight"),
            (&vit, "blocks.0.attn.qkv.bias", "encoder.layers.encoder_layer_0.self_attention.in_proj_bias"),
            (&vit, "blocks.0.attn.proj.weight", "encoder.layers.encoder_layer_0.self_attention.out_proj.weight"),
            (&vit, "blocks.0.mlp.fc2.weight", "encoder.layers.encoder_layer_0.mlp.3.weight"),
            (&vit, "blocks.0.ls1.gamma", "blocks.0.ls1.gamma"),
            (&vit, "norm.weight", "encoder.ln.weight"),
            (&vit, "head.weight", "heads.head.weight"),
        ] {
            assert_eq!(renamed(theirs, architecture), own);
        }
        assert_eq!(
            without_wrappers("module._orig_mod.layer1.0._checkpoint_wrapped_module.conv1.weight"),
            "layer1.0.conv1.weight"
        );
    }

    #[test]
    fn a_network_is_found_under_any_prefix() {
        let [resnet, densenet, vit] = families();
        let found = |names: &[&str], architecture| {
            let prefix =
                prefix(&names.iter().copied().collect(), architecture, None).map_err(|error| error.to_string());
            prefix.map(|prefix| names.iter().map(|name| prefix.without(name).map(Cow::into_owned)).collect::<Vec<_>>())
        };
        let some = |names: &[&str]| Ok(names.iter().map(|name| Some((*name).to_owned())).collect::<Vec<_>>());
        let plain = ["conv1.weight", "layer1.0.conv1.weight", "fc.bias"];
        assert_eq!(found(&plain, &resnet), some(&plain));
        let inside = ["net.model.conv1.weight", "net.model.layer1.0.conv1.weight", "net.model.fc.bias"];
        assert_eq!(found(&inside, &resnet), some(&plain));
        let beside = ["backbone.conv1.weight", "backbone.layer1.0.conv1.weight", "predictor.0.bias"];
        assert_eq!(
            found(&beside, &resnet),
            Ok(vec![Some("conv1.weight".into()), Some("layer1.0.conv1.weight".into()), None])
        );
        let two = ["q.conv1.weight", "q.layer1.0.conv1.weight", "k.conv1.weight", "k.layer1.0.conv1.weight"];
        assert!(found(&two, &resnet).is_err_and(|error| error.ends_with("under `k.` and under `q.`")));
        let hint = |[one, other]: [&str; 2]| {
            let names = [one, other].map(|before| two[..2].iter().map(move |name| name.replacen("q.", before, 1)));
            let names: Vec<String> = names.into_iter().flatten().collect();
            let error = prefix(&names.iter().map(String::as_str).collect(), &resnet, None).expect_err("two networks");
            error.hints()[0].clone()
        };
        for (prefixes, expected) in [
            (["encoder_k.", "encoder_q."], "`--prefix encoder_q.`"),
            (["ema_model.", "model."], "`--prefix model.`"),
            (["", "ema."], "`--prefix \"\"`"),
            (["a.", "b."], "`--prefix a.` or `--prefix b.`"),
            (["key.", "teacher."], "`--prefix key.` or `--prefix teacher.`"),
        ] {
            let whole = format!("choose one: {expected} of `freezewise weights import` or `freezewise weights logits`");
            assert_eq!(hint(prefixes), whole);
        }
        let dense = ["features.conv0.weight", "features.denseblock1.denselayer1.conv1.weight"];
        assert_eq!(found(&dense, &densenet), some(&dense));
        let part = dense.map(|name| name.trim_start_matches("features."));
        assert_eq!(found(&part, &densenet), some(&dense));
        let inside = dense.map(|name| format!("model.{name}"));
        assert_eq!(
            found(&[&inside[0], &inside[1], "model.classifier.bias"], &densenet),
            some(&[dense[0], dense[1], "classifier.bias"])
        );
        let timm = ["model.patch_embed.proj.weight", "model.blocks.0.norm1.weight", "model.cls_token"];
        assert_eq!(found(&timm, &vit), some(&["patch_embed.proj.weight", "blocks.0.norm1.weight", "cls_token"]));
        // No network at all.
        assert_eq!(found(&["conv1.weight", "bn2.weight"], &resnet), some(&["conv1.weight", "bn2.weight"]));
    }
}
