"""The cost of each measure: CPU time of epochs with it, divided by that of epochs without.

Variants run in turn on one thread. What is measured is the CPU time of eight additional epochs, each evaluated: it
depends little on other load, and loading and start-up cancel out.
"""

import os
import pathlib
import subprocess
import tempfile

from .common import ROOT, Results, fail, say
from .precision import write_noise

SPEC = """\
name = "measures"
device = "cpu"
threads = 1
precision = "fp32"
image_size = 16
[network]
width = 8
[target]
dataset = "npz"
path = "noise.npz"
label_noise = 0.2
[target.train]
learning_rate = 1e-3
[evaluate]
correct = "off"
"""

EPOCHS = (2, 10)
EXAMPLES = 2048
MEASURES = {
    "correct test images": ["correct=all"],
    "correct test and training images": ["correct=all", "correct_train=true"],
    "norms": ["norms=true"],
    "all of these": ["correct=all", "correct_train=true", "norms=true"],
    "averaged weights": ["averaged_half_life=32"],
}


def cpu_seconds(binary, folder, out, measures, epochs):
    """CPU time of `freezewise run`."""
    command = [str(binary), "run", str(folder / "spec.toml"), "--quiet", "--data", str(folder), "--out", str(out)]
    for change in [f"target.train.epochs={epochs}", *(f"evaluate.{measure}" for measure in measures)]:
        command += ["--set", change]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            fail(f"`freezewise run` ended with exit code {process.returncode}", *errors.read().decode().splitlines())
    return usage.ru_utime + usage.ru_stime


def epoch_seconds(binary, folder, measures):
    times = []
    for epochs in EPOCHS:
        with tempfile.TemporaryDirectory() as out:
            times.append(cpu_seconds(binary, folder, out, measures, epochs))
    return (times[1] - times[0]) / (EPOCHS[1] - EPOCHS[0])


def main(options):
    results = Results(options, threads=1)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "spec.toml").write_text(SPEC)
        write_noise(folder / "noise.npz", EXAMPLES, EXAMPLES)
        ratios, numbers = {name: [] for name in MEASURES}, []
        for number in range(options.rounds):
            bare = epoch_seconds(options.binary, folder, [])
            times = {name: epoch_seconds(options.binary, folder, measures) for name, measures in MEASURES.items()}
            numbers.append({"bare": bare} | times)
            for name, time in times.items():
                ratios[name].append(time / bare)
            say(f"round {number + 1}: " + ", ".join(f"{name} {found[-1]:.3f}" for name, found in ratios.items()))
        for name, found in ratios.items():
            results.add(name, {"CPU time of an epoch with it, divided by one without": found}, numbers)
    return 0
