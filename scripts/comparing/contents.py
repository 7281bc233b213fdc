"""Compares the files, exit codes and stdout of two builds, and describes the differences."""

import csv
import fnmatch
import json
import struct

# Keys of `run.json`, at any depth, that change between runs of one build.
VOLATILE = {"argv", "at", "cpu", "driver", "finished", "freezewise", "git", "host", "libtorch", "seconds", "started"}
# Only the presence of these files is compared.
UNREAD = {"log.txt", "similarity-log.txt", "probe-log.txt", "error.txt"}


def without_volatile(value):
    """JSON without volatile keys. `reason` is a message: only its presence counts."""
    if isinstance(value, list):
        return [without_volatile(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: without_volatile(item) for key, item in value.items() if key not in VOLATILE}
    return kept | ({"reason": kept["reason"] is not None} if "reason" in kept else {})


def comparable(path, folder, names):
    """The part of a file that is compared. None of a checkpoint: its header contains times."""
    if path.name in UNREAD or path.name.startswith(".lock") or path.parent.name == "checkpoint":
        return b""
    content = path.read_bytes()
    if path.name == "timing.csv":
        rows = csv.reader(content.decode(errors="replace").splitlines())
        return "".join(",".join(row[:2]) + "\n" for row in rows).encode()
    if path.name == "run.json":
        try:
            content = json.dumps(without_volatile(json.loads(content)), indent=1).encode()
        except ValueError:
            pass
    if path.suffix in (".json", ".toml"):
        text = renamed(content.decode(errors="replace").replace(str(folder), "FOLDER"), names)
        content = (without_comments(text) if path.suffix == ".toml" else text).encode()
    return content


def without_comments(text):
    """TOML without lines of comments: they are messages, which may be worded anew."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def renamed(text, names):
    for name, placeholder in names:
        text = text.replace(name, placeholder)
    return text


def tree(folder, names, ignored, within=None):
    """{path below a folder, with placeholders for `names`: bytes to compare}."""
    files = {}
    for path in sorted(folder.rglob("*")):
        inside = within is None or any(parent in within for parent in path.parents)
        relative = str(path.relative_to(folder))
        left_out = path.name.startswith(".lock") or any(
            fnmatch.fnmatch(text, pattern) for text in (path.name, relative) for pattern in ignored
        )
        if path.is_file() and inside and not left_out:
            files[renamed(relative, names)] = comparable(path, folder, names)
    return files


def differences_of_trees(old, new):
    """One sentence per difference, metrics.csv first."""
    found = []
    for label, one, other in (("OLD", old, new), ("NEW", new, old)):
        alone = [name for name in one if name not in other]
        if alone:
            more = f" and {len(alone) - 1} more" if len(alone) > 1 else ""
            found.append(f"only {label} has `{alone[0]}`{more}")
    both = sorted((name for name in old if name in new), key=lambda name: (not name.endswith("metrics.csv"), name))
    return found + [f"`{name}`: {explained(name, old[name], new[name])}" for name in both if old[name] != new[name]]


def differences_of_answers(old, new, names, commands):
    """Differences of exit codes and stdout, and notes about messages."""
    found, notes = [], []
    for one, other, command in zip(old, new, commands):
        verb = " ".join(command.arguments[:2]) if len(commands) > 1 else command.arguments[0]
        if one.code != other.code:
            found.append(f"exit code of `{verb}`: {one.code} and {other.code}")
            worse = other if other.code else one
            notes += last_line(worse.stderr)
        elif one.code and one.stderr != other.stderr:
            notes.append(f"message of `{verb}`: {first_line(one.stderr, other.stderr)}")
        if not command.expects(one.code):
            found.append(f"exit code of `{verb}` in OLD: expected {command.code}, found {one.code}")
            notes += last_line(one.stderr)
        outputs = [renamed(answer.stdout, side) for answer, side in zip((one, other), names)]
        if outputs[0] != outputs[1]:
            found.append(f"stdout of `{verb}`: {first_line(*outputs)}")
    return found, notes


def last_line(text):
    lines = [line for line in text.splitlines() if line.startswith("error")] or text.splitlines()[-1:]
    return lines[:1]


def shortened(text, most=60):
    text = str(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def first_line(old, new):
    """The first line that differs."""
    old_lines, new_lines = old.splitlines(), new.splitlines()
    for number, (one, other) in enumerate(zip(old_lines, new_lines), 1):
        if one != other:
            start = next(index for index, pair in enumerate(zip(one + "\0", other + "\1")) if len(set(pair)) > 1)
            start = max(0, start - 20)
            return f"line {number}: `{shortened(one[start:])}` and `{shortened(other[start:])}`"
    if len(old_lines) != len(new_lines):
        return f"{len(old_lines)} lines and {len(new_lines)}"
    return "line endings"


def explained(name, old, new):
    """The first difference of two contents."""
    try:
        if name.endswith(".json"):
            return in_json(json.loads(old), json.loads(new)) or first_line(old.decode(), new.decode())
        if name.endswith(".csv"):
            return in_table(old.decode(), new.decode())
        if name.endswith(".safetensors"):
            return in_tensors(old, new)
        return first_line(old.decode(), new.decode())
    except (ValueError, KeyError, struct.error):
        pass
    place = next((index for index, pair in enumerate(zip(old, new)) if pair[0] != pair[1]), min(len(old), len(new)))
    return f"byte {place} of {len(old)} and of {len(new)}"


def in_json(old, new, path=""):
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            if key not in old or key not in new:
                return f"only {'OLD' if key in old else 'NEW'} has {path}{key}"
            found = in_json(old[key], new[key], f"{path}{key}.")
            if found:
                return found
        return None
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return next(filter(None, (in_json(*pair, f"{path}{index}.") for index, pair in enumerate(zip(old, new)))), None)
    return None if old == new else f"{path.rstrip('.')}: {shortened(old)} and {shortened(new)}"


def in_table(old, new):
    rows = [list(csv.reader(text.splitlines())) for text in (old, new)]
    for number, (one, other) in enumerate(zip(*rows), 1):
        for column, pair in enumerate(zip(one, other)):
            if pair[0] != pair[1]:
                return f"line {number}, {rows[0][0][column]}: {pair[0]} and {pair[1]}"
        if len(one) != len(other):
            return f"line {number}: {len(one)} columns and {len(other)}"
    return f"{len(rows[0])} lines and {len(rows[1])}" if len(rows[0]) != len(rows[1]) else first_line(old, new)


def in_tensors(old, new):
    def parts(content):
        length = struct.unpack("<Q", content[:8])[0]
        header, body = json.loads(content[8 : 8 + length]), content[8 + length :]
        about = header.pop("__metadata__", None)
        return {name: (entry, body[slice(*entry["data_offsets"])]) for name, entry in header.items()}, about

    (one, about), (other, other_about) = parts(old), parts(new)
    unlike = [name for name in one if one.get(name) != other.get(name)] + [name for name in other if name not in one]
    if unlike:
        return f"{len(unlike)} of {len(one)} tensors, first `{unlike[0]}`"
    return "metadata of the header" if about != other_about else "header"
