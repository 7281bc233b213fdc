"""Combinations of options that cover every possible pair of values; each runs in less than a second."""

import itertools

# Shared by all combinations. No training-set size is a multiple of the batch size.
SPEC = """\
image_size = 8
device = "cpu"
[target]
dataset = "synthetic"
[target.train]
batch_size = 32
"""

TRANSFORMER = ["network.width=16", "network.depth=2", "network.heads=2", "network.mlp_width=16"]
SOURCE = ["source.dataset=synthetic", "source.train_size=72", "source.train.epochs=1", "source.train.batch_size=32"]
# A label for each of the synthetic task's training examples.
LABELS = "".join(f"{index * index % 10}\n" for index in range(20_000))

# Factor -> value -> overrides. Value names are unique across factors.
FACTORS = {
    "architecture": {
        "preact-resnet18": ["network.architecture=preact-resnet18", "network.width=2"],
        "resnet18": ["network.architecture=resnet18", "network.width=2"],
        "resnet34": ["network.architecture=resnet34", "network.width=1", "network.stem=imagenet"],
        "resnet50": ["network.architecture=resnet50", "network.width=2"],
        "densenet121": ["network.architecture=densenet121", "network.blocks=[2, 2]", "network.growth=4"],
        "vit-cifar": ["network.architecture=vit-cifar", *TRANSFORMER],
        "vit-b16": ["network.architecture=vit-b16", "network.patch=4", "network.pooling=mean", *TRANSFORMER]
        + ["network.dropout=0.2", "compute.attention=plain"],
    },
    "noise": {
        "no noise": [],
        "uniform": ["target.label_noise=0.3"],
        "uniform-all": ["target.label_noise=0.3", "target.label_noise_kind=uniform-all"],
        "permutation": ["target.label_noise=0.3", "target.label_noise_kind=permutation"],
        "pairs": ["target.label_noise=0.3", "target.label_noise_kind=pairs"],
        "label file": ["target.label_file=labels.txt"],
    },
    "examples": {
        "80 examples": ["target.train_size=80"],
        "half of the classes": ["target.dataset=npz", "target.path=own.npz", 'target.classes=["1/2"]']
        + ["target.train_size=72", "channels=3"],
        "split": ["target.split=2/2", "target.train_size=80", "target.balanced=true"],
        "per class": ["target.train_size=7 per class"],
        "fraction": ["target.train_size=0.0045"],
    },
    "augmentation": {
        "plain images": [],
        "crop": ["target.train.augment=['crop', 'flip']", "target.train.crop_padding=2"],
        "reflect": ["target.train.augment=['crop', 'cutout']", "target.train.crop_fill=reflect"]
        + ["target.train.crop_padding=2", "target.train.cutout_size=3"],
        "resized-crop": ["target.train.augment=['resized-crop', 'jitter']", "target.train.resized_area=0.3"],
    },
    "optimizer": {
        "adam": ["target.train.learning_rate=1e-2"],
        "adamw": ["target.train.optimizer=adamw", "target.train.learning_rate=1e-2", "target.train.beta1=0.8"],
        "sgd": ["target.train.optimizer=sgd", "target.train.learning_rate=0.05", "target.train.weight_decay=1e-3"],
        "nesterov": ["target.train.optimizer=sgd", "target.train.learning_rate=0.02", "target.train.momentum=0.9"]
        + ["target.train.nesterov=true"],
    },
    "schedule": {
        "constant": [],
        "inverse-sqrt": ["target.train.schedule=inverse-sqrt", "target.train.period=2"],
        "cosine": ["target.train.schedule=cosine", "target.train.warmup_steps=2"],
        "milestones": ["target.train.schedule=step", "target.train.milestones=[1]"],
    },
    "frozen": {
        "k = 0": [],
        "k = 3": ["transfer.frozen_layers=3"],
        "all frozen": ["transfer.frozen_layers=all"],
        "frozen set": [],  # by the family's own names
    },
    "norm": {
        "norm source": ["transfer.frozen_norm=source"],
        "norm target": ["transfer.frozen_norm=target"],
        "norm batch": ["transfer.frozen_norm=batch"],
    },
    "source": {"source": SOURCE, "random rest": [*SOURCE, "transfer.unfrozen_init=random"], "scratch": []},
    "normalisation": {
        "usual normalisation": [],
        "subset": ["target.normalisation=subset"],
        "given": ["target.normalisation=given", "target.normalisation_mean=[0.5, 0.4, 0.3]"]
        + ["target.normalisation_deviation=[0.2, 0.3, 0.25]"],
    },
    "evaluation": {
        "each epoch": [],
        "every second": ["evaluate.every=2", "evaluate.train_every=4"],
        "log": ["evaluate.every=log", "compute.evaluation_batch=777"],
    },
    "budget": {"3 epochs": ["target.train.epochs=3"], "8 steps": ["target.train.steps=8"]},
    "validation": {"no validation": [], "validation": ["target.validation_size=30"]},
    "precision": {"fp32": ["precision=fp32"], "bf16": ["precision=bf16"]},
    "layout": {"channels_last": [], "channels_first": ["compute.layout=channels_first"]},
    "cache": {"cache": [], "no cache": ["compute.cache=off"]},
    "granularity": {"block": [], "sublayer": ["transfer.granularity=sublayer"]},
    "smoothing": {"no smoothing": [], "smoothing": ["target.train.label_smoothing=0.1"]},
    "seeds": {"seed 0": [], "seeds": ["seed=5", "seeds.order=1", "seeds.noise=2", "seeds.source=3"]},
}

FROZEN_SETS = {
    "densenet121": ["stem", "features.denseblock2.*"],
    "vit-cifar": ["embedding", "encoder.layers.encoder_layer_1*"],
    "vit-b16": ["embedding", "encoder.layers.encoder_layer_1*"],
}
RESNET_SET = ["stem", "layer3.*"]

IMPOSSIBLE = [{"scratch", "norm source"}, {"label file", "half of the classes"}]


def rows():
    """Yields rows with one value per factor until every possible pair of values is in a row. Greedy: a row starts with
    the first missing pair; each other factor takes the value that covers most missing pairs."""
    pairs = (
        frozenset(pair)
        for one, other in itertools.combinations(FACTORS.values(), 2)
        for pair in itertools.product(one, other)
    )
    missing = dict.fromkeys(pair for pair in pairs if pair not in IMPOSSIBLE)  # a set that keeps its order
    while missing:
        row = set(next(iter(missing)))
        for values in FACTORS.values():
            if row.isdisjoint(values):
                possible = [value for value in values if not any({value, had} in IMPOSSIBLE for had in row)]
                row.add(max(possible, key=lambda value: sum(frozenset((value, had)) in missing for had in row)))
        for pair in itertools.combinations(row, 2):
            missing.pop(frozenset(pair), None)
        yield [value for values in FACTORS.values() for value in values if value in row]


def settings(row):
    """The overrides of a row, each `KEY=VALUE`."""
    keys = [key for values in FACTORS.values() for value in values if value in row for key in values[value]]
    if "frozen set" in row:
        keys.append(f"transfer.frozen={FROZEN_SETS.get(row[0], RESNET_SET)}")
    return keys


def title(row):
    """The architecture, and the values that are not the first of their factor."""
    usual = {next(iter(values)) for name, values in FACTORS.items() if name != "architecture"}
    return ", ".join(value for value in row if value not in usual)
