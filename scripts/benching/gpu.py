"""GPU benchmarks, in parts: speed per network, equality of fast and plain paths, and a published curve.

The parts have only been tested on a CPU (`--device cpu --quick`), never on a GPU: the tolerances and time limits below
are estimates.
"""

import signal
import sys
import tempfile
import time

from . import gpu_curve, gpu_equality, gpu_speed
from .common import Results, fail, say
from .gpu_programs import Clock, Freezewise, environments


def speed(architecture, width, **more):
    return lambda bench: gpu_speed.measure(bench, architecture, width, **more)


# The function of each part, and its time limit in seconds in a call with all parts; under 22 minutes in total.
PARTS = {
    "preact-resnet18-64": (speed("preact-resnet18", 64, precisions=("fp32", "tf32", "fp16")), 270),
    "preact-resnet18-8": (speed("preact-resnet18", 8), 170),
    "preact-resnet18-16": (speed("preact-resnet18", 16), 170),
    "densenet121": (speed("densenet121", 32), 230),
    "vit-cifar": (speed("vit-cifar", 512), 150),
    "equality": (gpu_equality.measure, 130),
    "curve": (gpu_curve.measure, 190),
}
# The time limit of any part. A part stops at once when it is over; a call of one part ends within eight minutes.
PART_SECONDS = 460
# The most rounds of a measurement in a call of several parts. A single part runs as many as requested.
ROUNDS = 3


class Bench:
    """Shared by the parts: options, both programs, results and the clock."""

    def __init__(self, options, folder):
        self.options = options
        environment, self.twin_environment = environments(options)
        self.freezewise = Freezewise(options, environment, folder)
        self.results = Results(options, device=options.device, tried_out=options.quick)
        self.clock, self.rounds, self.failed = None, 0, []

    def add(self, row, ratios, numbers, trouble=None):
        """Prints a row and writes it. `trouble` says why it is incomplete or missing."""
        if trouble:
            numbers["trouble"] = trouble
            row += " (incomplete)" if ratios else " (not measured)"
            say(f"{row}: {trouble}")
            self.failed.append(row)
        self.results.add(row, ratios, numbers)


def main(options):
    """Runs the requested parts, or all. Returns the exit code: 1 if anything failed or is missing."""
    unknown = [part for part in options.gpu if part not in PARTS]
    if unknown:
        fail(f"--gpu: unknown part `{unknown[0]}`", f"parts: {', '.join(PARTS)}")
    # An exception stops the running program: freezewise with a checkpoint, the twin with its compiler's workers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    parts = [part for part in PARTS if part in options.gpu] or list(PARTS)
    started, share = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        most = 1 if options.quick else ROUNDS if len(parts) > 1 else options.rounds
        bench.rounds = min(options.rounds, most)
        for part in parts:
            measure, seconds = PARTS[part]
            share += seconds
            # A part may use the time that earlier parts left over.
            left = share - (time.monotonic() - started) if len(parts) > 1 else PART_SECONDS
            bench.clock = Clock(min(left, PART_SECONDS))
            measure(bench)
            say(f"{part}: done after {time.monotonic() - started:.0f} s")
    for name in bench.failed:
        say(f"failed or missing: {name}")
    return 1 if bench.failed else 0
