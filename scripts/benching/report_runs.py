"""Writes run directories with simulated curves, to time `freezewise report`: by default 1000 runs of 1000 epochs.

    python3 -m scripts.benching.report_runs FOLDER

Curves are made up but have realistic shapes: interpolation comes later with more frozen layers, with a bump around it, and
seeds differ by noise.
"""

import argparse
import csv
import json
import math
import pathlib
import random

SPEC = """\
name = "made-up"
seed = {seed}
[seeds]
source = {seed}
[network]
architecture = "preact-resnet18"
width = 8
[source]
dataset = "{source}"
train_size = {source_size}
[source.train]
epochs = 25
learning_rate = 0.001
[target]
dataset = "cifar10"
train_size = {size}
label_noise = 0.2
[target.train]
epochs = {epochs}
batch_size = 128
learning_rate = 0.001
[transfer]
frozen_layers = {layers}
[evaluate]
every = 1
averaged_half_life = 64
"""

LAYERS = 9


def curve(draw, layers, size, epochs):
    """Yields (epoch, train error, test error)."""
    share = layers / LAYERS
    interpolates = 4 + 120 * share**3 * math.sqrt(size / 1000)
    floor = max(0.0, share - 0.8) * 2.5
    peak = 0.05 * math.exp(-((share - 0.75) ** 2) / 0.02) + 0.01
    start = 0.55 + 0.1 * share + draw.gauss(0, 0.008)
    for epoch in range(epochs + 1):
        reached = 1 / (1 + math.exp(-3 * math.log((epoch + 0.1) / interpolates)))
        train = min(0.9, max(0.0, 0.9 * (1 - reached) + floor * reached + draw.gauss(0, 0.004) * (1 - reached)))
        bump = peak * math.exp(-math.log((epoch + 1) / (2.5 * interpolates)) ** 2 / 0.8)
        test = 0.9 * math.exp(-epoch / 2) + start * (1 - math.exp(-epoch / 2)) + bump + draw.gauss(0, 0.004)
        yield epoch, 0.0 if train < 0.004 else train, min(0.9, test)


def row(draw, epoch, steps, train, test):
    """A row of `metrics.csv` by name: all its columns, in order, as `tests/suite/readme/tables.rs` checks."""
    return {
        "phase": "target", "epoch": epoch, "step": epoch * steps, "learning_rate": 0.001,
        "train_loss": train * 2.3 + 0.01, "train_error": train, "train_error_running": train * 1.2,
        "train_error_clean": train * 0.8, "train_error_corrupted": min(1.0, train * 1.8),
        "corrupted_true_error": 1 - train * 0.8, "validation_error": test + draw.gauss(0, 0.006), "test_loss": test * 3,
        "test_error": test, "train_error_averaged": train * 0.95, "test_error_averaged": test - 0.01,
        "weight_norm": 20 + epoch / 100, "head_norm": 3 + epoch / 300, "distance_from_init": 0.1 * epoch,
        "gradient_norm": 0.3 / (1 + epoch),
    }


def make(folder, layers, size, seed, epochs, source, source_size):
    draw = random.Random(f"{layers}-{size}-{seed}-{source}-{source_size}")
    run = folder / f"k{layers}-n{size}-s{seed}-{draw.getrandbits(40):010x}"
    run.mkdir(parents=True)
    steps = size // 128
    spec = {"seed": seed, "source": source, "source_size": source_size, "size": size, "epochs": epochs, "layers": layers}
    (run / "spec.toml").write_text(SPEC.format(**spec))
    rows = [row(draw, epoch, steps, train, test) for epoch, train, test in curve(draw, layers, size, epochs)]
    with (run / "metrics.csv").open("w", newline="") as table:
        writer = csv.DictWriter(table, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    names = ["stem"] + [f"layer{block // 2 + 1}.{block % 2}" for block in range(LAYERS - 1)]
    transfer = {"copied": names, "new": ["head"], "frozen": names[:layers], "frozen_norm": "source", "trainable_parameters": 1}
    record = {"status": "finished", "epochs": epochs, "steps": epochs * steps, "device": "cpu", "threads": 1, "cpu": "none",
              "freezewise": "made up", "libtorch": "none", "source_hash": f"{source}-{source_size}-{seed}", "transfer": transfer}
    (run / "run.json").write_text(json.dumps(record))
    parameters = int(176_000 * (1.05 - layers / LAYERS))
    summary = {"frozen_layers": layers, "train_examples": size, "classes": 10, "trainable_parameters": parameters,
               "collapsed_parameters": parameters * 3 // 4, "examples_times_classes": size * 10}
    (run / "summary.json").write_text(json.dumps(summary))


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("folder", type=pathlib.Path)
    options.add_argument("--layers", type=numbers, default=list(range(LAYERS + 1)))
    options.add_argument("--sizes", type=numbers, default=[500, 1000, 2000, 4000, 8000])
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--epochs", type=int, default=1000)
    options.add_argument("--sources", default="cifar100", help="data sets, separated by commas")
    options.add_argument("--source-sizes", type=numbers, default=[20000])
    given = options.parse_args()
    for layers in given.layers:
        for size in given.sizes:
            for seed in range(given.seeds):
                for source in given.sources.split(","):
                    for source_size in given.source_sizes:
                        make(given.folder, layers, size, seed, given.epochs, source, source_size)


if __name__ == "__main__":
    main()
