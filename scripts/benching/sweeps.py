"""The overhead of a sweep: CPU time and memory of its parent process, planning, and reading finished runs.

CPU time (user and system) depends little on other load. Cells are trivial: a network of width 1 on 40 images of 4×4
pixels.
"""

import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import common

SPEC = """
image_size = 4
threads = 1
[network]
width = 1
[target]
dataset = "npz"
path = "PATH"
train_size = 40
[target.train]
epochs = 1
batch_size = 40
[sweep.axes]
"""
TICKS = os.sysconf("SC_CLK_TCK")


def main(options):
    report = {"machine": common.cpu_model(), "cells": {}, "many": {}}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, Path(folder))
        start = bench.cpu("status", "one")
        report["process_start_cpu_seconds"] = start
        common.say(f"start-up of freezewise: {start:.2f} s of CPU time, mostly loading libtorch")
        report["cells"] = bench.cells(options.cells, start)
        report["many"] = bench.many(options.many_cells, start)
    show(report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


class Bench:
    def __init__(self, options, folder):
        self.binary, self.folder = options.binary.resolve(), folder
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        path = common.ROOT / "tests" / "fixtures" / "small.npz"
        self.spec = SPEC.replace("PATH", str(path))
        self.write("one", "seed = [0]\n")
        self.call("sweep", "one.toml", "--quiet", "--out", ".")

    def write(self, name, axes):
        (self.folder / f"{name}.toml").write_text(self.spec + axes)

    def call(self, *arguments):
        done = subprocess.run([self.binary, *arguments], cwd=self.folder, env=self.environment, capture_output=True)
        if done.returncode != 0:
            common.fail(f"freezewise {' '.join(arguments)}: exit code {done.returncode}", done.stderr.decode()[-400:])
        return done.stdout

    def cpu(self, *arguments, rounds=3):
        """The minimum CPU time of a call, in seconds."""
        return min(self._cpu(arguments) for _ in range(rounds))

    def _cpu(self, arguments):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.call(*arguments)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    def cells(self, count, start):
        """Runs a sweep of trivial cells, two at a time, and some of its cells alone for comparison."""
        self.write("cells", f"seed = {{ from = 0, to = {count - 1}, step = 1 }}\n")
        own, process = Own(), None
        command = [self.binary, "sweep", "cells.toml", "--jobs", "2", "--out", ".", "--quiet"]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        with subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None:
                own.look(process.pid)
                time.sleep(0.02)
        wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if process.returncode != 0:
            common.fail(f"`freezewise sweep` ended with exit code {process.returncode}")
        whole = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        alone = self.alone(min(count, 40))
        return {
            "cells": count,
            "parent_cpu_seconds": own.seconds,
            "parent_cpu_milliseconds_per_cell": (own.seconds - start) / count * 1e3,
            "cell_cpu_seconds": (whole - own.seconds) / count,
            "cell_alone_cpu_seconds": alone,
            "parent_peak_bytes": own.peak,
            "parent_peak_own_bytes": own.anonymous,
            "wall_seconds": wall,
            "load": os.getloadavg()[0],
        }

    def alone(self, count):
        """The mean CPU seconds of a cell as an ordinary run; two at a time, as in the sweep."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        line = f"{self.binary} run cells.toml --quiet --out alone --set seed=SEED"
        seeds = "\n".join(str(seed) for seed in range(count))
        subprocess.run(["xargs", "-P", "2", "-I", "SEED", "sh", "-c", f"exec {line}"], input=seeds, text=True,
                       cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) / count

    def many(self, count, start):
        """Plans, lists and reads many cells, whose runs are copies of a finished one."""
        self.write("many", f"seed = {{ from = 0, to = {count - 1}, step = 1 }}\n")
        listed = self.cpu("sweep", "many.toml", "--list", "--out", ".", rounds=1)
        cells = json.loads(self.call("sweep", "many.toml", "--list", "--json", "--out", "."))
        pattern = next((self.folder / "one").glob("k*"))
        for cell in cells:
            target = self.folder / cell["directory"]
            target.mkdir(parents=True)
            for name in ("run.json", "spec.toml", "metrics.csv", "summary.json"):
                shutil.copyfile(pattern / name, target / name)
        # Writes sweep.json, but starts nothing.
        subprocess.run([self.binary, "sweep", "many.toml", "--out", ".", "--quiet"], cwd=self.folder,
                       env=self.environment, stdout=subprocess.DEVNULL, check=True)
        verbs = {
            "list_of_none": listed,
            "list": self.cpu("sweep", "many.toml", "--list", "--out", ".", rounds=1),
            "dry_run": self.cpu("sweep", "many.toml", "--dry-run", "--out", ".", rounds=1),
            "sweep_of_done": self.cpu("sweep", "many.toml", "--out", ".", "--quiet", rounds=1),
            "status": self.cpu("status", "many", rounds=1),
            "compare": self.cpu("compare", "many", "--format", "csv", rounds=1),
            "collect": self.cpu("collect", "many", rounds=1),
        }
        return {"cells": count, "process_start": start, "cpu_seconds": verbs}


class Own:
    """CPU time and memory of a process without its children."""

    def __init__(self):
        self.seconds, self.peak, self.anonymous = 0.0, 0, 0

    def look(self, process):
        try:
            stat = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
        except (FileNotFoundError, ProcessLookupError, IndexError):
            return
        if "VmHWM" not in status:
            return
        kilobytes = {name: int(status[name].split()[0]) for name in ("VmHWM", "RssAnon")}
        self.seconds = max(self.seconds, (int(stat[11]) + int(stat[12])) / TICKS)
        self.peak = max(self.peak, kilobytes["VmHWM"] * 1024)
        self.anonymous = max(self.anonymous, kilobytes["RssAnon"] * 1024)


def show(report):
    cells, many = report["cells"], report["many"]
    print(f"{cells['cells']} trivial cells, two at a time")
    print(f"  CPU time of the parent  {cells['parent_cpu_milliseconds_per_cell']:.1f} ms per cell, without start-up")
    print(f"  CPU time of a cell      {cells['cell_cpu_seconds'] * 1e3:.0f} ms; alone {cells['cell_alone_cpu_seconds'] * 1e3:.0f} ms")
    print(f"  memory of the parent    peak {cells['parent_peak_bytes'] / 1e6:.0f} MB, "
          f"of which {cells['parent_peak_own_bytes'] / 1e6:.0f} MB are private and the rest are mapped files, mostly libtorch")
    print(f"{many['cells']} cells, CPU seconds; start-up alone takes {many['process_start']:.2f}")
    for verb, seconds in many["cpu_seconds"].items():
        print(f"  {verb.replace('_', ' '):14} {seconds:.2f}")
