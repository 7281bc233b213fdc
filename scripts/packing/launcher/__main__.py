"""Starts the program of this package in place of Python. It only finds libtorch, and asks that it is the right one."""

import importlib.util
import os
import re
import sys

from . import TORCH

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "freezewise")


def fail(message, *hints):
    print(f"error: {message}", file=sys.stderr)
    for hint in hints:
        print(f"  {hint}", file=sys.stderr)
    sys.exit(1)


def holds_libtorch(torch):
    return os.path.isfile(os.path.join(torch, "lib", "libtorch_cpu.so"))


def beside():
    """The `torch` folder that the program itself looks in: it knows the way from its own file, links resolved."""
    return os.path.join(os.path.dirname(os.path.realpath(PROGRAM)), "..", "..", "torch")


def elsewhere():
    """The `torch` folder that Python finds: in another site-packages where this one is of a user or of an environment
    with `--system-site-packages`, or where an installer made links. Nothing is imported."""
    found = importlib.util.find_spec("torch")
    return os.path.dirname(found.origin) if found and found.origin else None


def check_version(torch):
    """libtorch's C++ interface changes with each release, so another one would crash."""
    try:
        with open(os.path.join(torch, "version.py"), encoding="utf-8") as file:
            found = re.search(r"^__version__ = '([0-9.]+)", file.read(), re.MULTILINE)
    except OSError:
        found = None
    if not found or found[1] != TORCH:
        fail(
            f"torch in `{os.path.normpath(torch)}` is {found[1] if found else 'of an unknown version'}, expected {TORCH}",
            f"`pip install torch=={TORCH}`, or install freezewise into an environment of its own: `pipx install`, `uv tool install`",
        )


def main():
    torch = beside()
    if not holds_libtorch(torch):
        torch = elsewhere()
        if torch is None or not holds_libtorch(torch):
            fail("torch is not installed for this Python", f"`pip install torch=={TORCH}`")
        inherited = os.environ.get("LD_LIBRARY_PATH")
        library = os.path.join(torch, "lib")
        os.environ["LD_LIBRARY_PATH"] = f"{library}:{inherited}" if inherited else library
    check_version(torch)
    try:
        os.execv(PROGRAM, ["freezewise", *sys.argv[1:]])
    except OSError as error:
        fail(f"`{PROGRAM}` cannot be run: {error.strerror}")


if __name__ == "__main__":
    main()
