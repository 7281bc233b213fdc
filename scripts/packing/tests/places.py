"""Shared by the tests: the program to pack, temporary folders, Python environments, and isolated commands."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from .. import libtorch
from ..bundle import built_with
from ..common import BINARY, ROOT

FULL = bool(os.environ.get("FREEZEWISE_TEST_FULL"))
PROGRAM = pathlib.Path(os.environ.get("FREEZEWISE_TEST_PROGRAM") or BINARY)

# Makes the quickstart's experiment small.
LITTLE = ["image_size=8", "network.width=2", "source.train_size=64", "target.train_size=64", "source.train.epochs=1",
          "target.train.epochs=1", "device=cpu", "threads=1"]
QUICKSTART = ["run", str(ROOT / "configs" / "quickstart.toml"), "--quiet",
              *(word for pair in LITTLE for word in ("--set", pair))]


class Place(unittest.TestCase):
    """A test with a temporary folder, which runs commands without the user's environment variables."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def run_bare(self, *command, variables=None, hidden=()):
        """Runs a command in the folder with an empty PATH and, if the system allows it, without network access and with
        the `hidden` folders empty."""
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        environment = {"PATH": str(empty), "HOME": str(empty)} | (variables or {})
        command = [str(word) for word in command]
        if hidden and namespaces():
            command = in_namespace(command, hidden)
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300)
        return done

    def succeed(self, *command, **options):
        """Like `run_bare`, but fails unless the command succeeds; returns its stdout."""
        done = self.run_bare(*command, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def assert_trains(self, *program, **options):
        """Checks that the program runs the quickstart's experiment, source and target."""
        directory = self.folder / self.succeed(*program, *QUICKSTART, **options).strip()
        rows = (directory / "metrics.csv").read_text().splitlines()
        self.assertEqual([row.split(",")[:2] for row in rows[1:]], [["target", "0"], ["target", "1"]])
        self.assertEqual(len(list((self.folder / "runs/sources").glob("*/weights.safetensors"))), 1)


def namespaces():
    """Whether the system allows network and mount namespaces."""
    if not shutil.which("unshare"):
        return False
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(in_namespace(["true"], [folder]), capture_output=True).returncode == 0


UNSHARE = ["--user", "--map-root-user", "--net", "--mount"]


def in_namespace(command, hidden):
    tools = {name: shutil.which(name) for name in ("unshare", "sh", "mount")}
    hide = "".join(f"{tools['mount']} -t tmpfs tmpfs '{folder}' && " for folder in hidden)
    return [tools["unshare"], *UNSHARE, tools["sh"], "-c", f'{hide}exec "$@"', "sh", *command]


def environment(folder, wheel, torch=None, python=sys.executable):
    """Creates a virtual environment with the wheel, and with `torch` as a link. Returns its site-packages."""
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    install(folder, "--no-deps", "--no-index", wheel)
    site, = folder.glob("lib/python3*/site-packages")
    if torch:
        (site / "torch").symlink_to(torch)
    return site


def install(folder, *arguments):
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet",
           "--disable-pip-version-check", "--root-user-action=ignore", "--no-input"]
    subprocess.run([*map(str, pip), *map(str, arguments)], check=True)


def torch_here():
    """The libtorch that the program was built with."""
    torch = built_with(PROGRAM)
    assert libtorch.version_of(torch)
    return torch
