"""Writes tests/fixtures/*.safetensors: PyTorch's results, which freezewise's tests reproduce.

    python3 scripts/reference/make_fixtures.py

Needs torch and torchvision. Everything is computed in float64, so that tests can require nine digits and detect a wrong
epsilon, momentum or order of operations. Learning rates of `losses.*` are small, because at larger ones rounding errors
grow from step to step: a relative change of 1e-15 in the weights changes later losses by 1e-7. The script checks that
such a change moves no loss by more than 1e-11.

One file per network of NETWORKS, with 4 classes and a batch of 6:
    weights.*                   parameters and running statistics, all random, so that no norm is the identity
    input, labels               [6, 3, H, W], [6]
    eval.logits                 evaluation mode
    train.logits, train.loss    training mode, from the same weights; the loss is the batch's mean cross-entropy
    gradient.*                  of that loss, for every parameter
    statistics1.*               running statistics after that forward pass; statistics2.*: after another on that input
    batches.input, .labels      [5, 6, 3, H, W], [5, 6]
    losses.sgd, losses.adam     [100], each before its step; step i trains on batch i % 5, starting from `weights`
Images and weights are stored as float32, to keep the files small.

optimizers.safetensors: one parameter of 7 numbers
    start, gradients            [7], [20, 7]: the gradients are fixed, they do not depend on the parameter
    path.NAME                   [20, 7], the parameter after each step, for each NAME of OPTIMIZERS
"""

from pathlib import Path

import torch
from torch.nn import functional as F
from torchvision.models.resnet import BasicBlock, Bottleneck

from preact_resnet import PreActResNet18
from redraw import redraw
from tensor_file import write_tensors
from torchvision_small import densenet, resnet, vit

CLASSES, BATCH = 4, 6
BATCHES, STEPS = 5, 100
FIXTURES = Path(__file__).resolve().parents[2] / "tests" / "fixtures"

# (image size in pixels, network).
NETWORKS = {
    "preact-resnet18": (8, lambda: PreActResNet18(2, CLASSES)),
    "resnet18": (16, lambda: resnet(18, width=2, classes=CLASSES)),
    "resnet50": (16, lambda: resnet(50, width=2, classes=CLASSES, stem="cifar")),
    "densenet": (16, lambda: densenet((2, 3), growth=3, classes=CLASSES)),
    "densenet-cifar": (8, lambda: densenet((1, 2), growth=2, classes=CLASSES, stem="cifar")),
    "vit": (8, lambda: vit(image=8, patch=4, width=8, depth=2, heads=2, mlp_width=12, classes=CLASSES)),
}

# The tests use the same hyperparameters. Others have PyTorch's defaults (betas 0.9 and 0.999, eps 1e-8).
TRAININGS = {
    "sgd": (torch.optim.SGD, dict(lr=1e-3, momentum=0.9, weight_decay=5e-4, nesterov=True)),
    "adam": (torch.optim.Adam, dict(lr=1e-4)),
}
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, dict(lr=0.1)),
    "sgd-momentum": (torch.optim.SGD, dict(lr=0.1, momentum=0.9)),
    "sgd-nesterov-decay": (torch.optim.SGD, dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)),
    "adam": (torch.optim.Adam, dict(lr=0.01)),
    "adam-decay": (torch.optim.Adam, dict(lr=0.01, weight_decay=0.01)),
    "adamw": (torch.optim.AdamW, dict(lr=0.01, weight_decay=0.01)),
}


def statistics(network):
    names = ("running_mean", "running_var")
    return {name: tensor.clone() for name, tensor in network.state_dict().items() if name.endswith(names)}


def load(make, weights):
    """A network with these weights, in training mode."""
    network = make()
    # Not strict: the fixture omits `num_batches_tracked`, which nothing here reads.
    missing = network.load_state_dict(weights, strict=False).missing_keys
    assert all(name.endswith("num_batches_tracked") for name in missing)
    return network.train()


