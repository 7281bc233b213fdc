use tch::{Device, Tensor};

use super::*;
use crate::blueprint::{Granularity, ImageShape, Pooling, PreactResnet18, Vit};
use crate::network::{Network, with_counters};

const INPUT: ImageShape = ImageShape { channels: 3, height: 8, width: 8 };

fn network(architecture: &Architecture) -> Network {
    let blueprint = Blueprint::new(architecture, Granularity::Block, INPUT, 4).expect("it fits");
    Network::new(&blueprint, Device::Cpu, Kind::Float, 1)
}

const PREACT: Architecture = Architecture::PreactResnet18(PreactResnet18 { width: 2 });

/// The network's state with renamed and with additional tensors.
fn file(network: &Network, rename: impl Fn(&str) -> String, more: &[(&str, Tensor)]) -> NamedTensors {
    let mut file: NamedTensors =
        with_counters(network.state()).into_iter().map(|(name, tensor)| (rename(&name), tensor)).collect();
    file.extend(more.iter().map(|(name, tensor)| ((*name).to_owned(), tensor.shallow_clone())));
    file
}

fn numbers(size: &[i64]) -> Tensor {
    Tensor::ones(size, (Kind::Float, Device::Cpu))
}

/// The tensors taken from a file without counters, whether the head is among them, and the ignored names.
fn taken(network: &Network, architecture: &Architecture, file: NamedTensors) -> (NamedTensors, bool, Vec<String>) {
    let mut weights = PublishedWeights::of(file, architecture, None).expect("one network");
    let has_head = weights.leave_out_heads(network.blueprint(), architecture, true);
    weights.tensors.retain(|name, _| !is_counter(name));
    let mut others = [weights.left_out, weights.integers].concat();
    others.sort();
    (weights.tensors, has_head, others)
}

#[test]
fn wrappers_and_prefixes_are_stripped() {
    let network = network(&PREACT);
    for before in ["", "module.", "_orig_mod.", "module._orig_mod.", "net.backbone.", "model._orig_mod.module."] {
        let file = file(&network, |name| format!("{before}{name}"), &[]);
        assert_eq!(taken(&network, &PREACT, file), (network.state(), true, vec![]), "{before}");
    }
    let averaged = Tensor::from(7i64);
    let file = file(&network, |name| format!("module.{name}"), &[("n_averaged", averaged)]);
    assert_eq!(taken(&network, &PREACT, file), (network.state(), true, vec![]));
}

#[test]
fn kuangliu_names_are_known() {
    let network = network(&PREACT);
    let rename = |name: &str| name.replace("downsample", "shortcut").replace("fc.", "linear.");
    let file = file(&network, |name| format!("module.{}", rename(name)), &[]);
    assert_eq!(taken(&network, &PREACT, file), (network.state(), true, vec![]));
}

#[test]
fn timm_transformers_are_translated() {
    let vit = Vit { patch: 4, width: 8, depth: 2, heads: 2, mlp_width: 12, dropout: 0.0, pooling: Pooling::ClassToken };
    let vit = Architecture::Vit(vit);
    let network = network(&vit);
    let rename = |name: &str| {
        let pairs = [
            ("encoder.layers.encoder_layer_", "blocks."),
            ("class_token", "cls_token"),
            ("encoder.pos_embedding", "pos_embed"),
            ("conv_proj", "patch_embed.proj"),
            ("ln_1", "norm1"),
            ("ln_2", "norm2"),
            ("self_attention.in_proj_", "attn.qkv."),
            ("self_attention.out_proj", "attn.proj"),
            ("mlp.0", "mlp.fc1"),
            ("mlp.3", "mlp.fc2"),
            ("encoder.ln", "norm"),
            ("heads.head", "head"),
        ];
        pairs.iter().fold(name.to_owned(), |name, (own, theirs)| name.replace(own, theirs))
    };
    assert_eq!(taken(&network, &vit, file(&network, rename, &[])), (network.state(), true, vec![]));
    let body: NamedTensors = network.state().into_iter().filter(|(name, _)| !name.starts_with("heads.")).collect();
    // Without a head, as DINO and MAE publish theirs.
    let mut headless = file(&network, rename, &[("decoder_pred.weight", numbers(&[3, 8]))]);
    headless.retain(|name, _| !name.starts_with("head."));
    assert_eq!(taken(&network, &vit, headless), (body, false, vec!["decoder_pred.weight".to_owned()]));
}

#[test]
fn other_heads_and_other_networks_are_left_out_by_name() {
    let network = network(&PREACT);
    let body: NamedTensors = network.state().into_iter().filter(|(name, _)| !name.starts_with("fc.")).collect();
    let mut plain = network.state();
    plain.retain(|name, _| !name.starts_with("fc."));
    let with = |more: &[(&str, Tensor)]| {
        let mut file =
            body.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect::<NamedTensors>();
        file.extend(more.iter().map(|(name, tensor)| ((*name).to_owned(), tensor.shallow_clone())));
        let (tensors, has_head, left_out) = taken(&network, &PREACT, file);
        assert_eq!((tensors == body, has_head), (true, false), "{left_out:?}");
        left_out.join(" ")
    };
    assert_eq!(with(&[]), "");
    assert_eq!(with(&[("fc.0.weight", numbers(&[8, 16])), ("fc.2.bias", numbers(&[4]))]), "fc.0.weight fc.2.bias");
    assert_eq!(with(&[("fc.weight", numbers(&[4, 99])), ("fc.bias", numbers(&[4]))]), "fc.bias fc.weight");
    assert_eq!(with(&[("fc.weight", numbers(&[4, 16]))]), "fc.weight");
    assert_eq!(
        with(&[("head.1.running_mean", numbers(&[4])), ("head.1.num_batches_tracked", Tensor::from(1i64))]),
        "head.1.running_mean"
    );
    let mask = Tensor::from_slice(&[true, false]);
    assert_eq!(with(&[("layer1.mask", mask.shallow_clone()), ("mask", mask)]), "layer1.mask mask");
}

