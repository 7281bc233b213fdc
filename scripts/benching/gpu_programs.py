"""Runs the two programs on a GPU within a time limit. A failure ends one measurement, not the call."""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .common import ROOT, TWIN, twin_environment

TAIL = 8  # last lines of a failed program's output to show


class Trouble(Exception):
    """Why a measurement is missing: a program failed, or time ran out."""


class Clock:
    """The time limit of a part."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self):
        return self.end - time.monotonic()

    def need(self):
        """Seconds left; raises `Trouble` if there are none."""
        left = self.left()
        if left < 1:
            raise Trouble("out of time")
        return left


def environments(options):
    """The environments of freezewise, with the libtorch of the torch that Python imports, and of the twin."""
    twin = twin_environment(options.threads)
    command = [sys.executable, "-c", "import os, torch; print(os.path.join(os.path.dirname(torch.__file__), 'lib'))"]
    library = subprocess.run(command, env=twin, capture_output=True, text=True, check=True).stdout.strip()
    inherited = twin.get("LD_LIBRARY_PATH")
    return twin | {"LD_LIBRARY_PATH": f"{library}:{inherited}" if inherited else library}, twin


class Freezewise:
    """The freezewise binary, on one device."""

    def __init__(self, options, environment, folder):
        self.options, self.environment, self.folder = options, environment, Path(folder)

    def command(self, verb, spec, overrides):
        path = self.folder / "bench.toml"
        path.write_text(spec)
        command = [str(self.options.binary.resolve()), verb, str(path), "--data", str(self.options.data.resolve())]
        overrides = {"device": self.options.device, "threads": self.options.threads} | overrides
        return command + [word for key, value in overrides.items() for word in ("--set", f"{key}={value}")]

    def bench(self, spec, overrides, steps, clock):
        """The report of `freezewise bench`."""
        command = self.command("bench", spec, overrides) + ["--json", "--rounds", "3", "--steps", str(steps)]
        return json.loads(self.output(command, clock))

    def run(self, spec, overrides, out, clock):
        """Trains a run to its end and returns its directory."""
        command = self.command("run", spec, overrides) + ["--out", str(out)]
        return Path(self.output(command, clock).split()[-1])

    def output(self, command, clock):
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=clock.need()
            )
        except subprocess.TimeoutExpired:
            raise Trouble("out of time") from None
        if done.returncode != 0:
            said = "\n".join((done.stderr or done.stdout).splitlines()[-TAIL:])
            raise Trouble(f"freezewise ended with exit code {done.returncode}: {said}")
        return done.stdout


class PacedTwin:
    """A PyTorch twin that keeps running and trains an epoch on request, so that it compiles only once."""

    def __init__(self, arguments, environment):
        command = [sys.executable, str(TWIN), "--paced", "--epochs", "1000000", *map(str, arguments)]
        self.errors = tempfile.TemporaryFile("w+")
        # Its own session, so that the compiler's workers are killed with it.
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
            text=True, start_new_session=True,
        )

    def epoch(self, clock):
        """Trains the next epoch and returns what the twin prints about it."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self.failure() from None
        return self.line(clock)

    def line(self, clock):
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(clock.need()):
                raise Trouble("out of time")
        line = self.process.stdout.readline()
        if not line:
            raise self.failure()
        return json.loads(line)

    def failure(self):
        self.process.wait()
        self.errors.seek(0)
        said = "".join(self.errors.readlines()[-TAIL:])
        return Trouble(f"the PyTorch twin ended with exit code {self.process.returncode}: {said}")

    def settings(self, clock):
        """Ends the twin, which then prints its settings."""
        self.process.stdin.close()
        return self.line(clock)["settings"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has already ended
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()
