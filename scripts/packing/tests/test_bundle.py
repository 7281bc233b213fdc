"""The bundle runs in another place, without anything from the build machine."""

import os
import pathlib
import tarfile

from .. import bundle, elf, libtorch
from ..common import ROOT, Failure, torch_version, version
from .places import LITTLE, PROGRAM, Place, namespaces, torch_here


class Bundle(Place):
    def made(self, torch=None):
        return bundle.make(PROGRAM, self.folder / "made", torch)

    def test_the_folder_runs_in_an_empty_namespace(self):
        moved = self.made().rename(self.folder / "moved")
        torch = torch_here()
        # Without the checkout, this machine's libtorch, cargo and network access.
        hidden = [folder for folder in (ROOT, torch.parent, pathlib.Path.home() / ".cargo") if folder.is_dir()]
        if not namespaces():
            print("this system does not allow namespaces: the bundle is not isolated", flush=True)
        doctor = self.succeed(moved / "freezewise", "doctor", hidden=hidden)
        self.assertIn(f"in {moved}/torch/lib\n", doctor)
        self.assertIn("no problems found", doctor)
        self.succeed(moved / "freezewise", "new", "first", hidden=hidden)
        sets = [word for pair in LITTLE for word in ("--set", pair)]
        ran = self.succeed(moved / "freezewise", "run", "first.toml", "--quiet", *sets, hidden=hidden).strip()
        self.assertTrue((self.folder / ran / "weights.safetensors").is_file())
        self.assertEqual(libtorch.version_of(moved / "torch"), torch_version())
        self.assertIn(f"freezewise {version()}, commit ", (moved / "README.txt").read_text())
        for licence in ("LICENSE-MIT", "THIRD-PARTY", f"torch-{torch_version()}"):
            self.assertTrue((moved / "licenses" / licence).exists(), licence)

    def test_an_external_libtorch_is_used_from_its_folder(self):
        torch = torch_here()
        absolute = self.made(torch).rename(self.folder / "absolute")
        self.assertEqual(elf.read(absolute / "freezewise").rpath, f"{torch}/lib")
        self.assertFalse((absolute / "torch").exists())
        self.assert_trains(absolute / "freezewise")
        relative = self.made(pathlib.Path("torch")).rename(self.folder / "relative")
        self.assertEqual(elf.read(relative / "freezewise").rpath, "$ORIGIN/torch/lib")
        self.assertNotEqual(self.run_bare(relative / "freezewise", "--version").returncode, 0)
        (relative / "torch").symlink_to(torch)
        self.assertEqual(self.succeed(relative / "freezewise", "--version"), f"freezewise {version()}\n")

    def test_the_archive_unpacks_to_the_same_folder(self):
        made = self.made(pathlib.Path("torch"))
        archive = bundle.archive(made)
        again = archive.read_bytes()
        self.assertEqual(bundle.archive(made).read_bytes()[10:], again[10:], "except for the time in the gzip header")
        with tarfile.open(archive) as packed:
            packed.extractall(self.folder / "unpacked")
        for file in [file for file in made.rglob("*") if file.is_file()]:
            unpacked = self.folder / "unpacked" / "made" / file.relative_to(made)
            self.assertEqual(unpacked.read_bytes(), file.read_bytes())
            self.assertEqual(os.access(unpacked, os.X_OK), os.access(file, os.X_OK))

    def test_invalid_arguments_are_errors_and_leave_no_files(self):
        other = self.folder / "other"
        (other / "lib").mkdir(parents=True)
        (other / "lib" / "libtorch_cpu.so").touch()
        (other / "version.py").write_text("__version__ = '2.10.0+cpu'\n")
        for torch, told in (
            (other, f"expected torch {torch_version()}, found 2.10.0"),
            (self.folder, "has no lib/libtorch_cpu.so"),
            (pathlib.Path("/a:/b"), "contains `:` or `\\$`"),
        ):
            with self.assertRaisesRegex(Failure, told):
                self.made(torch)
        (self.folder / "made").mkdir()
        with self.assertRaisesRegex(Failure, "already exists"):
            self.made(pathlib.Path("torch"))
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["made", "other"])
