"""Runs the cases with both builds and prints the results."""

import concurrent.futures
import pathlib
import resource
import shutil
import signal
import sys
import tempfile

from . import breaks, cases, contents, fixtures
from .sides import Side

SHOWN = 4


def say(message):
    print(f"compare-builds: {message}", file=sys.stderr, flush=True)


def fail(message):
    say(message)
    sys.exit(2)


def compare(case, old, new, ignored=(), allow_names=False):
    """(differences, notes, outcome) of a case."""
    if isinstance(case, breaks.Break):
        return breaks.compare(case, old, new, ignored, allow_names)
    one, other = old.perform(case), new.perform(case)
    names = (one.names, other.names) if allow_names else ([], [])
    found, notes = contents.differences_of_answers(one.answers, other.answers, names, case.commands)
    trees = [contents.tree(made.folder, own, ignored) for made, own in zip((one, other), names)]
    return found + contents.differences_of_trees(*trees), notes, ""


def line(case, differences, outcome):
    if not differences:
        return f"same     {case.name}" + (f": {outcome}" if outcome else "")
    more = f"; and {len(differences) - SHOWN} more" if len(differences) > SHOWN else ""
    return f"DIFFERS  {case.name}: " + "; ".join(differences[:SHOWN]) + more


def main(options):
    chosen = [case for case in [*cases.every(), *breaks.breaks()] if options.only.search(case.name)]
    if not chosen:
        fail(f"no case matches `{options.only.pattern}`")
    if options.list:
        print("\n".join(case.name for case in chosen))
        return 0
    # A signal must not leave a gigabyte in /tmp.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    root = pathlib.Path(tempfile.mkdtemp(prefix="compare-builds-")) if options.keep is None else options.keep
    try:
        return compare_all(chosen, options, root.resolve())
    finally:
        if options.keep is None:
            shutil.rmtree(root, ignore_errors=True)


def compare_all(chosen, options, root):
    old, new = Side("OLD", options.old, root / "old"), Side("NEW", options.new, root / "new")
    fixtures.write(frozenset().union(*(case.data for case in chosen)), old.folder / "data", new.folder / "data")

    def one(case):
        return compare(case, old, new, options.ignore, options.allow_names)

    differing = 0
    pool = concurrent.futures.ThreadPoolExecutor(options.jobs)
    try:
        for case, (differences, notes, outcome) in zip(chosen, pool.map(one, chosen)):
            differing += bool(differences)
            print(line(case, differences, outcome), flush=True)
            for note in notes:
                print(f"         {note}", flush=True)
    finally:
        pool.shutdown(cancel_futures=True)
    without = f"; not compared: {', '.join(options.ignore)}" if options.ignore else ""
    print(f"{len(chosen) - differing} same, {differing} differ{'s' if differing == 1 else ''}{without}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    say(f"{used.ru_utime + used.ru_stime:.0f} s of processor time")
    return int(differing > 0)
