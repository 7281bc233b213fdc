"""The wheel has the right contents, and runs where it is installed, with only its relative path to torch."""

import os
import pathlib
import shutil
import stat
import sys
import tempfile
import unittest
import unittest.mock
import zipfile

from .. import bundle, wheel
from ..common import Failure, torch_version, version
from .places import FULL, PROGRAM, Place, environment, install, torch_here


def setUpModule():
    global SCRATCH, WHEEL
    SCRATCH = pathlib.Path(tempfile.mkdtemp())
    WHEEL = wheel.make(PROGRAM, SCRATCH)


def tearDownModule():
    shutil.rmtree(SCRATCH)


class Contents(unittest.TestCase):
    def test_the_wheel_is_small_and_declares_its_requirements(self):
        self.assertLess(WHEEL.stat().st_size, wheel.MOST_BYTES)
        self.assertRegex(WHEEL.name, rf"^freezewise-{version()}-py3-none-manylinux_2_\d+_x86_64\.whl$")
        with zipfile.ZipFile(WHEEL) as archive:
            names = archive.namelist()
            info = f"freezewise-{version()}.dist-info"
            metadata = archive.read(f"{info}/METADATA").decode()
            self.assertIn(f"\nRequires-Dist: torch=={torch_version()}\n", metadata)
            self.assertIn(f"Tag: {WHEEL.stem.split('-', 2)[2]}\n", archive.read(f"{info}/WHEEL").decode())
            for name in ("LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY"):
                self.assertIn(f"{info}/licenses/{name}", names)
            notices = archive.read(f"{info}/licenses/THIRD-PARTY").decode()
            for owner in ("clap ", "tch ", "the font Liberation Sans"):
                self.assertIn(owner, notices)

    def test_the_program_has_no_line_tables_and_no_absolute_library_paths(self):
        with zipfile.ZipFile(WHEEL) as archive:
            program = archive.read("freezewise/bin/freezewise")
        self.assertNotIn(b".debug_info\0", program)
        self.assertIn(b"$ORIGIN/../../torch/lib\0", program)
        self.assertNotIn(str(torch_here().parent).encode(), program)

    def test_the_same_program_gives_the_same_wheel(self):
        again = wheel.make(PROGRAM, SCRATCH / "again")
        self.assertEqual(again.read_bytes(), WHEEL.read_bytes())

    def test_a_wheel_that_is_too_large_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.object(wheel, "MOST_BYTES", 1000):
            with self.assertRaisesRegex(Failure, "at most 0 MB are allowed"):
                wheel.make(PROGRAM, pathlib.Path(folder))


