"""What all rows have in common: options, the two programs, ratios with their spread, tables, and the JSON file."""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = ROOT / "target" / "release" / "freezewise"
TWIN = ROOT / "scripts" / "reference" / "train_loop.py"
TORCH = "2.11.0"


def say(message):
    print(f"bench: {message}", file=sys.stderr, flush=True)


def fail(message, *hints):
    say(message)
    for hint in hints:
        print(f"  {hint}", file=sys.stderr)
    sys.exit(1)


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a positive number")
    return value


def parse_options(description, rows):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", choices=rows, nargs="+", default=rows, help="which of the CPU's rows (default all)")
    parser.add_argument("--gpu", nargs="*", metavar="PART", help="the rows of a GPU, or some of them")
    parser.add_argument("--precision", nargs="*", metavar="NETWORK",
                        help="bf16 against fp32 by network, or some of them, in CPU time; needs no PyTorch")
    parser.add_argument("--measures", action="store_true",
                        help="what averaged weights and the other measures cost, in CPU time; needs no PyTorch")
    parser.add_argument("--count", action="store_true", help="operators of a step beside PyTorch's, and no time")
    parser.add_argument("--sweep", action="store_true",
                        help="what a sweep costs beside its cells, in CPU time; needs no PyTorch")
    parser.add_argument("--cells", type=positive, default=1000, help="with --sweep: trivial cells to run (default 1000)")
    parser.add_argument("--many-cells", type=positive, default=10_000, help="with --sweep: cells to plan and to read (default 10000)")
    parser.add_argument("--widths", type=positive, nargs="+", default=[16, 32], metavar="W")
    parser.add_argument("--rounds", type=positive, default=5, help="how often the two run in turn (default 5)")
    parser.add_argument("--images", type=positive, default=1280, help="training images of a round (default 1280)")
    parser.add_argument("--batch", type=positive, default=128)
    parser.add_argument("--threads", type=positive, default=2)
    parser.add_argument("--compile", action="store_true", help="torch.compile too; it takes minutes to compile")
    parser.add_argument("--sweep-images", type=positive, default=10_000, help="of the sweep (default 10000)")
    parser.add_argument("--sweep-rounds", type=positive, default=2, help="of the sweep (default 2)")
    parser.add_argument("--dataset", default="synthetic", help="what freezewise trains on (default synthetic)")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "data", metavar="DIR", help="where data sets are")
    parser.add_argument("--binary", type=pathlib.Path, default=BINARY, metavar="FILE", help="the freezewise to time")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda", help="with --gpu: cpu tries the parts out")
    parser.add_argument("--quick", action="store_true", help="with --gpu: sizes at which nothing is measured")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write every number here, as it comes")
    options = parser.parse_args()
    if not options.binary.exists():
        fail(f"`{options.binary}` is missing", "cargo build --release makes it")
    return options


def imports_torch(environment):
    command = [sys.executable, "-c", "import torch"]
    return subprocess.run(command, env=environment, capture_output=True).returncode == 0


def twin_environment(threads):
    """An environment in which Python imports torch: this one, or with what scripts/setup installed."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    if imports_torch(environment):
        return environment
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = pathlib.Path(os.environ.get("FREEZEWISE_CACHE") or os.path.join(cache, "freezewise"))
    folder = cache / "torch-{}-cuda-py{}.{}".format(TORCH, *sys.version_info[:2])
    inherited = environment.get("PYTHONPATH")
    environment = environment | {"PYTHONPATH": f"{folder}:{inherited}" if inherited else str(folder)}
    if not (folder.is_dir() and imports_torch(environment)):
        fail("this Python cannot import torch", "scripts/setup --cuda installs it")
    return environment


def output_of(command, environment):
    """stdout of a command that must succeed."""
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        name = TWIN.name if str(TWIN) in command else pathlib.Path(command[0]).name
        fail(f"`{name}` ended with exit code {done.returncode}", *(done.stderr or done.stdout).splitlines()[-15:])
    return done.stdout


def freezewise_bench(binary, spec, overrides, steps, data, environment, rounds=1):
    """What `freezewise bench` measures for a spec with overrides, in a process of its own."""
    command = [str(binary), "bench", str(spec), "--json", "--steps", str(steps), "--rounds", str(rounds)]
    command += ["--data", str(data)]
    for key, value in overrides.items():
        command += ["--set", f"{key}={value}"]
    return json.loads(output_of(command, environment))


def twin(arguments, environment):
    """The lines of the epochs of a PyTorch twin, and its settings."""
    lines = output_of([sys.executable, str(TWIN), *map(str, arguments)], environment).splitlines()
    lines = [json.loads(line) for line in lines]
    return lines[:-1], lines[-1]["settings"]


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def shown(ratio):
    return f"{ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})"


def cpu_model():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    flags = " ".join(line for line in lines if line.startswith("flags"))
    features = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f" {name} " in f"{flags} "]
    return {"name": names[0] if names else platform.processor(), "features": features, "cores": os.cpu_count()}


class Results:
    """Rows as they come: each is printed, and all so far are written, so that a call cut off leaves what it had."""

    def __init__(self, options, **machine):
        # Where things are on this machine is nobody's concern.
        asked = {name: value.name if isinstance(value, pathlib.Path) else value for name, value in vars(options).items()}
        self.path = options.json
        del asked["json"]
        self.content = {"machine": {"cpu": cpu_model(), "torch": TORCH, **machine}, "options": asked, "rows": []}
        self.write()

    def add(self, row, ratios, numbers):
        """A row: what it is, its ratios by name, each a list over rounds, and the numbers behind them."""
        ratios = {name: spread(values) for name, values in ratios.items()}
        self.content["rows"].append({"row": row, "ratios": ratios, "numbers": numbers})
        self.write()
        width = max(map(len, ratios), default=0)
        print(row)
        for name, ratio in ratios.items():
            print(f"    {name:<{width}}  {shown(ratio)}", flush=True)

    def write(self):
        if self.path is not None:
            path = self.path
            partial = path.with_name(path.name + ".partial")
            partial.write_text(json.dumps(self.content, indent=2) + "\n")
            partial.replace(path)
