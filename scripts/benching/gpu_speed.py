"""Training speed on a GPU: freezewise against PyTorch, tuned eager and compiled."""

import statistics

from .common import say
from .gpu_programs import PacedTwin, Trouble

SPEC = """\
name = "bench"
[network]
[target]
dataset = "synthetic"
[target.train]
optimizer = "sgd"
learning_rate = 0.05
"""

TUNED = ["--channels-last", "--fused", "--bf16"]
COMPILED = [*TUNED, "--compile", "max-autotune"]
# Epochs of the twin per round; their median counts.
EPOCHS = 3
# The key of the spec for the twin's `--width`.
WIDTH_KEYS = {"densenet121": "network.growth"}


class Sizes:
    """How much is trained. The quick sizes only test that the benchmark works."""

    def __init__(self, options):
        self.batch = 32 if options.quick else 128
        self.images = self.batch * (2 if options.quick else 100)
        self.width = 8 if options.quick else None


class Speed:
    """The benchmarks of one network."""

    def __init__(self, bench, architecture, width):
        self.bench, self.sizes = bench, Sizes(bench.options)
        self.architecture, self.width = architecture, self.sizes.width or width
        self.name = f"{architecture}, width {self.width}"

    def freezewise(self, **overrides):
        """Images per second, and the report of `freezewise bench`."""
        sizes = self.sizes
        overrides = {
            "network.architecture": self.architecture,
            WIDTH_KEYS.get(self.architecture, "network.width"): self.width,
            "target.train_size": sizes.images,
            "target.train.batch_size": sizes.batch,
        } | {key.replace("__", "."): value for key, value in overrides.items()}
        report = self.bench.freezewise.bench(SPEC, overrides, sizes.images // sizes.batch, self.bench.clock)
        return report["images_per_second"]["median"], report

    def twin(self, settings):
        options, sizes = self.bench.options, self.sizes
        arguments = ["--architecture", self.architecture, "--width", self.width, "--images", sizes.images]
        arguments += ["--batch", sizes.batch, "--device", options.device, "--threads", options.threads, *settings]
        return PacedTwin(arguments, self.bench.twin_environment)

    def against(self, rival, settings):
        """Rounds of freezewise and the twin in turn, as long as there is time."""
        speeds, report, twin_settings, trouble = [], {}, {}, None
        try:
            with self.twin(settings) as twin:
                warm_up = twin.epoch(self.bench.clock)["seconds"]
                for number in range(self.bench.rounds):
                    own, report = self.freezewise()
                    other = statistics.median(twin.epoch(self.bench.clock)["images_per_second"] for _ in range(EPOCHS))
                    speeds.append({"freezewise": own, "pytorch": other})
                    say(f"{self.name}, {rival}, round {number + 1}: {own:.0f} and {other:.0f} img/s")
                twin_settings = twin.settings(self.bench.clock) | {"warm_up_seconds": warm_up}
        except Trouble as found:
            trouble = str(found)
        ratios = {f"PyTorch, {rival}": [pair["freezewise"] / pair["pytorch"] for pair in speeds]} if speeds else {}
        numbers = {"images_per_second": speeds, "freezewise": report, "pytorch": twin_settings}
        self.bench.add(f"{self.name}: freezewise against PyTorch, {rival}", ratios, numbers, trouble)

    def against_itself(self, what, usual, others):
        """Rounds of freezewise with its defaults, called `usual`, and with other settings: {name: overrides}."""
        speeds, reports, troubles = [], {}, {}
        for number in range(self.bench.rounds):
            pair = {}
            for name, overrides in {usual: {}, **others}.items():
                if name in troubles:
                    continue
                try:
                    pair[name], reports[name] = self.freezewise(**overrides)
                except Trouble as found:
                    troubles[name] = str(found)
            speeds.append(pair)
            say(f"{self.name}, {what}, round {number + 1}: {', '.join(f'{k} {v:.0f}' for k, v in pair.items())} img/s")
        ratios = {}
        for name in others:
            values = [pair[usual] / pair[name] for pair in speeds if usual in pair and name in pair]
            if values:
                ratios[name] = values
        trouble = "; ".join(f"{name}: {said}" for name, said in troubles.items()) or None
        numbers = {"images_per_second": speeds, "reports": reports}
        self.bench.add(f"{self.name}: freezewise with its defaults against {what}", ratios, numbers, trouble)


def measure(bench, architecture, width, precisions=()):
    """The most important measurements come first: when time runs out, the rest are missing."""
    speed = Speed(bench, architecture, width)
    speed.against("eager, tuned", TUNED)
    speed.against_itself("graphs off", "auto", {"graphs off": {"compute__graph": "off"}})
    compiled = [*TUNED, "--compile", "default"] if bench.options.quick else COMPILED
    speed.against("compiled", compiled)
    if bench.options.device == "cpu":
        precisions = [name for name in precisions if name == "fp32"]  # a CPU has none of the others
    if precisions:
        speed.against_itself("other precisions", "auto", {name: {"precision": name} for name in precisions})
