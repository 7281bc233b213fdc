"""Makes tests/fixtures/*.safetensors: what PyTorch computes, for freezewise's tests to compute again.

    python3 scripts/reference/make_fixtures.py

All in float64, so that a wrong epsilon, momentum or order of operations shows: a test may ask for nine digits. Of
`losses.sgd` it may not, for at that rate rounding grows: weights changed by 1e-15 of themselves change the losses by
1e-12 at step 10 and by up to 1e-7 later, so 1e-9 is fair for the first ten and 1e-5 for all. `losses.adam` stays
within 1e-13.

preact-resnet18.safetensors: width 2, 4 classes, 8x8 images, a batch of 6
    weights.*                   parameters and running statistics, all random: no norm is the identity by chance
    input, labels               [6, 3, 8, 8], [6]
    eval.logits                 evaluation mode
    train.logits, train.loss    training mode, from the same weights; the loss is the batch's mean cross-entropy
    gradient.*                  of that loss, for every parameter
    statistics1.*               running statistics after that forward pass; statistics2.*: after a second, same input
    batches.input, .labels      [5, 6, 3, 8, 8], [5, 6]
    losses.sgd, losses.adam     [100], each before its step; step i trains on batch i % 5, from `weights`

optimizers.safetensors: one parameter of 7 numbers
    start, gradients            [7], [20, 7]: the gradients are given, whatever the parameter became
    path.NAME                   [20, 7], the parameter after each step, for each NAME of OPTIMIZERS
"""

from pathlib import Path

import torch
from torch.nn import functional as F

from preact_resnet import PreActResNet18
from tensor_file import write_tensors

WIDTH, CLASSES, SIZE, BATCH = 2, 4, 8, 6
BATCHES, STEPS = 5, 100
FIXTURES = Path(__file__).resolve().parents[2] / "tests" / "fixtures"

# Also the hyperparameters of the tests; what is not named here has PyTorch's default (betas 0.9 and 0.999, eps 1e-8).
TRAININGS = {
    "sgd": (torch.optim.SGD, dict(lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True)),
    "adam": (torch.optim.Adam, dict(lr=1e-3)),
}
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, dict(lr=0.1)),
    "sgd-momentum": (torch.optim.SGD, dict(lr=0.1, momentum=0.9)),
    "sgd-nesterov-decay": (torch.optim.SGD, dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)),
    "adam": (torch.optim.Adam, dict(lr=0.01)),
    "adam-decay": (torch.optim.Adam, dict(lr=0.01, weight_decay=0.01)),
    "adamw": (torch.optim.AdamW, dict(lr=0.01, weight_decay=0.01)),
}


def is_statistic(name):
    return name.endswith(("running_mean", "running_var"))


def statistics(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items() if is_statistic(name)}


def redraw(network):
    """Random values for everything, of a scale at which the signal neither dies nor explodes."""
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2.0)
        elif ".bn" in name and name.endswith("weight"):
            tensor.uniform_(0.5, 1.5)
        elif name.endswith(("bias", "running_mean")):
            tensor.normal_(0.0, 0.2)
        elif name.endswith("weight"):
            tensor.normal_(0.0, (2.0 / tensor[0].numel()) ** 0.5)


def load(weights):
    """A network with these weights, in training mode."""
    network = PreActResNet18(WIDTH, CLASSES)
    # Not strict: the counts of batches seen are no part of the fixture, and nothing here reads them.
    missing = network.load_state_dict(weights, strict=False).missing_keys
    assert all(name.endswith("num_batches_tracked") for name in missing)
    return network.train()


def one_batch(weights, images, labels):
    """What a single batch gives: logits in both modes, loss, gradients, running statistics."""
    network = load(weights)
    tensors = {"eval.logits": network.eval()(images)}
    logits = network.train()(images)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    tensors |= {"train.logits": logits, "train.loss": loss}
    tensors |= {f"gradient.{name}": parameter.grad for name, parameter in network.named_parameters()}
    tensors |= {f"statistics1.{name}": tensor for name, tensor in statistics(network).items()}
    network(images)
    return tensors | {f"statistics2.{name}": tensor for name, tensor in statistics(network).items()}


def train(weights, images, labels, kind, settings):
    """The losses of STEPS steps over the batches in turn."""
    network = load(weights)
    optimizer = kind(network.parameters(), **settings)
    losses = []
    for step in range(STEPS):
        loss = F.cross_entropy(network(images[step % BATCHES]), labels[step % BATCHES])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses)


def network_fixture():
    network = PreActResNet18(WIDTH, CLASSES)
    redraw(network)
    weights = {name: tensor for name, tensor in network.state_dict().items() if tensor.is_floating_point()}
    images = torch.randn(BATCHES, BATCH, 3, SIZE, SIZE)
    labels = torch.randint(CLASSES, (BATCHES, BATCH))
    tensors = {"batches.input": images, "batches.labels": labels}
    tensors |= {"input": torch.randn(BATCH, 3, SIZE, SIZE), "labels": torch.randint(CLASSES, (BATCH,))}
    tensors |= {f"weights.{name}": tensor for name, tensor in weights.items()}
    tensors |= one_batch(weights, tensors["input"], tensors["labels"])
    for name, (kind, settings) in TRAININGS.items():
        tensors[f"losses.{name}"] = train(weights, images, labels, kind, settings)
    return tensors


def optimizer_fixture():
    start, gradients = torch.randn(7), torch.randn(20, 7)
    tensors = {"start": start, "gradients": gradients}
    for name, (kind, settings) in OPTIMIZERS.items():
        parameter = torch.nn.Parameter(start.clone())
        optimizer = kind([parameter], **settings)
        path = []
        for gradient in gradients:
            parameter.grad = gradient.clone()  # decay is added in place by some optimizers
            optimizer.step()
            path.append(parameter.detach().clone())
        tensors[f"path.{name}"] = torch.stack(path)
    return tensors


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)  # one order of summation, whatever the machine
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for name, make in {"preact-resnet18": network_fixture, "optimizers": optimizer_fixture}.items():
        torch.manual_seed(0)
        path = FIXTURES / f"{name}.safetensors"
        write_tensors(path, make())
        print(f"{path.relative_to(FIXTURES.parents[1])}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
