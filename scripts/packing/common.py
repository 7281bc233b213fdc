"""Shared by all packages: messages, versions, and the build."""

import functools
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = ROOT / "target" / "release" / "freezewise"
DIST = ROOT / "dist"


class Failure(Exception):
    """An error message with hints."""

    def __init__(self, message, *hints):
        super().__init__(message)
        self.hints = hints


def script():
    return pathlib.Path(sys.argv[0]).name


def say(message):
    print(f"{script()}: {message}", file=sys.stderr, flush=True)


def ending(main):
    """Runs a script's `main` and returns its exit code. Prints a `Failure` with its hints."""
    try:
        main()
    except Failure as failure:
        say(failure)
        for hint in failure.hints:
            print(f"  {hint}", file=sys.stderr)
        return 1
    return 0


def run(*command, **options):
    """Runs a command that must succeed, in the repository."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, **{"cwd": ROOT} | options)
    except OSError as error:
        raise Failure(f"`{command[0]}` cannot be run: {error.strerror}")
    if done.returncode != 0:
        # The captured output has the reason.
        said = (done.stderr or b"").strip()
        hints = said.decode(errors="replace").splitlines() if isinstance(said, bytes) else said.splitlines()
        raise Failure(f"`{' '.join(command)}` failed with exit code {done.returncode}", *hints)
    return done


@functools.cache
def package():
    """The package in Cargo.toml, as `cargo metadata` prints it."""
    said = run("cargo", "metadata", "--locked", "--no-deps", "--format-version", "1", capture_output=True)
    return json.loads(said.stdout)["packages"][0]


def version():
    return package()["version"]


def torch_version():
    """The version of libtorch, which `scripts/setup` installs and build.rs requires."""
    found = re.search(r"^TORCH=([0-9.]+)$", (ROOT / "scripts" / "setup").read_text(), re.MULTILINE)
    if not found:
        raise Failure("scripts/setup: no line `TORCH=VERSION`")
    return found[1]


def build():
    """Runs `scripts/setup` and `cargo build --release`, and returns the path of the program."""
    run("scripts/setup", env=os.environ | {"FREEZEWISE_SCRIPT": script()})
    run("cargo", "build", "--release", "--locked")
    return BINARY


def cache():
    """The folder where scripts/setup installs libtorch."""
    own = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("FREEZEWISE_CACHE") or pathlib.Path(own) / "freezewise")


def megabytes(path):
    return f"{path.stat().st_size / 1e6:.1f} MB"
