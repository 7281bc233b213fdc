"""Operators of a training step beside those of the PyTorch twin: counted, not timed, so any machine will do."""

import json
import os
import pathlib
import tempfile

from .common import ROOT, output_of

TWIN_COUNTS = ROOT / "tests" / "fixtures" / "twin-counts.json"

SPEC = """\
name = "counts"
device = "cpu"
[network]
[target]
dataset = "synthetic"
[target.train]
optimizer = "sgd"
learning_rate = 0.05
epochs = 1
"""

# What makes a network of freezewise that of the twin, at a width.
NETWORKS = {
    "preact-resnet18": lambda width: {"width": width},
    "densenet121": lambda width: {"growth": width},
    "vit-cifar": lambda width: {"width": width, "mlp_width": 512, "heads": 8, "dropout": 0},
}
COLUMNS = ["network", "k", "precision", "frozen layers", "augment", "freezewise", "outside", "PyTorch", "GFLOP", "PyTorch's"]


def counted(binary, data, row, batch, cache, augment, folder):
    """The report of `freezewise bench --count` for what a row of the twin's counts trains."""
    network = {"architecture": row["architecture"], **NETWORKS[row["architecture"]](row["width"])}
    overrides = {f"network.{key}": value for key, value in network.items()} | {
        "transfer.frozen_layers": row["frozen"],
        "precision": row["precision"],
        "target.train_size": 2 * batch,
        "target.train.batch_size": batch,
        "compute.cache": cache,
        "compute.layout": "channels_last",
        "target.train.augment": augment,
    }
    command = [str(binary), "bench", str(folder / "counts.toml"), "--count", "--json", "--data", str(data)]
    for key, value in overrides.items():
        command += ["--set", f"{key}={value}"]
    return json.loads(output_of(command, os.environ | {"OMP_NUM_THREADS": "1"}))


def rows(options):
    """Each row as the table shows it, beside both reports; as they come."""
    twin = json.loads(TWIN_COUNTS.read_text())
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "counts.toml").write_text(SPEC)
        for row in twin["rows"]:
            kept = ["off"] if row["frozen"] == 0 else ["off", "auto"]
            cases = [(cache, "[]") for cache in kept] + [("off", '["crop", "flip"]')]
            for cache, augment in cases:
                report = counted(options.binary, options.data, row, twin["batch"], cache, augment, folder)
                yield row, cache, augment, report


def main(options):
    """Prints the table and the bounds. Returns 1 where freezewise launches more than the twin in a row of the same work:
    the twin augments nothing."""
    print(" | ".join(COLUMNS))
    above, lines, bounds = False, [], []
    for row, cache, augment, report in rows(options):
        step = report["step"]
        own, twin = step["launches"], row["launches"]
        above |= augment == "[]" and own > twin
        frozen = "none" if row["frozen"] == 0 else "kept" if report["kept"][0] else "computed"
        drawn = "none" if augment == "[]" else "crop, flip"
        cells = [row["architecture"], row["frozen"], row["precision"], frozen, drawn, own, step["launches_outside"], twin]
        cells += [f"{step['flops'] / 1e9:.3f}", f"{sum(row['flops'].values()) / 1e9:.3f}"]
        print(" | ".join(map(str, cells)), flush=True)
        lines.append({"row": dict(zip(COLUMNS, cells)), "freezewise": report, "twin": row})
        bounds.append((cells, report["bound_not_measured"]))
    print("\nbound, not measured: the least time of a step of 32 images, by published figures")
    for cells, gpus in bounds:
        times = [max(gpu["step_arithmetic_seconds"], gpu["step_memory_seconds"]) * 1e6 for gpu in gpus]
        shown = ", ".join(f"{gpu['gpu']} {time:.1f} µs" for gpu, time in zip(gpus, times))
        print(f"{' '.join(map(str, cells[:5]))}: {shown}")
    if options.json is not None:
        options.json.write_text(json.dumps(lines, indent=1) + "\n")
    return int(above)
