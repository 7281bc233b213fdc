"""The rows of a GPU, in parts: speed by network, equality of fast and plain paths, and a published curve.

The parts have been tried out on a CPU alone (`--device cpu --quick`). None has been run on a GPU yet: neither the rows
nor the limits and shares of time below have been held against one.
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


# What a part does, and the seconds that it may take of a call that has all of them; together under 22 minutes.
PARTS = {
    "preact-resnet18-64": (speed("preact-resnet18", 64, precisions=("fp32", "tf32", "fp16")), 270),
    "preact-resnet18-8": (speed("preact-resnet18", 8), 170),
    "preact-resnet18-16": (speed("preact-resnet18", 16), 170),
    "densenet121": (speed("densenet121", 32), 230),
    "vit-cifar": (speed("vit-cifar", 512), 150),
    "equality": (gpu_equality.measure, 130),
    "curve": (gpu_curve.measure, 190),
}
# Of any part: they end at once when it is over, and the call has to end before eight minutes.
PART_SECONDS = 460
# Of a measurement, at most, in a call of several parts; one part alone has time for as many as are asked for.
ROUNDS = 3


class Bench:
    """What the parts are given."""

    def __init__(self, options, folder):
        self.options = options
        environment, self.twin_environment = environments(options)
        self.freezewise = Freezewise(options, environment, folder)
        self.results = Results(options, device=options.device, tried_out=options.quick)
        self.clock, self.rounds, self.failed = None, 0, []

    def add(self, row, ratios, numbers, trouble=None):
        """Prints a row and writes it; one that troubles kept from being whole says so."""
        if trouble:
            numbers["trouble"] = trouble
            row += " (not whole)" if ratios else " (not measured)"
            say(f"{row}: {trouble}")
            self.failed.append(row)
        self.results.add(row, ratios, numbers)


def main(options):
    """Runs the parts that are named, or all; returns the exit code: 1 where anything failed or is missing."""
    unknown = [part for part in options.gpu if part not in PARTS]
    if unknown:
        fail(f"`{unknown[0]}` is not a part of --gpu", f"they are {', '.join(PARTS)}")
    # As an exception it ends what runs: freezewise with a checkpoint, the twin with its compiler's workers.
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
            # Time that earlier parts left over may be used; one part alone may take all that a part may.
            left = share - (time.monotonic() - started) if len(parts) > 1 else PART_SECONDS
            bench.clock = Clock(min(left, PART_SECONDS))
            measure(bench)
            say(f"{part}: done after {time.monotonic() - started:.0f} s")
    for name in bench.failed:
        say(f"failed or missing: {name}")
    return 1 if bench.failed else 0
