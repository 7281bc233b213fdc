"""bf16 against fp32 in freezewise, by network: the basis of `precision = "auto"`.

The two run in turn on one thread. What is measured is the CPU time of three additional training steps: it depends
little on other load, and loading, evaluation and the first step cancel out.
"""

import os
import pathlib
import subprocess
import tempfile
import zipfile

from .common import ROOT, Results, fail, say

# Name: (overrides of the spec, batch size). Four training steps take about a second.
NETWORKS = {
    "preact-resnet18, width 8": ({"architecture": "preact-resnet18", "width": 8}, 128),
    "preact-resnet18, width 16": ({"architecture": "preact-resnet18", "width": 16}, 64),
    "resnet18, width 16": ({"architecture": "resnet18", "width": 16}, 64),
    "resnet50, width 16": ({"architecture": "resnet50", "width": 16}, 32),
    "densenet121, growth 12": ({"architecture": "densenet121", "growth": 12}, 32),
    "vit-cifar, width 64": ({"architecture": "vit-cifar", "width": 64, "mlp_width": 128}, 128),
    "vit-cifar, width 128": ({"architecture": "vit-cifar", "width": 128}, 64),
    "vit-cifar, width 256": ({"architecture": "vit-cifar", "width": 256}, 64),
    "vit-cifar, width 512": ({"architecture": "vit-cifar", "width": 512}, 32),
}

SPEC = """\
name = "precision"
device = "cpu"
threads = 1
image_size = 32
[network]
[target]
dataset = "npz"
path = "noise.npz"
[target.train]
"""

# Steps of the shorter and the longer measurement. `freezewise bench` takes four times as many (two warm-ups, one timed,
# one with operators counted), plus a fixed number of others.
SHORT, LONG = 1, 4
STEPS = 4 * (LONG - SHORT)


def npy(shape, kind, data):
    """The bytes of a NumPy array (format version 1.0), without NumPy."""
    header = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


def write_noise(path, train, test):
    """Random 32x32 images with labels."""
    with zipfile.ZipFile(path, "w") as file:
        for split, count in (("train", train), ("test", test)):
            file.writestr(f"{split}_images.npy", npy((count, 32, 32, 3), "|u1", os.urandom(count * 32 * 32 * 3)))
            file.writestr(f"{split}_labels.npy", npy((count,), "|u1", bytes(index % 10 for index in range(count))))


def cpu_seconds(binary, folder, network, batch, precision, steps):
    """CPU time of `freezewise bench`."""
    keys = {f"network.{key}": value for key, value in network.items()}
    keys |= {"target.train_size": LONG * batch, "target.train.batch_size": batch, "precision": precision}
    command = [str(binary), "bench", str(folder / "spec.toml"), "--json", "--data", str(folder), "--rounds", "1"]
    command += ["--steps", str(steps)]
    for key, value in keys.items():
        command += ["--set", f"{key}={value}"]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            fail(f"`freezewise bench` ended with exit code {process.returncode}", *errors.read().decode().splitlines())
    return usage.ru_utime + usage.ru_stime


def step_seconds(*arguments):
    return (cpu_seconds(*arguments, LONG) - cpu_seconds(*arguments, SHORT)) / STEPS


def main(options):
    results = Results(options, threads=1)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "spec.toml").write_text(SPEC)
        write_noise(folder / "noise.npz", LONG * max(batch for _, batch in NETWORKS.values()), 10)
        for name, (network, batch) in NETWORKS.items():
            if options.precision and not any(part in name for part in options.precision):
                continue
            ratios, numbers = [], []
            for number in range(options.rounds):
                times = {
                    precision: step_seconds(options.binary, folder, network, batch, precision)
                    for precision in ("fp32", "bf16")
                }
                ratios.append(times["fp32"] / times["bf16"])
                numbers.append(times)
                say(f"{name}, round {number + 1}: {ratios[-1]:.2f}")
            results.add(name, {"speed of bf16 divided by speed of fp32": ratios}, numbers)
    return 0