#[test]
fn tensors_that_are_not_heads_are_not_left_out() {
    let network = network(&PREACT);
    for (name, size) in [("layer1.2.conv1.weight", &[2, 2, 3, 3][..]), ("bn.running_mean", &[16])] {
        let mut weights = PublishedWeights::of(file(&network, str::to_owned, &[(name, numbers(size))]), &PREACT, None)
            .expect("one network");
        assert!(weights.leave_out_heads(network.blueprint(), &PREACT, true));
        let matching = Matching::new(network.blueprint(), &weights.tensors, |_| true);
        assert_eq!(matching.unknown, [name]);
    }
    let twice = |name: &str| format!("encoder_q.{name}");
    let mut pair = file(&network, twice, &[]);
    pair.extend(file(&network, |name| format!("encoder_k.{name}"), &[]));
    let error = PublishedWeights::of(pair, &PREACT, None).expect_err("there are two");
    assert_eq!(
        error.to_string(),
        "the file has several networks of this architecture: under `encoder_k.` and under `encoder_q.`"
    );
    // Integer weights, as in quantised files.
    let mut weights = file(&network, str::to_owned, &[("conv1.weight", Tensor::from_slice(&[1i64]))]);
    weights.retain(|name, _| !is_counter(name));
    let (tensors, _, left_out) = taken(&network, &PREACT, weights);
    assert!(!tensors.contains_key("conv1.weight"));
    assert_eq!(left_out, ["conv1.weight"]);
}

/// What a transformer of another kind has inside changes what it computes: `LayerScale`, norms of queries and keys, a norm
/// before the blocks, more tokens, relative positions.
#[test]
fn parts_of_other_transformers_are_not_left_out() {
    let vit = Vit { patch: 4, width: 8, depth: 2, heads: 2, mlp_width: 12, dropout: 0.0, pooling: Pooling::ClassToken };
    let vit = Architecture::Vit(vit);
    let network = network(&vit);
    for name in [
        "blocks.0.ls1.gamma",
        "blocks.1.attn.q_norm.weight",
        "blocks.0.attn.relative_position_bias_table",
        "norm_pre.weight",
        "ln_pre.bias",
        "reg_token",
        "register_tokens",
        "dist_token",
        "encoder.layers.encoder_layer_0.gamma",
    ] {
        let more = file(&network, str::to_owned, &[(name, numbers(&[8]))]);
        let mut weights = PublishedWeights::of(more, &vit, None).expect("one network");
        weights.leave_out_heads(network.blueprint(), &vit, false);
        let matching = Matching::new(network.blueprint(), &weights.tensors, |layer| layer < network.freezable());
        assert_eq!(matching.unknown, [name]);
    }
    // What stands between the body and the last map makes it the head of another network.
    for name in
        ["heads.pre_logits.weight", "pre_logits.fc.bias", "fc_norm.weight", "attn_pool.latent", "head_dist.bias"]
    {
        let more = file(&network, str::to_owned, &[(name, numbers(&[8]))]);
        let (tensors, has_head, left_out) = taken(&network, &vit, more);
        assert!(!has_head && !tensors.contains_key("heads.head.bias"), "{name}");
        assert_eq!(left_out.len(), 3, "{left_out:?}");
    }
    // In pretraining alone.
    let masked = file(&network, str::to_owned, &[("mask_token", numbers(&[1, 1, 8]))]);
    assert_eq!(taken(&network, &vit, masked), (network.state(), true, vec!["mask_token".to_owned()]));
}

#[test]
fn one_of_several_networks_is_chosen_by_prefix() {
    let network = network(&PREACT);
    let zeros: NamedTensors = network.state().into_iter().map(|(name, tensor)| (name, tensor.zeros_like())).collect();
    let pair = |plain: &str, other: &str| -> NamedTensors {
        let zeros = zeros.iter().map(|(name, tensor)| (format!("{plain}{name}"), tensor.shallow_clone()));
        file(&network, |name| format!("{other}{name}"), &[]).into_iter().chain(zeros).collect()
    };
    let of = |plain: &str, other: &str, prefix: &str| {
        let mut weights = PublishedWeights::of(pair(plain, other), &PREACT, Some(prefix))?;
        weights.leave_out_heads(network.blueprint(), &PREACT, true);
        weights.tensors.retain(|name, _| !is_counter(name));
        Ok::<_, UserError>(weights.tensors)
    };
    for (plain, other, prefix, is_other) in [
        ("", "ema.", "ema.", true),
        ("", "ema.", "", false),
        ("module.encoder_q.", "module.encoder_k.", "encoder_k", true),
        ("module.encoder_q.", "module.encoder_k.", "module.encoder_q.", false),
    ] {
        let taken = of(plain, other, prefix).expect("it is there");
        assert_eq!(
            taken,
            if is_other {
                network.state()
            } else {
                zeros.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect()
            },
            "{prefix}"
        );
    }
    let error = of("", "ema.", "teacher").expect_err("there is none");
    assert_eq!(error.to_string(), "the file has no network of this architecture under `teacher.`");
    assert_eq!(error.hints(), ["it has one without a prefix and under `ema.`"]);
    let error = PublishedWeights::of(pair("", "module."), &PREACT, None).expect_err("two copies");
    assert_eq!(error.to_string(), "the file has `conv1.weight` and `module.conv1.weight`, two copies of one tensor");
}
