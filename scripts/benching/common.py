"""Shared by all benchmarks: options, running both programs, ratios with their spread, tables, and the JSON file."""

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
    parser.add_argument("--rows", choices=rows, nargs="+", default=rows, help="CPU benchmarks to run (default all)")
    parser.add_argument("--gpu", nargs="*", metavar="PART", help="run the GPU benchmarks, or only these parts")
    parser.add_argument("--precision", nargs="*", metavar="NETWORK",
                        help="compare bf16 and fp32, for all networks or these, in CPU time; needs no PyTorch")
    parser.add_argument("--measures", action="store_true",
                        help="measure the cost of averaged weights and other measures, in CPU time; needs no PyTorch")
    parser.add_argument("--count", action="store_true", help="count the operators of a step beside PyTorch's")
    parser.add_argument("--sweep", action="store_true",
                        help="measure the overhead of a sweep, in CPU time; needs no PyTorch")
    parser.add_argument("--cells", type=positive, default=1000,
                        help="with --sweep: trivial cells to run (default 1000)")
    parser.add_argument("--many-cells", type=positive, default=10_000,
                        help="with --sweep: cells to plan and read (default 10000)")
    parser.add_argument("--widths", type=positive, nargs="+", default=[16, 32], metavar="W",
                        help="network widths (default 16 32)")
    parser.add_argument("--rounds", type=positive, default=5, help="rounds, each running both programs (default 5)")
    parser.add_argument("--images", type=positive, default=1280, help="training images per round (default 1280)")
    parser.add_argument("--batch", type=positive, default=128, help="batch size (default 128)")
    parser.add_argument("--threads", type=positive, default=2, help="CPU threads (default 2)")
    parser.add_argument("--compile", action="store_true", help="include torch.compile, which compiles for minutes")
    parser.add_argument("--sweep-images", type=positive, default=10_000,
                        help="training images of the sweep (default 10000)")
    parser.add_argument("--sweep-rounds", type=positive, default=2, help="rounds of the sweep (default 2)")
    parser.add_argument("--dataset", default="synthetic", help="data set of freezewise (default synthetic)")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "data", metavar="DIR",
                        help="folder of the data sets (default data/)")
    parser.add_argument("--binary", type=pathlib.Path, default=BINARY, metavar="FILE",
                        help="freezewise (default target/release/freezewise)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda",
                        help="with --gpu: device (default cuda; cpu only tests the scripts)")
    parser.add_argument("--quick", action="store_true", help="with --gpu: tiny sizes, to test the scripts")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all numbers to FILE, row by row")
    options = parser.parse_args()
    if not options.binary.exists():
        fail(f"`{options.binary}` does not exist", "build it: cargo build --release")
    return options


def imports_torch(environment):
    command = [sys.executable, "-c", "import torch"]
    return subprocess.run(command, env=environment, capture_output=True).returncode == 0


def twin_environment(threads):
    """An environment in which Python can import torch: this one, or with the torch installed by scripts/setup."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    if imports_torch(environment):
        return environment
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = pathlib.Path(os.environ.get("FREEZEWISE_CACHE") or os.path.join(cache, "freezewise"))
    folder = cache / "torch-{}-cuda-py{}.{}".format(TORCH, *sys.version_info[:2])
    inherited = environment.get("PYTHONPATH")
    environment = environment | {"PYTHONPATH": f"{folder}:{inherited}" if inherited else str(folder)}
    if not (folder.is_dir() and imports_torch(environment)):
        fail("this Python cannot import torch", "run scripts/setup --cuda to install it")
    return environment


def output_of(command, environment):
    """stdout of a command that must succeed."""
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        name = TWIN.name if str(TWIN) in command else pathlib.Path(command[0]).name
        fail(f"`{name}` ended with exit code {done.returncode}", *(done.stderr or done.stdout).splitlines()[-15:])
    return done.stdout


def freezewise_bench(binary, spec, overrides, steps, data, environment, rounds=1):
    """The report of `freezewise bench` for a spec with overrides."""
    command = [str(binary), "bench", str(spec), "--json", "--steps", str(steps), "--rounds", str(rounds)]
    command += ["--data", str(data)]
    for key, value in overrides.items():
        command += ["--set", f"{key}={value}"]
    return json.loads(output_of(command, environment))


def twin(arguments, environment):
    """What the PyTorch twin prints: a list with a dictionary per epoch, and its settings."""
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
    """Prints each row when it is added and writes all rows so far, so that an interrupted call keeps its results."""

    def __init__(self, options, **machine):
        # No paths of this machine in the results.
        asked = {name: value.name if isinstance(value, pathlib.Path) else value for name, value in vars(options).items()}
        self.path = options.json
        del asked["json"]
        self.content = {"machine": {"cpu": cpu_model(), "torch": TORCH, **machine}, "options": asked, "rows": []}
        self.write()

    def add(self, row, ratios, numbers):
        """Adds a row: its title, {name: ratios over rounds}, and the measurements behind them."""
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
