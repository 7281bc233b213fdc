"""ELF files are read as binutils reads them, and the platform tag follows from them."""

import pathlib
import re
import struct
import subprocess
import tempfile
import unittest

from .. import elf, libtorch
from ..common import Failure
from ..platform_tag import glibc_needed, platform_tag
from .places import PROGRAM, torch_here


def readelf(option, path):
    return subprocess.run(["readelf", "-W", option, path], check=True, capture_output=True, text=True).stdout


class Elf(unittest.TestCase):
    def files(self):
        return [PROGRAM, torch_here() / "lib" / "libtorch_cpu.so", pathlib.Path("/bin/sh").resolve()]

    def test_libraries_and_search_paths_match_readelf(self):
        for path in self.files():
            said, found = readelf("-d", path), elf.read(path)
            self.assertEqual(found.needed, re.findall(r"\(NEEDED\).*\[(.*)\]", said), path)
            for tag, value in (("RPATH", found.rpath), ("RUNPATH", found.runpath)):
                self.assertEqual([value] if value else [], re.findall(rf"\({tag}\).*\[(.*)\]", said), path)

    def test_versions_match_readelf(self):
        for path in self.files():
            versions, library = {}, None
            for line in readelf("-V", path).splitlines():
                if found := re.search(r"Version: 1  File: (\S+)", line):
                    library = found[1]
                elif (found := re.search(r"Name: (\S+)  Flags: (\w+)", line)) and found[2] != "WEAK":
                    versions.setdefault(library, set()).add(found[1])
            self.assertEqual(elf.read(path).versions, versions, path)

    def test_weak_versions_do_not_count(self):
        said = readelf("-V", PROGRAM)
        table = said[said.index("Version needs section"):]
        start = int(re.search(r"Offset: (0x[0-9a-f]+)", table)[1], 16)
        entry, name = re.search(r"(0x[0-9a-f]+):   Name: (GLIBC_2\.\d\d)", table).groups()
        data = bytearray(PROGRAM.read_bytes())
        struct.pack_into("<H", data, start + int(entry, 16) + 4, elf.VER_FLG_WEAK)
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            before, after = (elf.read(path).versions for path in (PROGRAM, pathlib.Path(file.name)))
        lost = {(library, version) for library in before for version in before[library] - after.get(library, set())}
        self.assertEqual([version for _, version in lost], [name])

    def test_files_that_are_not_programs_are_named(self):
        for content in (b"", b"#!/bin/sh\n"):
            with tempfile.NamedTemporaryFile() as file:
                file.write(content)
                file.flush()
                with self.assertRaisesRegex(Failure, f"`{file.name}` is not a program or library"):
                    elf.read(pathlib.Path(file.name))


class PlatformTag(unittest.TestCase):
    def test_the_newest_version_decides(self):
        for versions, glibc in [
            (["GLIBC_2.2.5"], 17),
            (["GLIBC_2.34", "GLIBC_2.4"], 34),
            (["GLIBC_2.28", "GLIBCXX_3.4.29"], 34),
            (["GLIBC_2.36", "GLIBCXX_3.4.30", "GCC_12.0.0"], 36),
            (["GLIBC_2.34", "CXXABI_1.3.15"], 39),
            (["GLIBC_2.17", "GLIBC_ABI_DT_RELR"], 36),
        ]:
            self.assertEqual(glibc_needed(versions), glibc, versions)

    def test_an_unknown_version_has_no_tag(self):
        for version in ("GLIBC_PRIVATE", "GLIBCXX_3.4.99", "OPENSSL_3.0.0", "GLIBC_3.1"):
            with self.assertRaises(Failure, msg=version):
                glibc_needed([version])

    def test_the_program_needs_no_newer_glibc_than_its_symbols(self):
        said = readelf("--dyn-syms", PROGRAM)
        minors = [int(minor) for minor in re.findall(r"GLOBAL .*@GLIBC_2\.(\d+)", said)]
        tag = platform_tag([elf.read(PROGRAM)])
        self.assertGreaterEqual(int(tag.split("_")[2]), max(minors))


class Libtorch(unittest.TestCase):
    def test_the_libraries_that_a_program_needs_are_found_by_their_own_paths(self):
        torch = torch_here()
        found = {path.name for path in libtorch.libraries(torch)}
        self.assertLessEqual({"libtorch_cpu.so", "libc10.so", "libgomp.so.1"}, found)
        self.assertNotIn("libtorch_python.so", found)
