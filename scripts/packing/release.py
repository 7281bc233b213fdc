"""A release: its preconditions, its files, and their checksums."""

import hashlib
import re
import subprocess

from . import bundle, wheel
from .common import DIST, ROOT, Failure, build, run, say, torch_version, version

SUMS = "SHA256SUMS"


def check_tree(root):
    """Checks that there are no uncommitted changes."""
    changed = git(root, "status", "--porcelain")
    if changed:
        raise Failure("the working tree has changes", *changed.splitlines()[:10], "commit or stash them")


def check_tag(root, number):
    """Checks that the tag of this version, if it exists, is this commit."""
    tag = f"v{number}"
    if git(root, "tag", "--list", tag) and git(root, "rev-list", "-1", tag) != git(root, "rev-parse", "HEAD"):
        raise Failure(f"the tag `{tag}` is another commit", "raise the version in Cargo.toml and CHANGELOG.md")


def check_changelog(text, number):
    """Checks that the newest entry is for this version: `## 0.1.0`, optionally with a date."""
    head = re.search(r"^## +(\S+)", text, re.MULTILINE)
    if not head or head[1].strip("[]") != number:
        found = f"`{head[1]}`" if head else "nothing"
        raise Failure(f"CHANGELOG.md: expected version {number} of Cargo.toml, found {found}",
                      f"title the newest entry `## {number} (DATE)`")


def git(root, *arguments):
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"`git {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout.strip()


def check_crate(verify):
    """Checks the package for crates.io; with `verify`, cargo builds it."""
    options = [] if verify else ["--no-verify"]
    run("cargo", "publish", "--dry-run", "--locked", *options)


def make(checks, verify):
    """Checks, builds and packs; returns the files that it wrote."""
    check_tree(ROOT)
    check_changelog((ROOT / "CHANGELOG.md").read_text(), version())
    check_tag(ROOT, version())
    if checks:
        run("scripts/check")
    check_crate(verify)
    binary = build()
    folder = DIST / bundle.name()
    if folder.exists():
        raise Failure(f"`{folder}` already exists", "remove it")
    archive = bundle.archive(bundle.make(binary, folder, bundle.BESIDE))
    files = [wheel.make(binary, DIST), archive]
    check_tree(ROOT)
    return [*files, checksums(files)]


def checksums(files):
    """Writes the checksums in the format of `sha256sum --check`."""
    path = DIST / SUMS
    path.write_text("".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files))
    return path


def tell_what_is_left():
    number = version()
    say(f"built for torch {torch_version()}; to publish, which cannot be undone:")
    for line in (f"git tag v{number} && git push origin v{number}", "cargo publish", "twine upload dist/*.whl"):
        say(f"    {line}")
