"""A release: what must hold before it, and the files that it consists of, with their checksums."""

import hashlib
import re
import subprocess

from . import bundle, wheel
from .common import DIST, ROOT, Failure, build, run, say, torch_version, version

SUMS = "SHA256SUMS"


def check_tree(root):
    """A release is a commit, and nothing beside it."""
    changed = git(root, "status", "--porcelain")
    if changed:
        raise Failure("the working tree has changes", *changed.splitlines()[:10], "commit or stash them")


def check_tag(root, number):
    """A tag that is there already must be this very commit."""
    tag = f"v{number}"
    if git(root, "tag", "--list", tag) and git(root, "rev-list", "-1", tag) != git(root, "rev-parse", "HEAD"):
        raise Failure(f"the tag `{tag}` is another commit", "raise the version in Cargo.toml, and head CHANGELOG.md with it")


def check_changelog(text, number):
    """The newest entry is this version's: `## 0.1.0` with anything behind it, such as a date."""
    head = re.search(r"^## +(\S+)", text, re.MULTILINE)
    if not head or head[1].strip("[]") != number:
        found = f"`{head[1]}`" if head else "nothing"
        raise Failure(f"CHANGELOG.md begins with {found}, and Cargo.toml has version {number}",
                      f"head the newest entry `## {number} (DATE)`")


def git(root, *arguments):
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"`git {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout.strip()


def check_crate(verify):
    """What crates.io would get: cargo builds it from the package alone, unless told not to."""
    options = [] if verify else ["--no-verify"]
    run("cargo", "publish", "--dry-run", "--locked", *options)


def make(checks, verify):
    """Checks, builds and packs; returns what it wrote."""
    check_tree(ROOT)
    check_changelog((ROOT / "CHANGELOG.md").read_text(), version())
    check_tag(ROOT, version())
    if checks:
        run("scripts/check")
    check_crate(verify)
    binary = build()
    folder = DIST / bundle.name()
    if folder.exists():
        raise Failure(f"`{folder}` is already there", "remove it: a release is made from nothing")
    archive = bundle.archive(bundle.make(binary, folder, bundle.BESIDE))
    files = [wheel.make(binary, DIST), archive]
    check_tree(ROOT)
    return [*files, checksums(files)]


def checksums(files):
    """Writes what `sha256sum --check` reads."""
    path = DIST / SUMS
    path.write_text("".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files))
    return path


def tell_what_is_left():
    number = version()
    say(f"made for torch {torch_version()}; what is left, and cannot be undone:")
    for line in (f"git tag v{number} && git push origin v{number}", "cargo publish", "twine upload dist/*.whl"):
        say(f"    {line}")
