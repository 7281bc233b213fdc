"""Checks that differences are found, by comparing a build with itself and with wrappers that alter its results."""

import dataclasses
import pathlib
import sys
import tempfile

from . import breaks, report
from .cases import FAILS, Case, run
from .sides import Side

SPEC = """\
image_size = 8
device = "cpu"
[network]
width = 1
[target]
dataset = "synthetic"
train_size = 40
label_noise = 0.5
[target.train]
epochs = 1
"""
RUN = Case("a run", (run(),), {"spec.toml": SPEC})
WRONG = Case("a wrong key", (run("target.trian_size=1", code=FAILS),), {"spec.toml": SPEC})
BREAK = breaks.Break("a longer budget", ("target.train.epochs=2",), ("--set", "target.train.epochs=1"), code=0)
BREAK = dataclasses.replace(BREAK, files={"spec.toml": SPEC})

# Runs the program, then alters what it wrote or printed.
SHIM = """\
#!{python}
import json, pathlib, re, subprocess, sys

done = subprocess.run([{program!r}, *sys.argv[1:]], capture_output=True, text=True)
code, stdout, stderr = done.returncode, done.stdout, done.stderr
is_broken = pathlib.Path.cwd().name.endswith("-broken")
(run,) = pathlib.Path("runs").glob("spec/*") if code == 0 else [None]
{change}
sys.stdout.write(stdout)
sys.stderr.write(stderr)
sys.exit(code)
"""
FILES = """\
def change(name, place):
    content = bytearray((run / name).read_bytes())
    content[place] ^= 1
    (run / name).write_bytes(content)

change("metrics.csv", -20)
change("corrupted.csv", -2)
change("weights.safetensors", -1)
change("spec.toml", 0)
change("summary.json", 21)
record = run / "run.json"
record.write_text(record.read_text().replace('"train_examples": 40', '"train_examples": 41'))
(run / "timing.csv").unlink()
"""
NAME = """\
hash, other = run.name[-10:], "0123456789"
record = run / "run.json"
record.write_text(record.read_text().replace(hash, other))
stdout = stdout.replace(hash, other)
run.rename(str(run).replace(hash, other))
"""
HARMLESS = """\
record, timing = run / "run.json", run / "timing.csv"
content = json.loads(record.read_text())
content |= {"started": "then", "finished": "later", "seconds": 1e9, "host": "another", "argv": [], "git": {}}
record.write_text(json.dumps(content, indent=2))
timing.write_text(re.sub(r"^(\\w+,\\d+),.*", r"\\1,9.5,1,2,3", timing.read_text(), flags=re.M))
(run / "log.txt").write_text("")
"""
RESUMED = """\
if is_broken:
    table = run / "metrics.csv"
    table.write_text(table.read_text().replace("target,2,", "target,3,"))
"""
# Replaces the wrapper: a build that refuses an existing run changes nothing.
REFUSED = """\
#!{python}
import pathlib, subprocess, sys

if pathlib.Path.cwd().name.endswith("-broken"):
    sys.exit("error: checkpoint: expected format 2, found 1")
sys.exit(subprocess.run([{program!r}, *sys.argv[1:]]).returncode)
"""

SPOILED = ["metrics.csv`: line 3, ", "corrupted.csv`: line ", "weights.safetensors`: 1 of ", "spec.toml`: line 1: "]
SPOILED += ["summary.json`: ", "run.json`: data.train_examples: 40 and 41", "only OLD has "]

# (what is altered, how, in which case, texts that the differences must contain). Without texts there must be none.
FAULTS = [
    ("nothing", "", RUN, []),
    ("nothing", "", WRONG, []),
    ("nothing", "", BREAK, []),
    ("each file of a run", FILES, RUN, SPOILED),
    ("the name of a directory", NAME, RUN, ["stdout of `run`: ", "only OLD has ", "only NEW has "]),
    ("code and stdout", "code = 3; stdout += 'more'", RUN, ["exit code of `run`: 0 and 3", "stdout of `run`: "]),
    ("the exit code of an error", "code = 3", WRONG, ["exit code of `run`: 2 and 3"]),
    ("a message", "stderr += 'more'", WRONG, []),
    ("times, host and log", HARMLESS, RUN, []),
    ("what is resumed", RESUMED, BREAK, ["metrics.csv`: line 4, epoch: 2 and 3"]),
    ("the format", REFUSED, BREAK, []),
    ("the name of a directory", NAME, BREAK, ["NEW started over in another directory"]),
]


def spoiled(program, change, path):
    path.parent.mkdir(parents=True)
    wrapper = change if change.startswith("#!") else SHIM
    path.write_text(wrapper.format(python=sys.executable, program=str(program), change=change))
    path.chmod(0o755)
    return path


def wrong(what, case, found, expected):
    """Prints whether the differences are as expected; returns True if not."""
    missing = [text for text in expected if not any(text in sentence for sentence in found)]
    extra = found if not expected else []
    print(f"{'FAILED' if missing or extra else 'ok'}: {what} changed, in {case.name}")
    for text in missing:
        print(f"    not found: {text}")
    for sentence in found if missing else extra:
        print(f"    found: {sentence}")
    return bool(missing or extra)


def main(program):
    failed = 0
    with tempfile.TemporaryDirectory(prefix="compare-builds-") as root:
        root = pathlib.Path(root).resolve()
        old = Side("OLD", program, root / "old")
        for number, (what, change, case, expected) in enumerate(FAULTS):
            new = root / f"new-{number}"
            new = Side("NEW", spoiled(program, change, new / "program") if change else program, new)
            # A break writes to the folder of OLD; results of other cases are reused.
            beside = Side("OLD", program, root / f"old-{number}") if case is BREAK else old
            failed += wrong(what, case, report.compare(case, beside, new)[0], expected)
            if change == NAME and case is RUN:
                found = report.compare(case, old, new, allow_names=True)[0]
                failed += wrong(f"{what}, with --allow-names,", case, found, [])
    print(f"{failed} failed" if failed else "every difference was found, and no other")
    return int(failed > 0)