def one_batch(make, weights, images, labels):
    """The results of a single batch: logits in both modes, loss, gradients, running statistics."""
    network = load(make, weights)
    tensors = {"eval.logits": network.eval()(images)}
    logits = network.train()(images)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    tensors |= {"train.logits": logits, "train.loss": loss}
    tensors |= {f"gradient.{name}": parameter.grad for name, parameter in network.named_parameters()}
    tensors |= {f"statistics1.{name}": tensor for name, tensor in statistics(network).items()}
    network(images)
    return tensors | {f"statistics2.{name}": tensor for name, tensor in statistics(network).items()}


def train(make, weights, images, labels, kind, settings):
    """The losses of STEPS steps, cycling through the batches."""
    network = load(make, weights)
    optimizer = kind(network.parameters(), **settings)
    losses = []
    for step in range(STEPS):
        loss = F.cross_entropy(network(images[step % BATCHES]), labels[step % BATCHES])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses)


@torch.no_grad()
def calm(network):
    """Scales down the residual branches of a ResNet: rounding errors grow through sixteen of them otherwise."""
    for module in network.modules():
        if isinstance(module, BasicBlock):
            module.bn2.weight *= 0.2
        elif isinstance(module, Bottleneck):
            module.bn3.weight *= 0.2
    return network


def single(tensor):
    """A floating-point tensor rounded to float32; others unchanged."""
    return tensor.float() if tensor.is_floating_point() else tensor


def network_fixture(side, make):
    weights = {name: single(tensor) for name, tensor in calm(redraw(make())).state_dict().items()}
    weights = {name: tensor for name, tensor in weights.items() if tensor.is_floating_point()}
    images = single(torch.randn(BATCHES, BATCH, 3, side, side))
    labels = torch.randint(CLASSES, (BATCHES, BATCH))
    tensors = {"batches.input": images, "batches.labels": labels}
    tensors |= {"input": single(torch.randn(BATCH, 3, side, side)), "labels": torch.randint(CLASSES, (BATCH,))}
    tensors |= {f"weights.{name}": tensor for name, tensor in weights.items()}
    tensors |= one_batch(make, weights, tensors["input"].double(), tensors["labels"])
    for name, (kind, settings) in TRAININGS.items():
        losses = train(make, weights, images.double(), labels, kind, settings)
        nudged = {name: tensor.double() * (1 + 1e-15 * torch.randn(tensor.shape)) for name, tensor in weights.items()}
        growth = (train(make, nudged, images.double(), labels, kind, settings) - losses).abs().max()
        print(f"  {name}: losses {losses[0]:.3f} to {losses[-1]:.3f}, rounding errors grow to {growth:.0e}")
        assert growth < 1e-11, f"{name}: rounding errors grow to {growth}: use a smaller learning rate"
        tensors[f"losses.{name}"] = losses
    return tensors


def optimizer_fixture():
    start, gradients = torch.randn(7), torch.randn(20, 7)
    tensors = {"start": start, "gradients": gradients}
    for name, (kind, settings) in OPTIMIZERS.items():
        parameter = torch.nn.Parameter(start.clone())
        optimizer = kind([parameter], **settings)
        path = []
        for gradient in gradients:
            parameter.grad = gradient.clone()  # some optimizers add weight decay in place
            optimizer.step()
            path.append(parameter.detach().clone())
        tensors[f"path.{name}"] = torch.stack(path)
    return tensors


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)  # the same order of summation on every machine
    FIXTURES.mkdir(parents=True, exist_ok=True)
    makers = {name: lambda sizes=sizes: network_fixture(*sizes) for name, sizes in NETWORKS.items()}
    for name, make in (makers | {"optimizers": optimizer_fixture}).items():
        torch.manual_seed(0)
        path = FIXTURES / f"{name}.safetensors"
        write_tensors(path, make())
        print(f"{path.relative_to(FIXTURES.parents[1])}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
