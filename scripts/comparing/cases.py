"""The cases: configs, combinations of options, other verbs, and errors."""

import dataclasses
import json
import pathlib
import re

from . import combinations
from .fixtures import DATA_SETS, tensors

CONFIGS = pathlib.Path(__file__).resolve().parents[2] / "configs"
FAILS = "an error"


@dataclasses.dataclass(frozen=True)
class Command:
    """Arguments of freezewise, where `{run}` stands for the directory of the previous run, and the exit code expected
    of OLD, so that a case that fails in both builds does not pass. FAILS is any code but 0, None is any code."""

    arguments: tuple
    code: object = 0

    def expects(self, code):
        return self.code is None or (code != 0 if self.code == FAILS else code == self.code)


@dataclasses.dataclass(frozen=True)
class Case:
    """Commands that run in order in a folder with these files."""

    name: str
    commands: tuple
    files: dict
    data: frozenset = frozenset()


def command(verb, *arguments, keys=(), code=0):
    sets = [part for key in keys for part in ("--set", key)]
    return Command((*verb.split(), *arguments, *sets), code)


def run(*keys, code=0, spec="spec.toml", options=("--quiet",)):
    return command("run", spec, *options, keys=keys, code=code)


TINY = """\
image_size = 8
device = "cpu"
[network]
width = 2
[source]
dataset = "synthetic"
train_size = 72
[source.train]
epochs = 1
learning_rate = 1e-2
batch_size = 32
[target]
dataset = "synthetic"
train_size = 80
label_noise = 0.25
[target.train]
epochs = 2
learning_rate = 1e-2
batch_size = 32
[transfer]
frozen_layers = 4
"""
SPEC = {"spec.toml": TINY}


def cut(text, is_json):
    """Overrides that make a config run in about a second and still use the features it demonstrates."""
    spec = json.loads(text) if is_json else None

    def value(table, key):
        if spec is not None:
            found = spec.get(table, {}).get(key)
            return None if found is None else str(found)
        body = re.search(rf"^\[{table}\]\n(.*?)(?=^\[|\Z)", text, re.M | re.S)
        found = body and re.search(rf'^{key} *= *"?([^"#\n]*)', body[1], re.M)
        return found and found[1].strip()

    keys = ["image_size=8", "device=cpu"]
    architecture = value("network", "architecture") or "preact-resnet18"
    if architecture.startswith("vit"):
        keys += ["network.width=16", "network.heads=2", "network.mlp_width=16", "network.patch=4"]
    else:
        keys.append("network.growth=4" if architecture.startswith("densenet") else "network.width=2")
    for task, epochs in (("source", 1), ("target", 2)):
        if value(task, "dataset") is None:
            continue
        keys.append(f"{task}.train.epochs={epochs}")
        size = value(task, "train_size")
        if size and "per class" in size:
            keys.append(f"{task}.train_size=2 per class")
        elif size and float(size) > 1 or value(task, "dataset").startswith("cifar"):
            keys.append(f"{task}.train_size=100")
        if value(task, "validation_size"):
            keys.append(f"{task}.validation_size=40")
    return keys


def configs():
    for path in sorted([*CONFIGS.glob("*.toml"), *CONFIGS.glob("*.json")]):
        text = path.read_text()
        data = frozenset(name for name in DATA_SETS if f'"{name}"' in text)
        keys = cut(text, path.suffix == ".json")
        yield Case(f"config: {path.name}", (run(*keys, spec=path.name),), {path.name: text}, data)


def of_options():
    files = {"spec.toml": combinations.SPEC, "labels.txt": combinations.LABELS}
    for number, row in enumerate(combinations.rows(), 1):
        data = frozenset({"npz"} if "half of the classes" in row else ())
        name = f"combination {number:02}: {combinations.title(row)}"
        yield Case(name, (run(*combinations.settings(row)),), files, data)


