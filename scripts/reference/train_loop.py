"""The training loop that freezewise's speed is compared with: PyTorch, with nothing done carelessly.

    python3 scripts/reference/train_loop.py --width 16 --threads 2
    python3 scripts/reference/train_loop.py --architecture densenet121 --device cuda --channels-last --fused --bf16
    python3 scripts/reference/train_loop.py --width 64 --device cuda --bf16 --fused --compile max-autotune --test 10000

The images are random and stay on the device as bytes, so nothing is loaded or copied inside an epoch, and the loss is
read once at its end. Plain eager fp32 and NCHW unless options say otherwise. Frozen layers need no gradient and are
computed in every step. One line of JSON an epoch, then one with the settings. The first epoch holds the warm-up, and
with --compile the compilation; it is for the reader to drop.
"""

import argparse
import json
import sys
import time

import torch
from torch.nn import functional as F

from densenet import DenseNet121
from preact_resnet import PreActResNet18, freeze, trainable_parameters
from resnet import ResNet18
from vit import ViT

CLASSES = 10
SIDE = 32
# Of CIFAR-10's channels, on the scale of the bytes. On random images any numbers cost the same.
MEAN = (125.3, 123.0, 113.9)
DEVIATION = (63.0, 62.1, 66.7)
LEARNING_RATE = {"sgd": 0.05, "adam": 1e-3}
EVALUATION_BATCH = 500
# Black pixels round an image, out of which a crop is cut.
PADDING = 4
# The network, and the width it has unless --width is given.
ARCHITECTURES = {
    "preact-resnet18": (PreActResNet18, 16),
    "resnet18": (ResNet18, 64),
    "densenet121": (DenseNet121, 32),
    "vit-cifar": (ViT, 512),
}
# Those of torch.compile; the second and the third make CUDA graphs of what they compile.
COMPILE_MODES = ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a positive number")
    return value


def parse_options():
    parser = argparse.ArgumentParser(description="Time the training of a network in PyTorch, on 32x32 images.")
    parser.add_argument("--architecture", choices=list(ARCHITECTURES), default="preact-resnet18")
    parser.add_argument("--width", type=positive, help="a ResNet's channels, a DenseNet's growth, a ViT's token")
    parser.add_argument("--batch", type=positive, default=128)
    parser.add_argument("--images", type=positive, default=2560)
    parser.add_argument("--epochs", type=positive, default=4)
    parser.add_argument("--optimizer", choices=sorted(LEARNING_RATE), default="sgd")
    parser.add_argument("--threads", type=positive, help="all that PyTorch takes by itself, if not given")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--fused", action="store_true", help="the optimizer's step as one kernel")
    parser.add_argument("--bf16", action="store_true", help="bf16 autocast")
    parser.add_argument("--augment", action="store_true", help="crop out of a black border, and flip")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--frozen", type=int, default=0, metavar="K", help="layers frozen: stem 1, each block 1 more")
    parser.add_argument("--compile", choices=COMPILE_MODES, metavar="MODE",
                        help=f"torch.compile: {', '.join(COMPILE_MODES)}; then an epoch leaves a smaller last batch out")
    parser.add_argument("--test", type=positive, metavar="N",
                        help="after each epoch evaluate the training images and N more")
    parser.add_argument("--paced", action="store_true", help="wait for a line on stdin before each epoch")
    options = parser.parse_args()
    if options.compile and options.images < options.batch:
        parser.error("--images is at least --batch with --compile, which leaves a smaller batch out")
    if options.width is None:
        options.width = ARCHITECTURES[options.architecture][1]
    return options, parser


def random_task(count, options):
    """Images [N, 3, 32, 32] as bytes and labels [N], on the device."""
    images = torch.randint(256, (count, 3, SIDE, SIDE), dtype=torch.uint8, device=options.device)
    return images, torch.randint(CLASSES, (count,), device=options.device)