class Installed(Place):
    @classmethod
    def setUpClass(cls):
        cls.venv = SCRATCH / "venv"
        cls.site = environment(cls.venv, WHEEL)
        cls.program = cls.venv / "bin" / "freezewise"

    def setUp(self):
        super().setUp()
        (self.site / "torch").symlink_to(torch_here())
        self.addCleanup(self.remove_torch)

    def remove_torch(self):
        torch = self.site / "torch"
        if torch.is_symlink():
            torch.unlink()
        else:
            shutil.rmtree(torch, ignore_errors=True)

    def test_it_runs_with_torch_beside_it(self):
        self.assert_trains(self.program)
        doctor = self.succeed(self.program, "doctor")
        self.assertIn(f"libtorch           {torch_version()} ", doctor)
        self.assertIn("no problems found", doctor)
        if (self.site / "freezewise/bin/libfreezewise_cuda.so").exists():
            self.assertIn(str(self.site / "freezewise/bin/libfreezewise_cuda.so"), doctor)
        self.assertEqual(self.succeed(self.venv / "bin/python", "-m", "freezewise", "--version"),
                         f"freezewise {version()}\n")

    def test_the_program_finds_torch_by_its_own_path_alone(self):
        program = self.site / "freezewise/bin/freezewise"
        self.assertTrue(program.stat().st_mode & stat.S_IXUSR)
        self.assertEqual(self.succeed(program, "--version"), f"freezewise {version()}\n")
        # Another libtorch in LD_LIBRARY_PATH, for example from a cluster's module, has no priority.
        other = self.folder / "other"
        other.mkdir()
        (other / "libtorch_cpu.so").write_text("no library")
        self.succeed(program, "--version", variables={"LD_LIBRARY_PATH": str(other)})
        self.remove_torch()
        failed = self.run_bare(program, "--version")
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("libtorch_cpu.so: cannot open shared object file", failed.stderr)

    def test_torch_in_another_site_packages_is_found(self):
        self.remove_torch()
        other = self.folder / "other"
        other.mkdir()
        (other / "torch").symlink_to(torch_here())
        self.assert_trains(self.program, variables={"PYTHONPATH": str(other)})
        self.assertIn("libtorch", self.succeed(self.program, "doctor", variables={"PYTHONPATH": str(other)}))

    def test_a_package_of_links_into_a_cache_finds_torch(self):
        """As with `uv pip install --link-mode symlink`, where the program's own path is in the cache."""
        program, cached = self.site / "freezewise/bin/freezewise", self.folder / "cached"
        program.rename(cached)
        self.addCleanup(cached.rename, program)
        program.symlink_to(cached)
        self.addCleanup(program.unlink)
        self.assertNotEqual(self.run_bare(program, "--version").returncode, 0)
        self.assertEqual(self.succeed(self.program, "--version"), f"freezewise {version()}\n")

    def test_a_missing_or_other_torch_is_reported(self):
        self.remove_torch()
        absent = self.run_bare(self.program, "--version")
        self.assertEqual((absent.returncode, absent.stdout), (1, ""))
        self.assertEqual(absent.stderr, "error: torch is not installed for this Python\n"
                                        f"  `pip install torch=={torch_version()}`\n")
        (self.site / "torch" / "lib").mkdir(parents=True)
        (self.site / "torch" / "lib" / "libtorch_cpu.so").touch()
        for text, found in (("__version__ = '2.12.0+cu130'\n", "2.12.0"), ("", "an unknown version")):
            (self.site / "torch" / "version.py").write_text(text)
            told = self.run_bare(self.program, "--version")
            self.assertEqual(told.returncode, 1)
            self.assertIn(f"expected torch {torch_version()}, found {found}\n", told.stderr)
            self.assertIn("`pip install torch==", told.stderr)

    def test_exit_codes_arguments_and_streams_are_passed_through(self):
        program = self.site / "freezewise/bin/freezewise"
        own, through = (self.run_bare(start, "check", "an absent file.toml") for start in (program, self.program))
        self.assertIn("`an absent file.toml`", own.stderr)
        self.assertEqual((through.returncode, through.stdout, through.stderr), (2, own.stdout, own.stderr))


@unittest.skipUnless(FULL, "installs 4.7 GB: scripts/check --full")
class InstalledWithTorch(Place):
    def test_pip_installs_torch_and_the_program_runs(self):
        venv = self.folder / "venv"
        site = environment(venv, WHEEL)
        install(venv, "--force-reinstall", WHEEL)
        program = venv / "bin/freezewise"
        self.assert_trains(program)
        doctor = self.succeed(program, "doctor")
        self.assertIn(f" for CUDA 13.0, in {site}/torch/lib\n", doctor)
        self.check_bundle(site)

    def check_bundle(self, site):
        """A bundle of the installed wheel works, with all libraries that libtorch loads for CUDA."""
        made = bundle.make(site / "freezewise/bin/freezewise", self.folder / "made", None)
        moved = made.rename(self.folder / "moved")
        self.assertTrue((moved / "libfreezewise_cuda.so").is_file())
        hidden = [site, torch_here().parent]
        self.assertIn(f"in {moved}/torch/lib\n", self.succeed(moved / "freezewise", "doctor", hidden=hidden))
        load = ("import ctypes\n"
                f"for name in {CUDA_LIBRARIES}: ctypes.CDLL('{moved}/' + name, ctypes.RTLD_GLOBAL)")
        self.succeed(sys.executable, "-c", load, hidden=hidden)


# Without NVRTC's library, which needs the driver.
CUDA_LIBRARIES = ["torch/lib/libtorch_cuda.so", "torch/lib/libtorch_cuda_linalg.so", "libfreezewise_cuda.so"]


@unittest.skipUnless(FULL, "the same in each Python: scripts/check --full")
class OtherPythons(Place):
    def test_every_supported_python(self):
        found = 0
        for minor in range(10, 15):
            python = shutil.which(f"python3.{minor}")
            # With pyenv, commands exist for versions that are not installed.
            if python and os.system(f"'{python}' -c '' 2>/dev/null") == 0:
                environment(self.folder / str(minor), WHEEL, torch_here(), python)
                self.assert_trains(self.folder / str(minor) / "bin/freezewise")
                shutil.rmtree(self.folder / "runs")
                found += 1
        self.assertGreater(found, 0)
