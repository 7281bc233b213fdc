"""DenseNet-121 of any growth for 32x32 images: Huang et al. (arXiv 1608.06993), with a 3x3 stem and no max-pooling.

The speed of freezewise's `densenet121` is compared with it. Run as a program, it checks its parameter counts.
"""

import torch
from torch import nn
from torch.nn import functional as F

from preact_resnet import check_counts

BLOCKS = (6, 12, 24, 16)
BOTTLENECK = 4  # channels between the two convolutions of a dense layer, in units of the growth


class DenseLayer(nn.Module):
    """[N, inputs, H, W] -> [N, inputs + growth, H, W]: appends its features to its input."""

    def __init__(self, inputs, growth):
        super().__init__()
        middle = BOTTLENECK * growth
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, middle, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, growth, 3, padding=1, bias=False)

    def forward(self, x):
        added = self.conv1(F.relu(self.norm1(x)))
        added = self.conv2(F.relu(self.norm2(added)))
        return torch.cat([x, added], 1)


class Transition(nn.Module):
    """[N, inputs, H, W] -> [N, outputs, H / 2, W / 2]."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv(F.relu(self.norm(x))), 2)


class DenseNet121(nn.Module):
    """[N, 3, H, W] -> [N, classes]. Transitions halve the number of channels."""

    def __init__(self, growth=32, classes=10, blocks=BLOCKS):
        super().__init__()
        channels = 2 * growth
        convolution = nn.Conv2d(3, channels, 3, padding=1, bias=False)
        layers = [nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU())]
        for block, count in enumerate(blocks):
            if block > 0:
                layers.append(Transition(channels, channels // 2))
                channels //= 2
            for _ in range(count):
                layers.append(DenseLayer(channels, growth))
                channels += growth
        layers.append(nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU()))
        self.layers = nn.ModuleList(layers)
        self.classifier = nn.Linear(channels, classes)

    def freezable_layers(self):
        """The stem, each dense layer, each transition and the last norm."""
        return list(self.layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.classifier(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


# Ten classes: growth -> {frozen layers: trainable parameters}, as in `freezewise describe`.
COUNTS = {32: {0: 6_956_426, 8: 6_586_250, 32: 4_531_274, 46: 2_170_378, 61: 178_378, 62: 12_298, 63: 10_250}}

if __name__ == "__main__":
    check_counts(DenseNet121, COUNTS)
