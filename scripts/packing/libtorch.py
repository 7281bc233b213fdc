"""A `torch` folder as installed by pip: its version, and the libraries that a program needs."""

import os
import pathlib
import re

from . import elf
from .common import Failure, torch_version

# Only loaded by Python.
FOR_PYTHON = {"libtorch_python.so", "libshm.so", "libtorch_global_deps.so"}


def version_of(torch):
    """The version, such as `2.11.0`, from a wheel's version.py or a zip's build-version; None without either."""
    for name, pattern in (("version.py", r"^__version__ = '([0-9.]+)"), ("build-version", r"^([0-9.]+)")):
        file = torch / name
        if file.is_file() and (found := re.search(pattern, file.read_text(), re.MULTILINE)):
            return found[1]
    return None


def check(torch):
    if not (torch / "lib" / "libtorch_cpu.so").is_file():
        raise Failure(f"`{torch}` has no lib/libtorch_cpu.so", "give the folder `torch` of an installation")
    found = version_of(torch)
    if found != torch_version():
        raise Failure(f"`{torch}`: expected torch {torch_version()}, found {found or 'an unknown version'}")


def has_cuda(torch):
    """Whether all libraries for GPUs are installed; `scripts/setup --light` omits most of them."""
    cuda = torch / "lib" / "libtorch_cuda.so"
    return cuda.is_file() and closure(cuda)[1] == []


def libraries(torch):
    """The files that a program needs, relative to the parent of `torch`."""
    site = torch.parent
    if not has_cuda(torch):
        found, missing = closure(torch / "lib" / "libtorch_cpu.so")
        if missing:
            raise Failure(f"`{torch}` lacks {', '.join(missing)}", "run `scripts/setup` to install libtorch")
        return sorted(path.relative_to(site) for path in found)
    # All libraries are needed: cuDNN, NVRTC and cuBLAS load others by name at run time.
    ours = [path for path in (torch / "lib").glob("*.so*") if path.name not in FOR_PYTHON]
    nvidia = [path for path in (site / "nvidia").glob("*/lib/*.so*")]
    return sorted(path.relative_to(site) for path in ours + nvidia)


def closure(library):
    """The libraries that `library` loads through RPATHs, including itself, and the names of libraries that are missing
    there and on this system."""
    found, missing, waiting = {}, [], [library]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = elf.read(path)
        for name in found[path].needed:
            # An RPATH also applies to indirectly loaded libraries; NVIDIA's own libraries have none.
            places = [*searched(path, found[path]), *searched(library, found[library])]
            inside = next((place / name for place in places if (place / name).is_file()), None)
            if inside:
                waiting.append(inside)
            elif not elf.on_system(name) and name not in missing:
                missing.append(name)
    return list(found), missing


def searched(path, read):
    """The folders of a library's RPATH and RUNPATH. `..` is resolved textually, because wheels contain no linked
    folders."""
    for place in f"{read.rpath}:{read.runpath}".split(":"):
        if place:
            yield pathlib.Path(os.path.normpath(place.replace("$ORIGIN", str(path.parent))))
