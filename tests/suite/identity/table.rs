//! Every key with two values, and what they make of a run.

/// What two values of a key make of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Makes {
    /// The same name and the same bytes.
    Same,
    /// Other names and other bytes.
    Another,
    /// Another source, by name and by bytes, and so a run of another name, though its bytes are the same, for a reason.
    AnotherSource(&'static str),
    /// The same name, whatever the bytes, for a reason.
    SameName(&'static str),
    /// Other names; it takes data to train on that no test has, for a reason.
    AnotherName(&'static str),
}

use Makes::{Another, AnotherName, AnotherSource, Same, SameName};

/// A key, what else is set, and two values. Settings are parted by `; `; the value `-` leaves a key out; a value may bring
/// other settings along; `$` is `source` and `target`, each in turn; `trained`, `vit` and `dense` stand for settings
/// below.
pub type Case = (&'static str, &'static str, &'static str, &'static str, Makes);

/// Where nothing else is said.
pub const BASE: &str = "device=cpu; threads=1; precision=fp32; network.width=1; target.dataset=npz; \
    target.path=own.npz; target.train_size=16; target.train.epochs=2; target.train.batch_size=8; \
    target.train.learning_rate=0.01";

/// Words for settings that go together.
pub const WORDS: [(&str, &str); 3] = [
    (
        "trained",
        "source.dataset=npz; source.path=own.npz; source.train_size=18; source.train.epochs=2; \
         source.train.batch_size=8; source.train.learning_rate=0.01",
    ),
    (
        "vit",
        "network.architecture=vit-cifar; network.width=4; network.depth=1; network.heads=2; network.mlp_width=4; \
         network.patch=4",
    ),
    ("dense", "network.architecture=densenet121; network.width=-; network.blocks=[1, 1]; network.growth=2"),
];

const ELSEWHERE: &str = "the same experiment on another machine or in another folder";
const LAST_BITS: &str = "it changes last bits at most";
const MEASURES: &str = "it only adds measurements";
const STATES: &str = "it changes what can be gone on from, and no number";
const LONGER: &str = "a longer training is the same run; its schedule does not look at the budget";

/// All keys but those of tasks.
pub const CASES: &[Case] = &[
    ("name", "", "one", "other", SameName(ELSEWHERE)),
    ("device", "", "cpu", "auto", SameName(ELSEWHERE)),
    ("threads", "", "1", "2", SameName(ELSEWHERE)),
    ("compute.cache", "", "auto", "off", SameName(LAST_BITS)),
    ("compute.graph", "", "auto", "off", SameName(LAST_BITS)),
    ("compute.layout", "", "channels_first", "channels_last", SameName(LAST_BITS)),
    ("compute.attention", "vit", "fused", "plain", SameName(LAST_BITS)),
    ("compute.evaluation_batch", "", "3", "8", SameName(LAST_BITS)),
    ("compute.deterministic", "", "false", "true", SameName(LAST_BITS)),
    ("evaluate.every", "", "1", "2", SameName(MEASURES)),
    ("evaluate.train_every", "", "1", "2", SameName(MEASURES)),
    ("checkpoint.every_epochs", "", "-", "1", SameName(STATES)),
    ("checkpoint.every_seconds", "", "600", "1", SameName(STATES)),
    ("checkpoint.time_share", "", "0.05", "1.0", SameName(STATES)),
    ("checkpoint.keep", "", "[]", "[1]", SameName(STATES)),
    ("checkpoint.keep_final", "", "true", "false", SameName(STATES)),
    ("seed", "", "0", "1", Another),
    ("seed", "seeds.init=2; seeds.subset=2; seeds.order=2", "2", "1", Same),
    ("seed", "trained", "0", "1", Another),
    ("precision", "trained", "fp32", "bf16", Another),
    ("image_size", "", "-", "8", Same),
    ("image_size", "target.path=large.npz", "8", "16", Another),
    ("image_size", "trained; source.path=large.npz", "8", "16", Another),
    ("image_size", "trained; target.path=large.npz", "8", "16", Another),
    ("image_fit", "target.path=large.npz; image_size=8", "crop", "squeeze", Same),
    ("image_fit", "target.path=wide.npz; image_size=8", "crop", "squeeze", Another),
    ("image_fit", "target.path=folder; target.dataset=folder; image_size=8", "crop", "squeeze", Another),
    ("image_fit", "trained; target.path=wide.npz; image_size=8", "crop", "squeeze", Another),
    ("image_fit", "trained; source.path=wide.npz; image_size=8", "crop", "squeeze", Another),
    ("channels", "", "-", "3", Same),
    ("channels", "", "3", "1", Another),
    ("channels", "target.path=grey.npz", "-", "1", Same),
    ("channels", "trained; source.path=grey.npz", "1", "3", Another),
    ("seeds.source", "", "0", "1", Same),
    ("seeds.source", "trained", "0", "1", Another),
    ("seeds.source", "source.weights=@/one.safetensors", "0", "1", Same),
    ("seeds.init", "", "0", "1", Another),
    ("seeds.subset", "", "0", "1", Another),
    ("seeds.subset", "target.train_size=all", "0", "1", Another),
    ("seeds.order", "", "0", "1", Another),
    ("seeds.order", "target.train.batch_size=16", "0", "1", Another),
    ("seeds.noise", "", "0", "1", Same),
    ("seeds.noise", "target.label_noise=0.5", "0", "1", Another),
    ("seeds.noise", "target.labels=random", "0", "1", Another),
    ("seeds.noise", "target.train_size=8; target.validation_size=12; target.validation_noise=0.5", "0", "1", Another),
    ("seeds.noise", "target.label_file=@/labels.txt", "0", "1", Same),
    ("seeds.augment", "", "0", "1", Same),
    ("seeds.augment", "target.train.augment=[\"flip\"]", "0", "1", Another),
    ("seeds.dropout", "", "0", "1", Same),
    ("seeds.dropout", "vit", "0", "1", Same),
    ("seeds.dropout", "vit; network.dropout=0.5", "0", "1", Another),
    ("seeds.dropout", "vit; network.dropout=0.5; transfer.frozen_layers=all", "0", "1", Same),
    ("network.architecture", "", "preact-resnet18", "resnet18", Another),
    ("network.architecture", "vit", "vit-cifar", "vit-b16", Same),
    ("network.width", "", "1", "2", Another),
    ("network.width", "trained", "1", "2", Another),
    ("network.stem", "network.architecture=resnet18; target.path=large.npz", "cifar", "imagenet", Another),
    ("network.blocks", "dense", "[1]", "[1, 1]", Another),
    ("network.growth", "dense", "2", "3", Another),
    ("network.compression", "dense", "0.5", "1.0", Another),
    ("network.compression", "dense; network.blocks=[2]", "0.5", "1.0", Same),
    ("network.patch", "vit", "4", "2", Another),
    ("network.depth", "vit", "1", "2", Another),
    ("network.heads", "vit", "1", "2", Another),
    ("network.mlp_width", "vit", "4", "5", Another),
    ("network.dropout", "vit", "0.0", "0.5", Another),
    ("network.dropout", "vit; transfer.frozen_layers=all", "0.0", "0.5", Same),
    ("network.dropout", "vit; transfer.frozen_layers=all; trained", "0.0", "0.5", Another),
    ("network.pooling", "vit", "class-token", "mean", Another),
    ("source.weights", "", "@/one.safetensors", "@/copy.safetensors", Same),
    ("source.weights", "", "@/one.safetensors", "@/other.safetensors", Another),
    ("transfer.frozen_layers", "", "1", "2", Another),
    ("transfer.frozen_layers", "", "9", "all", Same),
    ("transfer.frozen", "", "[\"stem\", \"layer1.*\"]", "[\"stem\", \"layer3.*\"]", Another),
    ("transfer.frozen", "", "[\"layer1.*\", \"stem\"]", "-; transfer.frozen_layers=3", Same),
    ("transfer.frozen", "", "[\"layer1.1\", \"layer3.*\"]", "[\"layer3.0\", \"layer3.1\", \"layer1.1\"]", Same),
    ("transfer.granularity", "", "block", "sublayer", Same),
    ("transfer.granularity", "trained; transfer.unfrozen_init=random", "block", "sublayer", Same),
    ("transfer.granularity", "transfer.frozen_layers=3", "block", "sublayer", Another),
    ("transfer.frozen_norm", "trained", "source", "batch", Same),
    ("transfer.frozen_norm", "trained; transfer.frozen_layers=1; compute.cache=off", "source", "batch", Same),
    ("transfer.frozen_norm", "trained; transfer.frozen_layers=2", "source", "batch", Another),
    ("transfer.frozen_norm", "trained; transfer.frozen_layers=2", "source", "target", Another),
    ("transfer.frozen_norm", "trained; vit; transfer.frozen_layers=1; compute.cache=off", "source", "batch", Same),
    ("transfer.unfrozen_init", "trained", "source", "random", Another),
    ("transfer.unfrozen_init", "trained; transfer.frozen_layers=8", "source", "random", Another),
    ("transfer.unfrozen_init", "trained; transfer.frozen_layers=all", "source", "random", Same),
    ("synthetic.latent_similarity", "target.dataset=synthetic; target.path=-; image_size=8", "0.5", "1.0", Another),
    (
        "synthetic.latent_similarity",
        "trained; source.dataset=synthetic; source.path=-; image_size=8",
        "0.5",
        "1.0",
        Same,
    ),
    (
        "synthetic.classes",
        "trained; target.dataset=synthetic; target.path=-; target.train_size=16; image_size=8",
        "2",
        "10",
        Another,
    ),
    ("synthetic.classes", "trained; source.dataset=synthetic; source.path=-; image_size=8", "2", "10", Another),
    ("target.train.epochs", "", "1", "2", SameName(LONGER)),
    ("target.train.steps", "target.train.epochs=-", "1", "2", SameName(LONGER)),
    ("target.validation_noise", "target.validation_size=8", "0.0", "1.0", Another),
    (
        "source.validation_noise",
        "trained; source.validation_size=4",
        "0.0",
        "1.0",
        AnotherSource("validation labels change what is measured of a source, which its runs do not see"),
    ),
    ("target.test_folder", "target.dataset=folder; target.path=both; image_size=8", "val", "test", Another),
    (
        "source.test_folder",
        "trained; source.dataset=folder; source.path=both; image_size=8",
        "val",
        "test",
        AnotherSource("test images change what is measured of a source, which its runs do not see"),
    ),
    ("target.normalisation", "trained", "source", "subset", Another),
    ("source.train.milestones", "trained; source.train.schedule=step", "[1]", "[1, 2]", Same),
    ("source.train.schedule", "trained", "constant", "inverse-sqrt; source.train.period=6", Same),
];

/// The keys of a task.
pub const TASK: &[Case] = &[
    ("$.dataset", "image_size=8", "npz; $.path=own.npz", "folder; $.path=folder", Another),
    ("$.path", "", "own.npz", "copy.npz", Same),
    ("$.path", "", "own.npz", "other.npz", Another),
    (
        "$.arrays",
        "$.path=both.npz",
        "-",
        "[\"train_images\", \"train_labels\", \"test_images\", \"test_labels\"]",
        Same,
    ),
    ("$.arrays", "$.path=both.npz", "-", "[\"a\", \"b\", \"c\", \"d\"]", Another),
    ("$.test_folder", "$.dataset=folder; $.path=folder; image_size=8", "-", "val", Same),
    ("$.skip_bad_files", "$.dataset=folder; $.path=folder; image_size=8", "false", "true", Same),
    (
        "$.skip_bad_files",
        "$.dataset=tiny-imagenet; $.path=-; image_size=8; $.train_size=16",
        "false",
        "true",
        AnotherName("its damaged files are in no digest; its 200 classes take long to write and read"),
    ),
    ("$.classes", "", "-", "[\"0-3\"]", Same),
    ("$.classes", "$.train_size=10", "-", "[0, 1, 3]", Another),
    ("$.classes", "$.train_size=10", "[3, 0, 1]", "[0, 1, \"3\"]", Same),
    (
        "$.labels",
        "$.dataset=cifar100; $.path=-; image_size=8",
        "class",
        "superclass",
        AnotherName("CIFAR-100 alone has them, and is large"),
    ),
    ("$.labels", "", "class", "random", Another),
    ("$.split", "$.train_size=10", "-", "1/1", Same),
    ("$.split", "$.train_size=10", "1/2", "2/2", Another),
    ("$.train_size", "", "12", "0.5", Same),
    ("$.train_size", "", "all", "24", Same),
    ("$.train_size", "", "12", "16", Another),
    ("$.train_size", "", "4 per class", "16; $.balanced=true", Same),
    ("$.balanced", "", "false", "true", Another),
    ("$.validation_size", "", "0", "4", Another),
    ("$.label_noise", "", "0.0", "0.5", Another),
    ("$.label_noise_kind", "$.label_noise=0.5", "uniform", "pairs", Another),
    ("$.label_noise_kind", "$.label_noise=0.5; $.classes=[0, 1]; $.train_size=10", "uniform", "pairs", Same),
    ("$.label_file", "", "@/labels.txt", "@/labels-copy.txt", Same),
    ("$.label_file", "", "@/labels.txt", "@/labels-other.txt", Another),
    (
        "$.normalisation",
        "",
        "subset",
        "given; $.normalisation_mean=[0.5, 0.5, 0.5]; $.normalisation_deviation=[0.2, 0.2, 0.2]",
        Another,
    ),
    (
        "$.normalisation_mean",
        "$.normalisation=given; $.normalisation_deviation=[0.2, 0.2, 0.2]",
        "[0.5, 0.5, 0.5]",
        "[0.5, 0.5, 0.4]",
        Another,
    ),
    (
        "$.normalisation_deviation",
        "$.normalisation=given; $.normalisation_mean=[0.5, 0.5, 0.5]",
        "[0.2, 0.2, 0.2]",
        "[0.2, 0.2, 0.3]",
        Another,
    ),
    ("$.train.epochs", "$.train.schedule=cosine", "1", "2", Another),
    ("$.train.steps", "$.train.schedule=cosine; $.train.epochs=-", "2", "3", Another),
    ("$.train.steps", "$.train.schedule=cosine; $.train_size=16", "-", "4; $.train.epochs=-", Same),
    ("$.train.batch_size", "", "8", "4", Another),
    ("$.train.batch_size", "", "24", "64", Same),
    ("$.train.optimizer", "", "adam", "sgd", Another),
    ("$.train.optimizer", "", "adam", "adamw", Another),
    ("$.train.optimizer", "$.train.weight_decay=0.0", "adam", "adamw", Same),
    ("$.train.learning_rate", "", "0.01", "0.02", Another),
    ("$.train.schedule", "", "constant", "cosine", Another),
    ("$.train.schedule", "", "constant", "step; $.train.milestones=[1]; $.train.decay=1.0", Same),
    ("$.train.warmup_steps", "", "0", "2", Another),
    ("$.train.warmup_steps", "", "0", "1", Same),
    ("$.train.period", "$.train.schedule=inverse-sqrt", "1", "2", Another),
    ("$.train.milestones", "$.train.schedule=step", "[1]", "[2]", Another),
    ("$.train.decay", "$.train.schedule=step; $.train.milestones=[1]", "0.1", "0.5", Another),
    ("$.train.momentum", "$.train.optimizer=sgd", "0.0", "0.9", Another),
    ("$.train.nesterov", "$.train.optimizer=sgd; $.train.momentum=0.9", "false", "true", Another),
    ("$.train.beta1", "", "0.9", "0.5", Another),
    ("$.train.beta2", "", "0.999", "0.5", Another),
    ("$.train.epsilon", "", "1e-8", "1e-2", Another),
    ("$.train.weight_decay", "", "0.0", "0.1", Another),
    ("$.train.label_smoothing", "", "0.0", "0.1", Another),
    ("$.train.augment", "", "[]", "[\"flip\"]", Another),
    ("$.train.augment", "", "[\"crop\", \"flip\"]", "[\"flip\", \"crop\"]", Same),
    ("$.train.crop_padding", "$.train.augment=[\"crop\"]", "1", "2", Another),
    ("$.train.crop_fill", "$.train.augment=[\"crop\"]", "zero", "reflect", Another),
    ("$.train.resized_area", "$.train.augment=[\"resized-crop\"]", "0.1", "0.9", Another),
    ("$.train.jitter_strength", "$.train.augment=[\"jitter\"]", "0.1", "0.9", Another),
    ("$.train.cutout_size", "$.train.augment=[\"cutout\"]", "2", "3", Another),
];
