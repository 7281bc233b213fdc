"""Reproduces a published curve: ResNet-18 on CIFAR-10 with label noise, 100 epochs, from the logs of Pezeshki et al.
("Multi-scale Feature Learning Dynamics", ICML 2022). Test error falls, rises and falls again.
"""

import csv
import shutil
import subprocess
import time
from pathlib import Path

from .common import ROOT, say
from .gpu_programs import TAIL

SPEC = """\
name = "curve"
[network]
architecture = "resnet18"
width = 64
[target]
dataset = "cifar10"
label_noise = 0.18
[target.train]
epochs = 100
optimizer = "adam"
learning_rate = 1e-4
batch_size = 128
augment = ["crop", "flip"]
"""
QUICK = {"network.width": 4, "target.train_size": 256, "target.train.epochs": 2}

# Epoch: (published test error, mean of five seeds; tolerance for one seed). Seeds differed by 1.4 to 1.6 points around
# the peak and by 0.5 to 0.9 later.
PUBLISHED = {26: (0.190, 0.035), 60: (0.262, 0.035), 100: (0.250, 0.025)}
POLL_SECONDS = 5


def measure(bench):
    """Runs next to the JSON file, so that the next call resumes an interrupted run, and compares while it runs."""
    quick = bench.options.quick
    beside = bench.options.json.resolve().parent if bench.options.json else Path.cwd()
    out = beside / f"curve-{bench.options.device}{'-quick' if quick else ''}"
    log = beside / f"{out.name}.log"
    command = bench.freezewise.command("run", SPEC, QUICK if quick else {}) + ["--out", str(out)]
    started, checked = time.monotonic(), set()
    with log.open("w") as said:
        # On SIGTERM freezewise writes a checkpoint, from which the next call resumes.
        process = subprocess.Popen(command, cwd=ROOT, env=bench.freezewise.environment, stdout=said, stderr=said)
        try:
            while running(process) and bench.clock.left() > 0:
                check(bench, out, checked)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()
    rows = check(bench, out, checked)
    trouble = None
    if process.returncode != 0:
        tail = "\n".join(log.read_text().splitlines()[-TAIL:])
        trouble = f"freezewise ended with exit code {process.returncode}, call again to resume: {tail}"
    numbers = {"seconds": time.monotonic() - started, "metrics": rows}
    last = rows[-1]["epoch"] if rows else "none"
    bench.add(f"curve: last epoch {last}; {out}-metrics.csv", {}, numbers, trouble)


def running(process):
    try:
        process.wait(POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False


def check(bench, out, checked):
    """Copies metrics.csv so far, compares epochs that were not compared yet, and returns its rows."""
    found = list(out.glob("curve/*/metrics.csv"))
    if len(found) != 1:
        return []
    copy = out.with_name(f"{out.name}-metrics.csv")
    shutil.copyfile(found[0], copy)
    text = copy.read_text()
    rows = list(csv.DictReader(text[: text.rfind("\n") + 1].splitlines()))  # complete rows only
    for row in rows:
        epoch = int(row["epoch"])
        if epoch in PUBLISHED and epoch not in checked:
            checked.add(epoch)
            compare(bench, epoch, float(row["test_error"]))
    return rows


def compare(bench, epoch, error):
    published, limit = PUBLISHED[epoch]
    passes = abs(error - published) <= limit
    shown = f"test error {error:.1%}, published {published:.1%}, tolerance {100 * limit:.1f} points"
    numbers = {"epoch": epoch, "test_error": error, "published": published, "limit": limit, "passes": passes}
    bench.add(f"curve, epoch {epoch}: {shown}: {'ok' if passes else 'FAILED'}", {}, numbers)
    if not passes:
        bench.failed.append(f"curve, epoch {epoch}")
    say(f"curve: epoch {epoch} is done")
