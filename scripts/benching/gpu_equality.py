"""Checks that fast paths on a GPU compute the same as plain ones: compares metrics.csv of short deterministic runs."""

import csv
import tempfile
from pathlib import Path

from .common import say
from .gpu_programs import Trouble

# 1,000 examples: the last batch of an epoch has 104 of 128. At the quick sizes it has 40 of 64.
SPEC = """\
name = "equality"
image_size = 16
[network]
[target]
dataset = "synthetic"
train_size = 1000
[target.train]
epochs = 3
learning_rate = 1e-3
[compute]
deterministic = true
"""
QUICK = {"target.train_size": 104, "target.train.batch_size": 64, "target.train.epochs": 1, "image_size": 8}

# (overrides, the k at which the prefix cache is on or off).
FAMILIES = {
    "preact-resnet18": ({"network.width": 16}, 5),
    "resnet18": ({"network.width": 16}, 5),
    "densenet121": ({"network.growth": 8, "network.blocks": "[3, 6, 6, 4]"}, 8),
    "vit-cifar": ({"network.width": 64, "network.depth": 3, "network.heads": 4, "network.mlp_width": 64}, 2),
}

# Tolerances for the relative difference of a loss. The same arithmetic in the same kernels must be bit-identical; other
# kernels may round differently, and the difference grows over the 24 steps; another precision differs from the start.
# None of these tolerances has been tested on a GPU yet.
SAME, ROUNDING, PRECISION = 0.0, 0.01, 0.2


class Variants:
    """Runs of one family, each performed once."""

    def __init__(self, bench, family):
        self.bench, self.family, self.made = bench, family, {}
        self.overrides, self.frozen = FAMILIES[family]

    def rows(self, folder, name, changes):
        """For the run with these overrides: bytes and rows of metrics.csv, and lines of the log."""
        if name not in self.made:
            overrides = {"network.architecture": self.family} | self.overrides | changes
            if self.bench.options.quick:
                overrides |= QUICK
            run = self.bench.freezewise.run(SPEC, overrides, Path(folder) / name.replace(" ", "-"), self.bench.clock)
            content = (run / "metrics.csv").read_bytes()
            log = (run / "log.txt").read_text().splitlines()
            notes = [line for line in log if "captured" in line or "prefix cache" in line]
            self.made[name] = content, list(csv.DictReader(content.decode().splitlines())), notes
        return self.made[name]


def pairs(family, frozen, device):
    """Yields (what, tolerance, one run, other run); a run is (name, overrides)."""
    usual = ("default", {})
    plain = ("fp32", {"precision": "fp32"})
    yield "graphs on and off", SAME, usual, ("graphs off", {"compute.graph": "off"})
    yield "graphs on and off, fp32", SAME, plain, ("fp32, graphs off", {"precision": "fp32", "compute.graph": "off"})
    kept = {"transfer.frozen_layers": frozen}
    yield "prefix cache on and off", ROUNDING, ("cached", kept), ("not cached", kept | {"compute.cache": "off"})
    if family == "preact-resnet18":
        yield "the same twice", SAME, usual, ("again", {})
        yield "fp32 on the GPU and on a CPU", ROUNDING, plain, ("CPU", {"device": "cpu", "precision": "fp32"})
        for name in ("bf16", "tf32", "fp16") if device == "cuda" else ("bf16",):
            yield f"{name} and fp32", PRECISION, plain, (name, {"precision": name})


def difference(one, other):
    """The largest relative difference of a loss, and where it is; infinite if the runs have other epochs or columns."""
    if [row["epoch"] for row in one] != [row["epoch"] for row in other]:
        return float("inf"), "logged epochs"
    largest, place = 0.0, "nowhere"
    for left, right in zip(one, other):
        for column in ("train_loss", "test_loss"):
            if bool(left[column]) != bool(right[column]):
                return float("inf"), f"{column}, epoch {left['epoch']}"
            if left[column]:
                left_value, right_value = float(left[column]), float(right[column])
                found = abs(left_value - right_value) / max(abs(left_value), abs(right_value), 1e-12)
                if not found <= largest:  # nan too
                    largest, place = found, f"{column}, epoch {left['epoch']}"
    return largest, place


def compare(variants, folder, what, limit, one, other):
    """Adds a row: equal, or the largest difference."""
    try:
        (left, left_rows, left_notes), (right, right_rows, right_notes) = (
            variants.rows(folder, *side) for side in (one, other)
        )
    except Trouble as found:
        variants.bench.add(f"equality, {variants.family}: {what}", {}, {"limit": limit}, str(found))
        return
    largest, place = difference(left_rows, right_rows)
    same = left == right
    passes = same if limit == SAME else largest <= limit
    verdict = "equal, byte for byte" if same else f"losses differ by up to {largest:.2g} ({place})"
    verdict += "" if same else f", tolerance {limit:g}"
    numbers = {"equal": same, "largest_relative_difference": largest, "at": place, "limit": limit, "passes": passes}
    numbers["notes"] = {one[0]: left_notes, other[0]: right_notes}
    variants.bench.add(f"equality, {variants.family}: {what}: {verdict}: {'ok' if passes else 'FAILED'}", {}, numbers)
    if not passes:
        variants.bench.failed.append(f"equality, {variants.family}, {what}")


def measure(bench):
    for family in FAMILIES:
        variants = Variants(bench, family)
        with tempfile.TemporaryDirectory() as folder:
            for pair in pairs(family, variants.frozen, bench.options.device):
                compare(variants, folder, *pair)
        say(f"equality: {family} is done")