class Loop:
    """A network with its optimizer, and what is done with them in an epoch."""

    def __init__(self, network, options):
        self.options = options
        self.network = network.to(options.device)
        if options.channels_last:
            self.network = self.network.to(memory_format=torch.channels_last)
        self.layout = torch.channels_last if options.channels_last else torch.contiguous_format
        self.train_mode()
        self.optimizer = make_optimizer(self.network, options)
        self.mean = torch.tensor(MEAN, device=options.device).view(1, 3, 1, 1)
        self.deviation = torch.tensor(DEVIATION, device=options.device).view(1, 3, 1, 1)
        self.loss_of, self.errors_of = self.loss, self.errors
        if options.compile:
            # Normalisation, network and loss in one, so that the compiler may fuse over their borders.
            self.loss_of = torch.compile(self.loss, mode=options.compile, dynamic=False)
            self.errors_of = torch.compile(self.errors, mode=options.compile, dynamic=False)
        # What an augmented batch is indexed by.
        self.numbers = torch.arange(max(SIDE, options.batch), device=options.device)

    def train_mode(self):
        self.network.train()
        freeze(self.network, self.options.frozen)

    def augmented(self, images):
        """Bytes, each image cut out of its padded form, and half of them mirrored: one gather for the batch."""
        drawn = torch.randint(2 * PADDING + 1, (2, len(images), 1), device=images.device)
        rows, columns = drawn + self.numbers[:SIDE]
        mirrored = torch.rand((len(images), 1), device=images.device) < 0.5
        columns = torch.where(mirrored, columns.flip(1), columns)
        padded = F.pad(images, (PADDING,) * 4)
        which, channels = self.numbers[: len(images)], self.numbers[: images.shape[1]]
        return padded[which[:, None, None, None], channels[:, None, None], rows[:, None, :, None], columns[:, None, None]]

    def answers(self, images):
        """Logits of images that are still bytes."""
        inputs = images.to(torch.float32, memory_format=self.layout).sub_(self.mean).div_(self.deviation)
        with torch.autocast(self.options.device, torch.bfloat16, enabled=self.options.bf16):
            return self.network(inputs)

    def loss(self, images, labels):
        with torch.autocast(self.options.device, torch.bfloat16, enabled=self.options.bf16):
            return F.cross_entropy(self.answers(images), labels)

    def errors(self, images, labels):
        """Sum of the losses and number of wrong answers, [2]."""
        logits = self.answers(images).float()
        loss = F.cross_entropy(logits, labels, reduction="sum")
        return torch.stack([loss, (logits.argmax(1) != labels).sum().float()])

    def train_epoch(self, images, labels):
        """Mean loss of the epoch's batches, and how many images were in them."""
        count = len(images)
        if self.options.compile:
            count -= count % self.options.batch  # one shape, one compilation
        total = torch.zeros((), device=self.options.device)
        for indices in torch.randperm(len(images), device=self.options.device)[:count].split(self.options.batch):
            if self.options.compile:
                torch.compiler.cudagraph_mark_step_begin()
            batch = images[indices]
            if self.options.augment:
                batch = self.augmented(batch)
            loss = self.loss_of(batch, labels[indices])
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            total += loss.detach() * len(indices)
        return total.item() / count, count  # the one wait of the epoch, so a clock round it is right on a GPU too

    @torch.no_grad()
    def evaluate(self, images, labels):
        """Mean loss and error, in evaluation mode."""
        self.network.eval()
        total = torch.zeros(2, device=self.options.device)
        for batch, truth in zip(images.split(EVALUATION_BATCH), labels.split(EVALUATION_BATCH)):
            if self.options.compile:
                torch.compiler.cudagraph_mark_step_begin()
            total += self.errors_of(batch, truth)
        self.train_mode()
        return (total / len(images)).tolist()


def make_optimizer(network, options):
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[options.optimizer]
    # None leaves PyTorch its own default, which is one kernel per operation over all tensors on a GPU.
    return kind(trainable, lr=LEARNING_RATE[options.optimizer], fused=options.fused or None)


def run_epoch(loop, train, test):
    """What is printed of an epoch."""
    start = time.perf_counter()
    loss, count = loop.train_epoch(*train)
    seconds = time.perf_counter() - start
    line = {"images_per_second": round(count / seconds, 2), "train_loss": loss, "seconds": seconds}
    if test:
        start = time.perf_counter()
        splits = {"train": loop.evaluate(*train), "test": loop.evaluate(*test)}
        line["evaluation_seconds"] = time.perf_counter() - start
        for split, (loss, error) in splits.items():
            line |= {f"evaluated_{split}_loss": loss, f"evaluated_{split}_error": error}
    return line


def settings_of(loop, options):
    settings = vars(options) | {"threads": torch.get_num_threads(), "torch": torch.__version__}
    settings["trainable_parameters"] = trainable_parameters(loop.network)
    if options.device == "cuda":
        settings["gpu"] = torch.cuda.get_device_name()
    return settings


def main():
    options, parser = parse_options()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    train = random_task(options.images, options)
    test = random_task(options.test, options) if options.test else None
    network = ARCHITECTURES[options.architecture][0](options.width, CLASSES)
    layers = len(network.freezable_layers())
    if not 0 <= options.frozen <= layers:
        parser.error(f"--frozen is from 0 to {layers}")
    loop = Loop(network, options)
    for epoch in range(1, options.epochs + 1):
        if options.paced and not sys.stdin.readline():
            break  # nobody asks any more
        print(json.dumps({"epoch": epoch} | run_epoch(loop, train, test)), flush=True)
    print(json.dumps({"settings": settings_of(loop, options)}))


if __name__ == "__main__":
    main()
