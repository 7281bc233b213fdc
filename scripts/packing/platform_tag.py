"""The platform tag of a wheel, `manylinux_2_X_x86_64`, from the symbol versions that its files require.

PEP 600: a wheel with this tag runs with glibc 2.X or newer, and with the libstdc++ and libgcc of distributions that have
this glibc.
"""

import re

from .common import Failure
from .elf import on_system

# (minor version of glibc, newest GLIBCXX, CXXABI and GCC versions that all distributions with this glibc have), from the
# policies of auditwheel 6 (manylinux-policy.json, x86_64).
POLICIES = [
    (17, (3, 4, 19), (1, 3, 7), (4, 8, 0)),
    (24, (3, 4, 22), (1, 3, 10), (4, 8, 0)),
    (27, (3, 4, 24), (1, 3, 11), (7, 0, 0)),
    (31, (3, 4, 28), (1, 3, 12), (7, 0, 0)),
    (34, (3, 4, 29), (1, 3, 13), (7, 0, 0)),
    (35, (3, 4, 30), (1, 3, 13), (12, 0, 0)),
    (39, (3, 4, 33), (1, 3, 15), (14, 0, 0)),
]
KINDS = {"GLIBCXX": 1, "CXXABI": 2, "GCC": 3}


def glibc_needed(versions):
    """The minimum minor version of glibc 2 for symbol versions such as `GLIBC_2.34` and `GLIBCXX_3.4.29`."""
    return max((least_glibc(name) for name in versions), default=POLICIES[0][0])


# ld adds this mark for packed relocations, which glibc supports from 2.36 on.
MARKS = {"GLIBC_ABI_DT_RELR": 36}


def least_glibc(name):
    if name in MARKS:
        return MARKS[name]
    found = re.fullmatch(r"(GLIBC|GLIBCXX|CXXABI|GCC)_(\d+(?:\.\d+)*)", name)
    if not found:
        raise Failure(f"the symbol version `{name}` is not of a standard library")
    kind, number = found[1], tuple(int(part) for part in found[2].split("."))
    if kind == "GLIBC":
        if number[0] != 2:
            raise Failure(f"`{name}`: expected glibc 2")
        return max(number[1], POLICIES[0][0])
    for policy in POLICIES:
        if number <= policy[KINDS[kind]]:
            return policy[0]
    raise Failure(f"the symbol version `{name}` is too new for this script",
                  "add a line to POLICIES in scripts/packing/platform_tag.py")


def platform_tag(files):
    """The tag for files, given as `Elf`. Libraries that come with torch do not count."""
    versions = [found for file in files for library, found in file.versions.items() if on_system(library)]
    return f"manylinux_2_{glibc_needed(set().union(*versions))}_x86_64"
