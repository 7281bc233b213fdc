"""Reads the requirements of an ELF file for 64-bit x86: libraries, symbol versions, and library paths.

The format is that of the System V ABI, "Dynamic Section", and of the Linux Standard Base, "Symbol Versioning".
"""

import mmap
import re
import struct
from dataclasses import dataclass

from .common import Failure

# Entry types of a program header and of the dynamic section.
PT_LOAD, PT_DYNAMIC = 1, 2
DT_NEEDED, DT_STRTAB, DT_RPATH, DT_RUNPATH = 1, 5, 15, 29
DT_VERNEED, DT_VERNEEDNUM = 0x6FFFFFFE, 0x6FFFFFFF
VER_FLG_WEAK = 2
X86_64 = 62


# Libraries of every Linux with glibc and libstdc++, and of the NVIDIA driver.
SYSTEM = re.compile(
    r"(libc|libm|libdl|libpthread|librt|libutil|libgcc_s|libstdc\+\+|ld-linux-x86-64)\.so\.\d+|libcuda\.so\.1|libnvidia-ml\.so\.1")


def on_system(name):
    """Whether the system provides a library."""
    return SYSTEM.fullmatch(name) is not None


@dataclass
class Elf:
    """`versions` has the required symbol versions of each library, without versions that only weak symbols use."""

    needed: list
    rpath: str
    runpath: str
    versions: dict


def read(path):
    """Reads a program or a shared library."""
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return parse(path, data)
    except ValueError:  # an empty file cannot be mapped
        return parse(path, b"")


def parse(path, data):
    if data[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", data, 18)[0] != X86_64:
        raise Failure(f"`{path}` is not a program or library for 64-bit x86")
    segments = program_headers(data)
    dynamic = dynamic_section(data, segments)
    strings = offset_of(segments, dynamic[DT_STRTAB][0])

    def text(at):
        return data[strings + at : data.find(b"\0", strings + at)].decode()

    return Elf(
        needed=[text(at) for at in dynamic.get(DT_NEEDED, [])],
        rpath="".join(text(at) for at in dynamic.get(DT_RPATH, [])),
        runpath="".join(text(at) for at in dynamic.get(DT_RUNPATH, [])),
        versions=needed_versions(data, segments, dynamic, text),
    )


def program_headers(data):
    """(type, offset in the file, address, size in the file) of each program header."""
    start, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    headers = []
    for index in range(count):
        kind, _, offset, address, _, length, _, _ = struct.unpack_from("<IIQQQQQQ", data, start + index * size)
        headers.append((kind, offset, address, length))
    return headers


def offset_of(segments, address):
    for kind, offset, start, length in segments:
        if kind == PT_LOAD and start <= address < start + length:
            return address - start + offset
    raise Failure(f"no segment contains the address {address:#x}")


def dynamic_section(data, segments):
    """{tag: values}."""
    found = {}
    for kind, offset, _, length in segments:
        if kind == PT_DYNAMIC:
            for tag, value in struct.iter_unpack("<qQ", data[offset : offset + length]):
                found.setdefault(tag, []).append(value)
    if not found:
        raise Failure("the file has no dynamic section")
    return found


def needed_versions(data, segments, dynamic, text):
    if DT_VERNEED not in dynamic:
        return {}
    versions = {}
    at = offset_of(segments, dynamic[DT_VERNEED][0])
    for _ in range(dynamic[DT_VERNEEDNUM][0]):
        _, count, library, first, following = struct.unpack_from("<HHIII", data, at)
        entry = at + first
        for _ in range(count):
            _, flags, _, name, further = struct.unpack_from("<IHHII", data, entry)
            if not flags & VER_FLG_WEAK:
                versions.setdefault(text(library), set()).add(text(name))
            entry += further
        at += following
    return versions
