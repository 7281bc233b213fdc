"""A carefully optimised PyTorch training loop, with whose speed freezewise is compared.

    python3 scripts/reference/train_loop.py --width 16 --threads 2
    python3 scripts/reference/train_loop.py --architecture densenet121 --device cuda --channels-last --fused --bf16
    python3 scripts/reference/train_loop.py --width 64 --device cuda --bf16 --fused --compile max-autotune --test 10000

Images are random and stay on the device as bytes, so nothing is loaded or copied during an epoch, and the loss is read
once at its end. The default is plain eager fp32 in NCHW. Frozen layers need no gradient and are computed in every step.
Prints a line of JSON per epoch, then one with the settings. Ignore the first epoch: it includes the warm-up, and with
--compile the compilation.
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
# Of CIFAR-10's channels, from 0 to 255. The values do not affect the speed.
MEAN = (125.3, 123.0, 113.9)
DEVIATION = (63.0, 62.1, 66.7)
LEARNING_RATE = {"sgd": 0.05, "adam": 1e-3}
EVALUATION_BATCH = 500
# Black border from which a crop is taken, in pixels.
PADDING = 4
# (network, default of --width).
ARCHITECTURES = {
    "preact-resnet18": (PreActResNet18, 16),
    "resnet18": (ResNet18, 64),
    "densenet121": (DenseNet121, 32),
    "vit-cifar": (ViT, 512),
}
# Modes of torch.compile; the second and third use CUDA graphs.
COMPILE_MODES = ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a positive number")
    return value


def parse_options():
    parser = argparse.ArgumentParser(description="Time the training of a network in PyTorch, on 32x32 images.")
    parser.add_argument("--architecture", choices=list(ARCHITECTURES), default="preact-resnet18")
    parser.add_argument("--width", type=positive,
                        help="channels of a ResNet, growth of a DenseNet, token width of a ViT")
    parser.add_argument("--batch", type=positive, default=128, help="batch size (default 128)")
    parser.add_argument("--images", type=positive, default=2560, help="training images (default 2560)")
    parser.add_argument("--epochs", type=positive, default=4, help="default 4")
    parser.add_argument("--optimizer", choices=sorted(LEARNING_RATE), default="sgd", help="default sgd")
    parser.add_argument("--threads", type=positive, help="CPU threads (default: PyTorch's)")
    parser.add_argument("--channels-last", action="store_true", help="NHWC memory layout")
    parser.add_argument("--fused", action="store_true", help="fused optimizer")
    parser.add_argument("--bf16", action="store_true", help="bf16 autocast")
    parser.add_argument("--augment", action="store_true", help="random crops with a black border, and flips")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="default cpu")
    parser.add_argument("--frozen", type=int, default=0, metavar="K",
                        help="number of frozen layers: the stem, then the blocks (default 0)")
    parser.add_argument("--compile", choices=COMPILE_MODES, metavar="MODE",
                        help=f"torch.compile with this mode ({', '.join(COMPILE_MODES)}); drops a smaller last batch")
    parser.add_argument("--test", type=positive, metavar="N",
                        help="evaluate the training images and N others after each epoch")
    parser.add_argument("--paced", action="store_true", help="wait for a line on stdin before each epoch")
    options = parser.parse_args()
    if options.compile and options.images < options.batch:
        parser.error("with --compile, --images must be at least --batch")
    if options.width is None:
        options.width = ARCHITECTURES[options.architecture][1]
    return options, parser


def random_task(count, options):
    """Images [N, 3, 32, 32] as bytes and labels [N], on the device."""
    images = torch.randint(256, (count, 3, SIDE, SIDE), dtype=torch.uint8, device=options.device)
    return images, torch.randint(CLASSES, (count,), device=options.device)


class Loop:
    """A network with its optimizer: trains and evaluates epochs."""

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
            # Normalisation, network and loss together, so that the compiler can fuse across them.
            self.loss_of = torch.compile(self.loss, mode=options.compile, dynamic=False)
            self.errors_of = torch.compile(self.errors, mode=options.compile, dynamic=False)
        # Indices for augmented batches.
        self.numbers = torch.arange(max(SIDE, options.batch), device=options.device)

    def train_mode(self):
        self.network.train()
        freeze(self.network, self.options.frozen)

    def augmented(self, images):
        """A batch of bytes with random crops of the padded images, half of them flipped, by a single gather."""
        drawn = torch.randint(2 * PADDING + 1, (2, len(images), 1), device=images.device)
        rows, columns = drawn + self.numbers[:SIDE]
        mirrored = torch.rand((len(images), 1), device=images.device) < 0.5
        columns = torch.where(mirrored, columns.flip(1), columns)
        padded = F.pad(images, (PADDING,) * 4)
        which, channels = self.numbers[: len(images)], self.numbers[: images.shape[1]]
        return padded[which[:, None, None, None], channels[:, None, None], rows[:, None, :, None], columns[:, None, None]]

    def answers(self, images):
        """Logits of images given as bytes."""
        inputs = images.to(torch.float32, memory_format=self.layout).sub_(self.mean).div_(self.deviation)
        with torch.autocast(self.options.device, torch.bfloat16, enabled=self.options.bf16):
            return self.network(inputs)

    def loss(self, images, labels):
        with torch.autocast(self.options.device, torch.bfloat16, enabled=self.options.bf16):
            return F.cross_entropy(self.answers(images), labels)

    def errors(self, images, labels):
        """Sum of the losses and number of wrong predictions, [2]."""
        logits = self.answers(images).float()
        loss = F.cross_entropy(logits, labels, reduction="sum")
        return torch.stack([loss, (logits.argmax(1) != labels).sum().float()])

    def train_epoch(self, images, labels):
        """Mean loss of the epoch's batches, and the number of images in them."""
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
        return total.item() / count, count  # waits for the GPU, so that the epoch's time is correct

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
    # None is PyTorch's default: on a GPU, one kernel per operation over all tensors.
    return kind(trainable, lr=LEARNING_RATE[options.optimizer], fused=options.fused or None)


def run_epoch(loop, train, test):
    """The printed values of an epoch."""
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
        parser.error(f"--frozen must be from 0 to {layers}")
    loop = Loop(network, options)
    for epoch in range(1, options.epochs + 1):
        if options.paced and not sys.stdin.readline():
            break  # stdin is closed
        print(json.dumps({"epoch": epoch} | run_epoch(loop, train, test)), flush=True)
    print(json.dumps({"settings": settings_of(loop, options)}))


if __name__ == "__main__":
    main()
