"""The wheel: a Python package with the program and its plugin, whose entry point starts the program.

The format is PyPA's "Binary distribution format". Wheels are reproducible: the same files give the same bytes.
"""

import base64
import hashlib
import pathlib
import tempfile
import zipfile

from . import binaries, elf, notices
from .common import ROOT, Failure, megabytes, package, say, torch_version, version
from .platform_tag import platform_tag

# From site-packages/freezewise/bin to site-packages/torch/lib.
RPATH = "$ORIGIN/../../torch/lib"
LAUNCHER = ROOT / "scripts" / "packing" / "launcher"
MOST_BYTES = 15_000_000
# The oldest Python that torch 2.11 supports.
PYTHON = "3.10"


def make(binary, folder):
    """Writes the wheel of a program to a folder and returns its path."""
    with tempfile.TemporaryDirectory() as scratch:
        copies = binaries.prepare(binary, pathlib.Path(scratch), RPATH)
        tag = f"py3-none-{platform_tag([elf.read(copy) for copy in copies])}"
        files = contents(copies, tag)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"freezewise-{version()}-{tag}.whl"
        write(path, files)
    if path.stat().st_size > MOST_BYTES:
        raise Failure(f"`{path}` has {megabytes(path)}; at most {MOST_BYTES // 1_000_000} MB are allowed")
    if len(copies) == 1:
        say(f"the wheel only uses the CPU: {binaries.PLUGIN} was not built, because the CUDA headers are missing")
    return path


def contents(copies, tag):
    """{name in the wheel: content} of all files except RECORD."""
    info = f"freezewise-{version()}.dist-info"
    files = {f"freezewise/bin/{copy.name}": copy.read_bytes() for copy in copies}
    files["freezewise/__init__.py"] = versions().encode()
    files["freezewise/__main__.py"] = (LAUNCHER / "__main__.py").read_bytes()
    files[f"{info}/METADATA"] = metadata().encode()
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: freezewise\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    files[f"{info}/entry_points.txt"] = b"[console_scripts]\nfreezewise = freezewise.__main__:main\n"
    for name, text in licences().items():
        files[f"{info}/licenses/{name}"] = text.encode()
    return files


def versions():
    return (f'"""{package()["description"]}."""\n\n__version__ = "{version()}"\n'
            f"# The version of libtorch that the program is linked to.\nTORCH = \"{torch_version()}\"\n")


def licences():
    own = {name: (ROOT / name).read_text() for name in ("LICENSE-APACHE", "LICENSE-MIT")}
    return own | {"THIRD-PARTY": notices.notices()}


def metadata():
    lines = [
        "Metadata-Version: 2.4",
        "Name: freezewise",
        f"Version: {version()}",
        f"Summary: {package()['description']}",
        f"License-Expression: {package()['license']}",
        *(f"License-File: {name}" for name in ("LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY")),
        f"Keywords: {','.join(package()['keywords'])}",
        "Classifier: Environment :: Console",
        "Classifier: Intended Audience :: Science/Research",
        "Classifier: Operating System :: POSIX :: Linux",
        "Classifier: Programming Language :: Rust",
        "Classifier: Topic :: Scientific/Engineering :: Artificial Intelligence",
        f"Requires-Python: >={PYTHON}",
        # The exact version, which build.rs requires and run.json records.
        f"Requires-Dist: torch=={torch_version()}",
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join(lines) + "\n\n" + (ROOT / "README.md").read_text()


def write(path, files):
    record = f"freezewise-{version()}.dist-info/RECORD"
    rows = [f"{name},sha256={digest(content)},{len(content)}" for name, content in files.items()]
    files = files | {record: "\n".join([*rows, f"{record},,"]).encode() + b"\n"}
    partial = path.with_name(path.name + ".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if name.startswith("freezewise/bin/") else 0o100644) << 16
            archive.writestr(entry, content)
    partial.replace(path)


def digest(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
