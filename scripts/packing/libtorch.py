"""A `torch` folder as pip installs it: its version, and which of its libraries a program needs."""

import os
import pathlib
import re

from . import elf
from .common import Failure, torch_version

# Loaded by Python alone.
FOR_PYTHON = {"libtorch_python.so", "libshm.so", "libtorch_global_deps.so"}


def version_of(torch):
    """`2.11.0`, from a wheel's version.py or the build-version of a zip; nothing where neither is there."""
    for name, pattern in (("version.py", r"^__version__ = '([0-9.]+)"), ("build-version", r"^([0-9.]+)")):
        file = torch / name
        if file.is_file() and (found := re.search(pattern, file.read_text(), re.MULTILINE)):
            return found[1]
    return None


def check(torch):
    if not (torch / "lib" / "libtorch_cpu.so").is_file():
        raise Failure(f"`{torch}` has no lib/libtorch_cpu.so", "name the folder `torch` of an installation")
    found = version_of(torch)
    if found != torch_version():
        raise Failure(f"torch in `{torch}` is {found or 'of an unknown version'}, expected {torch_version()}")


def has_cuda(torch):
    """Whether everything is there that libtorch loads on a GPU: `scripts/setup --light` leaves most of it out."""
    cuda = torch / "lib" / "libtorch_cuda.so"
    return cuda.is_file() and closure(cuda)[1] == []


def libraries(torch):
    """The files that a program needs, relative to the folder that holds `torch`, as they have to lie beside each other."""
    site = torch.parent
    if not has_cuda(torch):
        found, missing = closure(torch / "lib" / "libtorch_cpu.so")
        if missing:
            raise Failure(f"libtorch in `{torch}` lacks {', '.join(missing)}", "`scripts/setup` installs it")
        return sorted(path.relative_to(site) for path in found)
    # cuDNN, NVRTC and cuBLAS load more by name as they compute, so all of them go along.
    ours = [path for path in (torch / "lib").glob("*.so*") if path.name not in FOR_PYTHON]
    nvidia = [path for path in (site / "nvidia").glob("*/lib/*.so*")]
    return sorted(path.relative_to(site) for path in ours + nvidia)


def closure(library):
    """The libraries that one loads from where torch's own RPATHs lead, itself among them, and the names that are missing
    both there and on this system."""
    found, missing, waiting = {}, [], [library]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = elf.read(path)
        for name in found[path].needed:
            # An RPATH counts for what is loaded further down too; NVIDIA's own libraries lead nowhere.
            places = [*searched(path, found[path]), *searched(library, found[library])]
            inside = next((place / name for place in places if (place / name).is_file()), None)
            if inside:
                waiting.append(inside)
            elif not elf.on_system(name) and name not in missing:
                missing.append(name)
    return list(found), missing


def searched(path, read):
    """The folders of a library's RPATH and RUNPATH, with `$ORIGIN/../..` taken off as text: no folder of a wheel is a
    link."""
    for place in f"{read.rpath}:{read.runpath}".split(":"):
        if place:
            yield pathlib.Path(os.path.normpath(place.replace("$ORIGIN", str(path.parent))))
