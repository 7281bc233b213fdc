"""The licences of the crates linked into the program, most of which must be distributed with it."""

import functools
import json
import pathlib
import re

from .common import ROOT, Failure, run

TARGET = "x86_64-unknown-linux-gnu"
LICENCE = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)
FONT = ROOT / "src" / "figure" / "font" / "LICENSE-LiberationSans"


@functools.cache
def notices():
    """The text with each licence once, preceded by the names of its crates."""
    owners = {}
    for crate in linked():
        texts = texts_of(pathlib.Path(crate["manifest_path"]).parent)
        if not texts and not crate["license"]:
            raise Failure(f"the crate `{crate['name']}` has no licence")
        for text in texts or [f"Licensed under {crate['license']}; the crate does not include the text."]:
            owners.setdefault(text, []).append(f"{crate['name']} {crate['version']}")
    owners.setdefault(FONT.read_text().strip(), []).append("the font Liberation Sans")
    parts = ["The program `freezewise` contains third-party software under these licences."]
    for text, names in owners.items():
        parts.append(f"{'=' * 80}\n{', '.join(names)}\n{'=' * 80}\n\n{text}")
    return "\n\n\n".join(parts) + "\n"


def linked():
    """The packages that are linked into the program, without this one, sorted by name."""
    said = run("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET,
               capture_output=True)
    metadata = json.loads(said.stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    found, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if node in found:
            continue
        found.add(node)
        for dependency in nodes[node]["deps"]:
            # `null` is a normal dependency; other kinds are for tests and build scripts.
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    crates = [packages[identity] for identity in found - {root}]
    return sorted(crates, key=lambda crate: (crate["name"], crate["version"]))


def texts_of(folder):
    files = sorted(path for path in folder.iterdir() if path.is_file() and LICENCE.match(path.name))
    return [path.read_text(errors="replace").strip() for path in files]
