"""CPU benchmarks: training, training of other families, training with frozen layers, and a sweep over frozen layers."""

import pathlib
import tempfile

from .common import Results, fail, freezewise_bench, say, twin, twin_environment

ROWS = ["train", "families", "frozen", "sweep"]

SPEC = """\
name = "bench"
device = "cpu"
[network]
[target]
[target.train]
optimizer = "sgd"
learning_rate = 0.05
"""

# All with a fused optimizer. The fastest depends on the CPU and the width.
SETTINGS = {
    "fp32, channels first": ["--fused"],
    "fp32, channels last": ["--fused", "--channels-last"],
    "bf16, channels first": ["--fused", "--bf16"],
    "bf16, channels last": ["--fused", "--bf16", "--channels-last"],
}

# Layers of a PreAct-ResNet18: the stem, then two blocks per stage.
LAYERS = 9
THROUGH = {"stage 2": 5, "stage 3": 7}

RESNET = "preact-resnet18"
# Other networks: (the key of the spec for the twin's `--width`, that width).
FAMILIES = {"densenet121": ("growth", 12), "vit-cifar": ("width", 128)}


class Bench:
    def __init__(self, options, spec, results):
        self.options, self.spec, self.results = options, spec, results
        self.environment = twin_environment(options.threads)
        self.best = {}

    def freezewise(self, width, frozen, images=None, network=RESNET, **overrides):
        """The report of `freezewise bench` over an epoch of `images` (default `--images`)."""
        options = self.options
        count = images or options.images
        overrides = {
            "network.architecture": network,
            f"network.{FAMILIES.get(network, ('width',))[0]}": width,
            "transfer.frozen_layers": frozen,
            "target.dataset": options.dataset,
            "target.train_size": count,
            "target.train.batch_size": options.batch,
            "threads": options.threads,
        } | overrides
        steps = -(-count // options.batch)
        return freezewise_bench(options.binary, self.spec, overrides, steps, options.data, self.environment)

    def twin(self, width, frozen, settings, images=None, test=None, epochs=2, network=RESNET):
        """The last epoch of the twin, since the first includes its warm-up."""
        options = self.options
        arguments = ["--architecture", network, "--width", width, "--frozen", frozen]
        arguments += ["--images", images or options.images, "--batch", options.batch]
        arguments += ["--threads", options.threads, "--epochs", epochs, *settings]
        if test is not None:
            arguments += ["--test", test]
        lines, _ = twin(arguments, self.environment)
        return lines[-1]

    def best_settings(self, width, frozen=0, network=RESNET):
        """PyTorch's fastest settings: each is measured once, then the two fastest twice more."""
        key = (network, width, frozen)
        if key not in self.best:
            def speed(name):
                return self.twin(width, frozen, SETTINGS[name], network=network)["images_per_second"]

            speeds = {name: speed(name) for name in SETTINGS}
            fastest = sorted(speeds, key=speeds.get)[-2:]
            for name in fastest * 2:
                speeds[name] = max(speeds[name], speed(name))
            self.best[key] = max(fastest, key=speeds.get)
            say(f"{network}, width {width}, {frozen} frozen: PyTorch is fastest with {self.best[key]}")
            say(f"images per second: {rounded(speeds)}")
        return self.best[key]

    def train(self, width, network=RESNET):
        """k = 0 against plain PyTorch, PyTorch's best eager settings, and torch.compile."""
        best = self.best_settings(width, network=network)
        rivals = {"plain eager fp32": [], f"best eager ({best})": SETTINGS[best]}
        if self.options.compile:
            rivals["torch.compile (bf16)"] = ["--fused", "--bf16", "--channels-last", "--compile", "max-autotune"]
        ratios, numbers = {name: [] for name in rivals}, []
        for number in range(self.options.rounds):
            report = self.freezewise(width, 0, network=network)
            own = report["images_per_second"]["median"]
            speeds = {
                name: self.twin(width, 0, settings, network=network)["images_per_second"]
                for name, settings in rivals.items()
            }
            for name, speed in speeds.items():
                ratios[name].append(own / speed)
            numbers.append({"freezewise": own, "host_share": report["host_share"], **speeds})
            say(f"{network}, width {width}, round {number + 1}: {rounded(numbers[-1])}")
        precision = report["compute"]["precision"]
        self.results.add(f"training, {network}, width {width}, k = 0, {precision}", ratios, numbers)

    def frozen(self, width, name, frozen):
        """Cached frozen layers against freezewise at k = 0, and against PyTorch's best eager settings at the same k."""
        best = self.best_settings(width, frozen)
        ratios, numbers = {"its own k = 0": [], f"best eager at this k ({best})": []}, []
        for number in range(self.options.rounds):
            whole = self.freezewise(width, 0)["images_per_second"]["median"]
            report = self.freezewise(width, frozen)
            if report["cache_fill_seconds"] is None:
                fail("the prefix cache is off", *report["notes"])
            own = report["images_per_second"]["median"]
            other = self.twin(width, frozen, SETTINGS[best])["images_per_second"]
            for values, rival in zip(ratios.values(), (whole, other)):
                values.append(own / rival)
            fill = report["cache_fill_seconds"]
            numbers.append({"freezewise": own, "its own k = 0": whole, "best eager": other, "fill_seconds": fill})
            say(f"width {width}, through {name}, round {number + 1}: {rounded(numbers[-1])}")
        self.results.add(f"training, width {width}, frozen through {name} (k = {frozen}), cached", ratios, numbers)

    def sweep(self, width=16):
        """Time of an epoch with its evaluation, summed over every k: PyTorch divided by freezewise."""
        images, best = self.options.sweep_images, self.best_settings(width)
        rivals = {"plain eager fp32": [], f"best eager ({best})": SETTINGS[best]}
        ratios, numbers = {name: [] for name in rivals}, []
        for number in range(self.options.sweep_rounds):
            totals, fills, cells = dict.fromkeys(["freezewise", *rivals], 0.0), 0.0, []
            for frozen in range(LAYERS + 1):
                report = self.freezewise(width, frozen, images)
                steps = -(-images // self.options.batch)
                own = report["step_seconds"]["median"] * steps + report["evaluation_seconds"]["median"]
                fills += report["cache_fill_seconds"] or 0.0
                cell = {"k": frozen, "freezewise": own, "fill": report["cache_fill_seconds"]}
                for name, settings in rivals.items():
                    line = self.twin(width, frozen, settings, images, report["test_examples"])
                    cell[name] = line["seconds"] + line["evaluation_seconds"]
                for name in totals:
                    totals[name] += cell[name]
                cells.append(cell)
                say(f"sweep, round {number + 1}: {rounded(cell)}")
            for name, values in ratios.items():
                values.append(totals[name] / totals["freezewise"])
            numbers.append({"seconds": totals, "fill_seconds": fills, "cells": cells})
        tests = report["test_examples"]
        self.results.add(
            f"an epoch of each k from 0 to {LAYERS}, width {width}, n = {images}, {tests} test images", ratios, numbers
        )


def rounded(numbers):
    return ", ".join(f"{key} {value:.4g}" for key, value in numbers.items() if value is not None)


def main(options):
    results = Results(options, threads=options.threads)
    with tempfile.TemporaryDirectory() as folder:
        spec = pathlib.Path(folder) / "bench.toml"
        spec.write_text(SPEC)
        bench = Bench(options, spec, results)
        for row in options.rows:
            if row == "train":
                for width in options.widths:
                    bench.train(width)
            elif row == "families":
                for network, (_, width) in FAMILIES.items():
                    bench.train(width, network)
            elif row == "frozen":
                for width in options.widths:
                    for name, frozen in THROUGH.items():
                        bench.frozen(width, name, frozen)
            else:
                bench.sweep()
    return 0
