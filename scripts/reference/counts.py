"""Counts the operators, by name, and the floating-point operations of a training step of the PyTorch twin.

    python3 scripts/reference/counts.py tests/fixtures/twin-counts.json

torch.profiler counts on a CPU, where it sees the same operators as libtorch's observer, by the rule of
`native/count.cpp`. The twin uses its fastest settings: images stay on the device, the optimizer is fused, the layout is
channels last. Operators do not depend on the width, so the networks are small.
"""

import collections
import itertools
import json
import pathlib
import sys
import types

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from train_loop import ARCHITECTURES, CLASSES, Loop, random_task

BATCH = 32
# A network of each family: its width.
NETWORKS = {"preact-resnet18": 8, "densenet121": 8, "vit-cifar": 64}
PRECISIONS = ("fp32", "bf16")
AUGMENTATIONS = ([], ["crop", "flip"])


def is_view(schema):
    return any(value.alias_info is not None and not value.alias_info.is_write for value in schema.returns)


def launches(name, overload):
    """Whether an operator launches work: `kind_of` of `native/count.cpp`."""
    works_itself = ("aten::copy_", "aten::mkldnn_convolution", "aten::convolution_backward")
    if name in works_itself or name.startswith("aten::_foreach_"):
        return True
    if name == "aten::_local_scalar_dense" or name.startswith(("aten::empty", "aten::new_empty")):
        return False
    if name in ("aten::resize_", "aten::set_"):
        return False
    full = f"{name}.{overload}" if overload else name
    try:
        schema = torch._C._get_schema(name, overload)
    except RuntimeError:
        return False  # an autograd node, or a range named by the optimizer
    return not is_view(schema) and torch._C._dispatch_has_kernel_for_dispatch_key(full, "CPU")


def operators(work):
    """{name: count} of operators that launch work; operators called by such an operator do not count."""
    # Overloads of one name differ: one may launch work and another only call it.
    names = torch.profiler._ExperimentalConfig(capture_overload_names=True)
    with profile(activities=[ProfilerActivity.CPU], experimental_config=names) as profiler:
        work()
    counts = collections.Counter()
    known = {}
    for event in profiler.events():
        key = (event.name, event.overload_name)
        if key not in known:
            known[key] = launches(*key)
    for event in profiler.events():
        parent, inside = event.cpu_parent, False
        while parent is not None and not inside:
            inside, parent = known[(parent.name, parent.overload_name)], parent.cpu_parent
        if known[(event.name, event.overload_name)] and not inside:
            counts[event.name.removeprefix("aten::")] += 1
    return counts


def flops(loop, images, labels):
    """Of the forward and the backward pass. Attention runs as matrix products: its CPU kernel has no FLOP formula."""
    with sdpa_kernel(SDPBackend.MATH):
        with FlopCounterMode(display=False) as forward:
            loss = loop.loss(images, labels)
        with FlopCounterMode(display=False) as backward:
            loss.backward()
    loop.optimizer.zero_grad(set_to_none=True)
    return {"forward": forward.get_total_flops(), "backward": backward.get_total_flops()}


def row(architecture, frozen, precision, augment):
    torch.manual_seed(0)
    options = types.SimpleNamespace(
        device="cpu", batch=BATCH, optimizer="sgd", fused=True, channels_last=True, bf16=precision == "bf16",
        compile=None, frozen=frozen, augment=bool(augment),
    )
    images, labels = random_task(2 * BATCH, options)
    loop = Loop(network_of(architecture), options)
    loop.train_epoch(images, labels)
    # An epoch of two steps minus an epoch of one.
    two = operators(lambda: loop.train_epoch(images, labels))
    two.subtract(operators(lambda: loop.train_epoch(images[:BATCH], labels[:BATCH])))
    step = {name: times for name, times in sorted(two.items()) if times}
    return {
        "architecture": architecture,
        "width": NETWORKS[architecture],
        "frozen": frozen,
        "precision": precision,
        "augment": augment,
        "operators": step,
        "launches": sum(step.values()),
        "flops": flops(loop, images[:BATCH], labels[:BATCH]),
    }


def network_of(architecture):
    return ARCHITECTURES[architecture][0](NETWORKS[architecture], CLASSES)


def main(path):
    torch.set_num_threads(1)
    rows = []
    for architecture in NETWORKS:
        layers = len(network_of(architecture).freezable_layers())
        for frozen in (0, layers // 2, layers):
            rows += [row(architecture, frozen, *case) for case in itertools.product(PRECISIONS, AUGMENTATIONS)]
    content = {"torch": torch.__version__.split("+")[0], "batch": BATCH, "rows": rows}
    path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