def verbs():
    texts = {path.name: path.read_text() for path in sorted(CONFIGS.glob("*.toml"))}
    plain = [name for name in texts if name not in ("folder.toml", "npz.toml")]
    yield Case("schema", (command("schema"), command("schema --markdown")), {})
    yield Case("check: every config", (command("check", *plain),), texts)
    described = [command("describe", name) for name in ("quickstart.toml", "densenet.toml", "vit.toml")]
    described.append(command("describe", "resnet18.toml", "--json", keys=["transfer.granularity=sublayer"]))
    yield Case("describe", tuple(described), texts)
    nowhere = ("--data", "nowhere")
    lists = [command("data list", *nowhere), command("data list", "--json", *nowhere)]
    lists.append(command("data fetch", "mnist", "cifar10", "--offline", *nowhere, code=None))
    yield Case("data: list, fetch --offline", tuple(lists), {})
    seen = [command("data list"), command("data stats", "mnist"), command("data verify", "mnist", code=None)]
    yield Case("data: MNIST", tuple(seen), {}, frozenset({"mnist"}))
    augmented = ["target.train.augment=['crop', 'flip', 'jitter', 'cutout']", "target.train.cutout_size=3"]
    drawn = [command("data stats", "spec.toml"), command("data stats", "spec.toml", "--json")]
    drawn.append(command("data preview", "spec.toml", "--out", "sheet.png", keys=augmented))
    yield Case("data: stats, preview", tuple(drawn), SPEC)
    yield Case("bench --count", (command("bench", "spec.toml", "--count", "--json"),), SPEC)
    measures = [run(), command("similarity", "spec.toml", "-q"), command("similarity", "spec.toml", "-q", "--json")]
    yield Case("similarity", tuple(measures), SPEC)
    yield weights()
    again = [run(), run(), run("transfer.frozen_layers=all"), run(options=("--quiet", "--json"))]
    again += [run(options=("--quiet", "--fresh"))]
    yield Case("run: again, another k, --json, --fresh", tuple(again), SPEC)
    kept = ["checkpoint.keep=[1, 2]", "target.train.epochs=4"]
    yield Case("run: kept checkpoints, a name", (run("name=other", *kept, options=("-q", "--out", "out")),), SPEC)
    skipping = [f"{key}" for key in ("target.dataset=folder", "target.path=damaged", "target.skip_bad_files=true")]
    folder = (run("target.train_size=all", *skipping, code=0), run(*skipping[:2], code=FAILS))
    yield Case("run: a damaged folder", folder, SPEC, frozenset({"damaged"}))


def weights():
    """Exports the weights of a run and imports them as a source."""
    network = ("--architecture", "resnet18", "--set", "network.width=2")
    images = tensors({"images": ((2, 3, 8, 8), [index % 13 / 13 - 0.5 for index in range(2 * 3 * 8 * 8)])})
    commands = [run("network.architecture=resnet18")]
    commands += [command("weights export", "{run}", "--out", "target.safetensors")]
    commands += [command("weights export", "{run}", "--network", "source", "--out", "source.safetensors")]
    commands += [command("weights import", "source.safetensors", *network, "--out", "in.safetensors", "--json")]
    logits = ("--images", "images.safetensors", "--out", "logits.safetensors")
    commands += [command("weights logits", "target.safetensors", *network, *logits)]
    commands += [run("source.weights=in.safetensors", spec="imported.toml")]
    imported = re.sub(r"\[source\].*?(?=\[target\])", "[source]\n", TINY, flags=re.S)
    imported = imported.replace("[network]", '[network]\narchitecture = "resnet18"')
    files = SPEC | {"imported.toml": imported, "images.safetensors": images}
    return Case("weights: export, import, logits, a source", tuple(commands), files)


def errors():
    keys = {
        "unknown key": "target.trian_size=3",
        "value of wrong type": "target.train.epochs=many",
        "value out of range": "target.label_noise=1.5",
        "unknown value": "network.architecture=resnet19",
        "key without effect": "network.growth=4",
        "too many layers frozen": "transfer.frozen_layers=40",
        "unknown layer": "transfer.frozen=['layer9']",
        "too many examples": "target.train_size=30000",
        "missing label file": "target.label_file=nowhere.txt",
        "precision for GPUs only": "precision=fp16",
        "missing device": "device=cuda:7",
        "missing arrays": "target.dataset=npz",
    }
    for title, key in keys.items():
        yield Case(f"error: {title}", (run(key, code=FAILS),), SPEC)
    checked = {"one.toml": TINY, "two.toml": TINY.replace("train_size", "size"), "three.toml": "[target\n"}
    yield Case("error: check", (command("check", *checked, code=FAILS),), checked)
    missing = (run("target.dataset=cifar10", code=FAILS, options=("--data", "nowhere")),)
    yield Case("error: missing data set", missing, SPEC)
    usage = (run(spec="nowhere.toml", code=FAILS), command("walk", code=FAILS), command("run", code=FAILS))
    yield Case("error: arguments", usage, SPEC)
    diverging = ["target.train.optimizer=sgd", "target.train.learning_rate=1e12", "transfer.frozen_layers=0"]
    yield Case("error: a run that diverges", (run(*diverging, code=FAILS), run(*diverging, code=FAILS)), SPEC)
    absent = (command("weights export", "nowhere", "--out", "out", code=FAILS),)
    broken = ("broken", "--architecture", "resnet18", "--out", "out")
    absent += (command("weights import", *broken, code=FAILS),)
    yield Case("error: weights", absent, {"broken": b"\x08\0\0\0\0\0\0\0{}"})


def every():
    """All cases, in the order of the report."""
    for kind in (configs, of_options, verbs, errors):
        yield from kind()
