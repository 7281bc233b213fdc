"""Operators of a training step beside those of the PyTorch twin. They are counted, not timed: any machine will do."""

import json
import math
import os
import pathlib
import struct
import tempfile
import zipfile

from .common import ROOT, output_of

TWIN_COUNTS = ROOT / "tests" / "fixtures" / "twin-counts.json"

SPEC = """\
name = "counts"
device = "cpu"
[network]
[target]
dataset = "npz"
path = "{data}"
[target.train]
optimizer = "sgd"
learning_rate = 0.05
epochs = 1
"""

# Keys that give a network of freezewise the sizes of the twin at a width.
NETWORKS = {
    "preact-resnet18": lambda width: {"width": width},
    "densenet121": lambda width: {"growth": width},
    "vit-cifar": lambda width: {"width": width, "mlp_width": 512, "heads": 8, "dropout": 0},
}
COLUMNS = ["network", "k", "precision", "frozen layers", "augment", "freezewise", "outside", "PyTorch", "GFLOP", "PyTorch's"]


def write_task(path, counts):
    """32x32 images with labels of ten classes. Their content does not affect the counts."""
    def array(*shape):
        header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
        size = math.prod(shape)
        content = bytes(index % 10 if len(shape) == 1 else index * 37 % 251 for index in range(size))
        return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + content

    with zipfile.ZipFile(path, "w") as archive:
        for split, count in counts.items():
            archive.writestr(f"{split}_images.npy", array(count, 32, 32, 3))
            archive.writestr(f"{split}_labels.npy", array(count))


def counted(binary, row, batch, cache, folder):
    """The report of `freezewise bench --count` for the training in a row of the twin's counts."""
    network = {"architecture": row["architecture"], **NETWORKS[row["architecture"]](row["width"])}
    overrides = {f"network.{key}": value for key, value in network.items()} | {
        "transfer.frozen_layers": row["frozen"],
        "precision": row["precision"],
        "target.train_size": 2 * batch,
        "target.train.batch_size": batch,
        "compute.cache": cache,
        "compute.layout": "channels_last",
        "target.train.augment": json.dumps(row["augment"]),
    }
    command = [str(binary), "bench", str(folder / "counts.toml"), "--count", "--json", "--data", str(folder)]
    for key, value in overrides.items():
        command += ["--set", f"{key}={value}"]
    return json.loads(output_of(command, os.environ | {"OMP_NUM_THREADS": "1"}))


def rows(options):
    """Yields each row of the twin's counts with the report of freezewise."""
    twin = json.loads(TWIN_COUNTS.read_text())
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_task(folder / "task.npz", {"train": 2 * twin["batch"], "test": 10})
        (folder / "counts.toml").write_text(SPEC.format(data=folder / "task.npz"))
        for row in twin["rows"]:
            # The outputs of frozen layers cannot be cached if augmentation changes the images.
            can_be_kept = row["frozen"] > 0 and not row["augment"]
            for cache in ["off", "auto"] if can_be_kept else ["off"]:
                yield row, counted(options.binary, row, twin["batch"], cache, folder)


def print_row(cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def main(options):
    """Prints the table and the bounds. Returns 1 if freezewise launches more operators than the twin in any row."""
    print_row(COLUMNS)
    print_row(["---"] * len(COLUMNS))
    above, lines, bounds = False, [], []
    for row, report in rows(options):
        step = report["step"]
        own, twin = step["launches"], row["launches"]
        above |= own > twin
        frozen = "none" if row["frozen"] == 0 else "kept" if report["kept"][0] else "computed"
        drawn = ", ".join(row["augment"]) or "none"
        cells = [row["architecture"], row["frozen"], row["precision"], frozen, drawn, own, step["launches_outside"], twin]
        cells += [f"{step['flops'] / 1e9:.3f}", f"{sum(row['flops'].values()) / 1e9:.3f}"]
        print_row(cells)
        lines.append({"row": dict(zip(COLUMNS, cells)), "freezewise": report, "twin": row})
        bounds.append((cells, report["bound_not_measured"]))
    print("\nbound, not measured: lower limit for the time of a step of 32 images, from published GPU specifications\n")
    print_row(COLUMNS[:5] + [f"{gpu['gpu']}, µs" for gpu in bounds[0][1]])
    print_row(["---"] * (5 + len(bounds[0][1])))
    for cells, gpus in bounds:
        times = [max(gpu["step_arithmetic_seconds"], gpu["step_memory_seconds"]) * 1e6 for gpu in gpus]
        print_row(cells[:5] + [f"{time:.1f}" for time in times])
    if options.json is not None:
        options.json.write_text(json.dumps(lines, indent=1) + "\n")
    return int(above)
