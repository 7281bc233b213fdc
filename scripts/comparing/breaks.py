"""Runs that OLD starts and NEW resumes: they match an uninterrupted run of NEW, or NEW refuses their format number."""

import dataclasses
import json
import signal
import subprocess
import time

from . import contents
from .cases import SPEC, Case, Command
from .sides import LIMIT, directories

REFUSED, RESUMED, KEPT, ANEW = "refused: other format", "resumed", "unchanged", "started over under another name"
STOPPED = 75
LONG = ("source.train.epochs=8", "target.train.epochs=16")


@dataclasses.dataclass(frozen=True)
class Break:
    """A run with `keys`. OLD starts it, with the extra arguments `first`, and is stopped by SIGTERM once `phase` has
    `rows` rows, or ends by itself with `code`. NEW must not change what OLD `finished`: `sources` or `all`."""

    name: str
    keys: tuple
    first: tuple = ()
    phase: str = ""
    rows: int = 0
    code: int = STOPPED
    finished: str = ""
    files: dict = dataclasses.field(default_factory=lambda: SPEC)
    data = frozenset()


def breaks():
    sgd = [f"{task}.train.{key}" for task in ("source", "target") for key in ("optimizer=sgd", "momentum=0.9")]
    yield Break("SIGTERM during the source", (*LONG, *sgd), phase="source", rows=2)
    adamw = ["target.train.optimizer=adamw", "target.train.augment=['crop', 'flip']", "target.train.crop_padding=2"]
    yield Break("SIGTERM during the target", (*LONG, *adamw, "precision=bf16"), phase="target", rows=3)
    steps = ["checkpoint.every_seconds=0", "checkpoint.time_share=1", "checkpoint.keep=log", "precision=fp32"]
    steps += ["transfer.granularity=sublayer", "target.train.schedule=cosine", "target.validation_size=30"]
    yield Break("SIGTERM with a checkpoint at every step", (*LONG, *steps), phase="target", rows=5)
    vit = ["network.architecture=vit-cifar", "network.width=16", "network.depth=2", "network.heads=2"]
    vit += ["network.mlp_width=16", "network.dropout=0.1", "transfer.frozen_layers=1"]
    yield Break("SIGTERM during a transformer", (*LONG, *vit), phase="target", rows=3)
    yield Break("--max-time", LONG[:1], first=("--max-time", "1ms"))
    yield Break("a longer budget", ("target.train.epochs=4",), first=("--set", "target.train.epochs=2"), code=0)
    yield Break("a finished run", (), code=0, finished="all")
    yield Break("a finished source", (), first=("--set", "transfer.frozen_layers=1"), code=0, finished="sources")


def wait_for_rows(folder, phase, rows, process):
    """Waits until `metrics.csv` of a phase has more than `rows` lines, or the process ends."""
    limit = time.monotonic() + LIMIT
    while process.poll() is None and time.monotonic() < limit:
        for table in folder.glob("runs/*/*/metrics.csv"):
            is_source = table.parent.parent.name == "sources"
            if is_source == (phase == "source") and table.read_bytes().count(b"\n") > rows:
                return
        time.sleep(0.01)


def begin(side, case, folder):
    """OLD starts the run. Returns its exit code and stderr."""
    arguments = [*arguments_of(case), *case.first]
    if not case.phase:
        answer = side.answer(arguments, folder)
        return answer.code, answer.stderr
    process = side.start(arguments, folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for_rows(folder, case.phase, case.rows, process)
    process.send_signal(signal.SIGTERM)
    stderr = process.communicate()[1]
    return process.returncode, stderr.decode(errors="replace")


def arguments_of(case):
    return ["run", "spec.toml", "--quiet", *(part for key in case.keys for part in ("--set", key))]


def compare(case, old, new, ignored, allow_names):
    """(differences, notes, outcome)."""
    whole = new.perform(Case(f"{case.name}, uninterrupted", (Command(tuple(arguments_of(case))),), case.files))
    folder = old.place(f"{case.name}, broken", case.files)
    code, message = begin(old, case, folder)
    if code != case.code:
        return [f"exit code of OLD: expected {case.code}, found {code}"], contents.last_line(message), ""
    before = {path: (path / "run.json").read_bytes() for path in directories(folder)}
    states = list(folder.rglob("checkpoint/*.safetensors"))
    answer = new.answer(arguments_of(case), folder)
    if answer.code != 0 and "format" in answer.stderr:
        lost = [path.name for path in states if not path.exists()]
        found = [f"NEW refused the run but removed `{lost[0]}`"] if lost else []
        return found, contents.last_line(answer.stderr), REFUSED
    found, notes = contents.differences_of_answers(whole.answers, [answer], ([], []), [Command(("run",))])
    if found:
        return found, notes, ""
    run = folder / answer.stdout.strip()
    hash_of_source = json.loads((run / "run.json").read_bytes())["source_hash"]
    source = hash_of_source and run.parents[1] / "sources" / hash_of_source
    in_source = case.phase == "source" or case.finished == "sources" or before.keys() == {source}
    watched = source if in_source else run
    if watched not in before:
        if not allow_names:
            return ["NEW started over in another directory"], notes, ""
        outcome = ANEW
    elif case.finished:
        outcome = KEPT
        kept = [source] if case.finished == "sources" else [source, run]
        if any((path / "run.json").read_bytes() != before[path] for path in kept):
            found.append("NEW changed what OLD had finished")
    else:
        outcome = RESUMED
        if not json.loads((watched / "run.json").read_bytes())["restarts"]:
            found.append("NEW started over: `run.json` lists no restart")
    trees = [contents.tree(whole.folder, [], ignored), contents.tree(folder, [], ignored, {run, source})]
    # The input spec, outside of the run's directory.
    trees[0].pop("spec.toml")
    return found + contents.differences_of_trees(*map(without_restarts, trees)), notes, outcome


def without_restarts(tree):
    """The files without checkpoints and the list of restarts, which depend on when a run was stopped."""
    kept = {}
    for name, content in tree.items():
        if name.endswith("run.json"):
            record = json.loads(content)
            record.pop("restarts", None)
            content = json.dumps(record, indent=1).encode()
        if "/checkpoint/" not in name:
            kept[name] = content
    return kept
