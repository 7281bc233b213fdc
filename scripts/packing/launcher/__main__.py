"""Finds libtorch, checks its version, and replaces this Python process by the program of this package."""

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
    """The `torch` folder that the program uses by itself: relative to its own file, with symbolic links resolved."""
    return os.path.join(os.path.dirname(os.path.realpath(PROGRAM)), "..", "..", "torch")


def elsewhere():
    """The `torch` folder that Python finds, without importing it. It may be in another site-packages (user installs,
    `--system-site-packages`), or an installer may have created links."""
    found = importlib.util.find_spec("torch")
    return os.path.dirname(found.origin) if found and found.origin else None


def check_version(torch):
    """Another version would crash, because libtorch's C++ interface changes with each release."""
    try:
        with open(os.path.join(torch, "version.py"), encoding="utf-8") as file:
            found = re.search(r"^__version__ = '([0-9.]+)", file.read(), re.MULTILINE)
    except OSError:
        found = None
    if not found or found[1] != TORCH:
        fail(
            f"`{os.path.normpath(torch)}`: expected torch {TORCH}, found {found[1] if found else 'an unknown version'}",
            f"`pip install torch=={TORCH}`, or install freezewise in a separate environment: `pipx install`, `uv tool install`",
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
