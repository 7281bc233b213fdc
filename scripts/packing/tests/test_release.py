"""Preconditions of a release, and the package for crates.io."""

import hashlib
import pathlib
import subprocess
import tarfile
import unittest.mock

from .. import release
from ..common import ROOT, Failure, run, version
from .places import Place


class Refused(Place):
    def git(self, *arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *who, "-C", self.folder, *arguments], check=True, capture_output=True)

    def commit(self, text):
        (self.folder / "file").write_text(text)
        self.git("add", "file")
        self.git("commit", "-m", text)

    def test_a_tree_with_changes(self):
        self.git("init")
        self.commit("one")
        release.check_tree(self.folder)
        (self.folder / "file").write_text("two")
        (self.folder / "new").touch()
        with self.assertRaisesRegex(Failure, "the working tree has changes") as failed:
            release.check_tree(self.folder)
        self.assertEqual(failed.exception.hints[:2], ("M file", "?? new"))

    def test_a_version_whose_tag_is_another_commit(self):
        self.git("init")
        self.commit("one")
        release.check_tag(self.folder, "0.1.0")
        self.git("tag", "v0.1.0")
        release.check_tag(self.folder, "0.1.0")
        self.commit("two")
        with self.assertRaisesRegex(Failure, "the tag `v0.1.0` is another commit"):
            release.check_tag(self.folder, "0.1.0")
        release.check_tag(self.folder, "0.1.1")

    def test_a_changelog_that_begins_with_another_version(self):
        for head in ("## 0.1.0", "## 0.1.0 (2026-11-27)", "## [0.1.0] – 2026"):
            release.check_changelog(f"# Changelog\n\n{head}\n\n## 0.0.9\n", "0.1.0")
        for head, told in (("## Unreleased\n\n## 0.1.0", "`Unreleased`"), ("## 0.1.01", "`0.1.01`"), ("", "nothing")):
            with self.assertRaisesRegex(Failure, f"CHANGELOG.md: expected version 0.1.0 of Cargo.toml, found {told}"):
                release.check_changelog(f"# Changelog\n\n{head}\n", "0.1.0")


class Made(Place):
    def test_checksums_match_sha256sum(self):
        files = []
        for name in ("a.whl", "b.tar.gz"):
            files.append(self.folder / name)
            files[-1].write_text(name)
        with unittest.mock.patch.object(release, "DIST", self.folder):
            path = release.checksums(files)
        self.assertEqual(path.read_text().splitlines()[0], f"{hashlib.sha256(b'a.whl').hexdigest()}  a.whl")
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", path.name], cwd=self.folder, check=True)

    def test_the_crate_is_small_and_complete(self):
        run("cargo", "package", "--no-verify", "--allow-dirty", "--locked", "--offline", "--quiet",
            "--target-dir", self.folder)
        crate = self.folder / "package" / f"freezewise-{version()}.crate"
        # crates.io refuses more than 10 MB.
        self.assertLess(crate.stat().st_size, 2_000_000)
        with tarfile.open(crate) as packed:
            names = {str(pathlib.Path(*pathlib.Path(name).parts[1:])) for name in packed.getnames()}
        needed = {"Cargo.toml", "Cargo.lock", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "build.rs", "src/main.rs",
                  "native/shim.cpp", "native/cuda.cpp", "src/figure/font/LiberationSans-Regular.ttf"}
        self.assertLessEqual(needed, names)
        left = [name for name in names if name.split("/")[0] in ("results", "scripts", "tests", "fuzz", ".ci", "dist")]
        self.assertEqual(left, [])
