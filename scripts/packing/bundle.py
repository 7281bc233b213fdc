"""The bundle: a relocatable folder with the program, for machines without Rust, a compiler or network access."""

import pathlib
import shutil
import subprocess
import tarfile

from . import binaries, elf, libtorch
from .common import ROOT, Failure, package, say, torch_version, version
from .notices import LICENCE
from .platform_tag import platform_tag
from .wheel import licences


# Where a released bundle looks for libtorch: in its own folder, where users put it.
BESIDE = pathlib.Path("torch")


def name():
    return f"freezewise-{version()}-x86_64-linux"


def make(binary, folder, torch):
    """Creates the folder and returns it. `torch` is the `torch` folder on the target machine, absolute or relative to the
    bundle; with None, the libraries are copied from the libtorch that the program was built with."""
    if folder.exists():
        raise Failure(f"`{folder}` already exists", "remove it, or choose another folder with `--out`")
    own = None if torch else built_with(binary)
    rpath = "$ORIGIN/torch/lib" if own else rpath_to(torch)
    if torch and (there := folder / torch).is_dir():
        libtorch.check(there)
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    copies = binaries.prepare(binary, partial, rpath)
    if own:
        copy_libraries(own, partial)
        if not libtorch.has_cuda(own):
            # The plugin is useless without CUDA's libraries.
            (partial / binaries.PLUGIN).unlink(missing_ok=True)
            say("this bundle only uses the CPU, because this libtorch has no CUDA; `scripts/setup --cuda` installs it")
    glibc = platform_tag([elf.read(copy) for copy in copies if copy.exists()]).split("_")[2]
    (partial / "README.txt").write_text(about(glibc, own, torch))
    (partial / "licenses").mkdir(exist_ok=True)
    for file, text in licences().items():
        (partial / "licenses" / file).write_text(text)
    partial.rename(folder)
    return folder


def built_with(binary):
    """The `torch` folder that a program uses: that of its build, or of an installed wheel."""
    places = list(libtorch.searched(binary, elf.read(binary)))
    found = next((place.parent.resolve() for place in places if (place / "libtorch_cpu.so").is_file()), None)
    if found is None:
        raise Failure(f"`{binary}` finds no libtorch", "give its folder on the target machine with `--torch`")
    libtorch.check(found)
    return found


def rpath_to(torch):
    if ":" in str(torch) or "$" in str(torch):
        raise Failure(f"`{torch}` contains `:` or `$`, which have a special meaning in library paths")
    return f"{torch}/lib" if torch.is_absolute() else f"$ORIGIN/{torch}/lib"


def copy_libraries(torch, folder):
    for file in libtorch.libraries(torch):
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(torch.parent / file, target)
    # `doctor` and later checks of this folder read the version.
    shutil.copyfile(torch / "version.py", folder / "torch" / "version.py")
    for info in [*torch.parent.glob("torch-*.dist-info"), *torch.parent.glob("nvidia_*.dist-info")]:
        for licence in [file for file in info.rglob("*") if LICENCE.match(file.name) and file.is_file()]:
            target = folder / "licenses" / info.name.removesuffix(".dist-info") / licence.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(licence, target)


def about(glibc, own, torch):
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    where = "is in `torch/`" if own else f"must be in `{torch}`: torch {torch_version()}, as installed by pip"
    if not own and not torch.is_absolute():
        where += " (the path is relative to this folder)"
    return "\n".join([
        f"freezewise {version()}, commit {commit.stdout.strip() or 'unknown'}",
        package()["description"],
        "",
        f"Needs x86-64 Linux with glibc 2.{glibc} or newer and libstdc++; no Rust, compiler, Python or network access.",
        f"libtorch {where}.",
        "The folder can be moved and copied as a whole. To check that it works:",
        "",
        "    ./freezewise doctor",
        "    ./freezewise new first",
        "    ./freezewise run first.toml",
        "",
    ])


def archive(folder):
    """Packs the folder into a .tar.gz next to it and returns its path."""
    path = folder.with_name(f"{folder.name}.tar.gz")

    def plain(entry):
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = ""
        return entry

    partial = path.with_name(f"{path.name}.partial")
    with tarfile.open(partial, "w:gz", compresslevel=6) as packed:
        for file in sorted(folder.rglob("*")):
            if not file.is_dir():
                packed.add(file, f"{folder.name}/{file.relative_to(folder)}", filter=plain)
    partial.replace(path)
    return path
