"""The training loop that freezewise's speed is compared with: PyTorch, eager, with nothing done carelessly.

    python3 scripts/reference/train_loop.py --width 16 --threads 2
    python3 scripts/reference/train_loop.py --width 64 --device cuda --channels-last --fused --bf16

The images are random and stay on the device as bytes, so nothing is loaded or copied inside an epoch, and the loss is
read once at its end. Plain fp32 and NCHW unless options say otherwise. One line of JSON an epoch, then one with the
settings. The first epoch holds the warm-up and is for the reader to drop.
"""

import argparse
import json
import time

import torch
from torch.nn import functional as F

from preact_resnet import PreActResNet18, freeze, trainable_parameters

CLASSES = 10
# Of CIFAR-10's channels, on the scale of the bytes. On random images any numbers cost the same.
MEAN = (125.3, 123.0, 113.9)
DEVIATION = (63.0, 62.1, 66.7)
LEARNING_RATE = {"sgd": 0.05, "adam": 1e-3}


def parse_options():
    parser = argparse.ArgumentParser(description="Time the training of a PreAct-ResNet18 in PyTorch.")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--images", type=int, default=2560)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--optimizer", choices=sorted(LEARNING_RATE), default="sgd")
    parser.add_argument("--threads", type=int, help="all that PyTorch takes by itself, if not given")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--fused", action="store_true", help="the optimizer's step as one kernel")
    parser.add_argument("--bf16", action="store_true", help="bf16 autocast")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--frozen", type=int, default=0, metavar="K", help="layers frozen: stem 1, each block 1 more")
    options = parser.parse_args()
    if not 0 <= options.frozen <= 9:
        parser.error("--frozen is from 0 to 9")
    return options


def random_task(options):
    """Images [N, 3, 32, 32] as bytes and labels [N], on the device."""
    images = torch.randint(256, (options.images, 3, 32, 32), dtype=torch.uint8, device=options.device)
    return images, torch.randint(CLASSES, (options.images,), device=options.device)


def make_network(options):
    network = PreActResNet18(options.width, CLASSES).to(options.device)
    if options.channels_last:
        network = network.to(memory_format=torch.channels_last)
    network.train()
    freeze(network, options.frozen)
    return network


def make_optimizer(network, options):
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[options.optimizer]
    # None leaves PyTorch its own default, which is one kernel per operation over all tensors on a GPU.
    return kind(trainable, lr=LEARNING_RATE[options.optimizer], fused=options.fused or None)


def train_epoch(network, optimizer, images, labels, options):
    """Mean loss of the epoch's batches."""
    mean = torch.tensor(MEAN, device=options.device).view(1, 3, 1, 1)
    deviation = torch.tensor(DEVIATION, device=options.device).view(1, 3, 1, 1)
    layout = torch.channels_last if options.channels_last else torch.contiguous_format
    total = torch.zeros((), device=options.device)
    for indices in torch.randperm(len(images), device=options.device).split(options.batch):
        inputs = images[indices].to(torch.float32, memory_format=layout).sub_(mean).div_(deviation)
        with torch.autocast(options.device, torch.bfloat16, enabled=options.bf16):
            loss = F.cross_entropy(network(inputs), labels[indices])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(indices)
    return total.item() / len(images)  # the one wait of the epoch, so a clock round it is right on a GPU too


def main():
    options = parse_options()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    images, labels = random_task(options)
    network = make_network(options)
    optimizer = make_optimizer(network, options)
    for epoch in range(1, options.epochs + 1):
        start = time.perf_counter()
        loss = train_epoch(network, optimizer, images, labels, options)
        speed = options.images / (time.perf_counter() - start)
        print(json.dumps({"epoch": epoch, "images_per_second": round(speed, 2), "train_loss": loss}), flush=True)
    settings = vars(options) | {"threads": torch.get_num_threads(), "torch": torch.__version__}
    settings["trainable_parameters"] = trainable_parameters(network)
    if options.device == "cuda":
        settings["gpu"] = torch.cuda.get_device_name()
    print(json.dumps({"settings": settings}))


if __name__ == "__main__":
    main()
