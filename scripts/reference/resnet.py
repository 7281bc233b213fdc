"""ResNet-18 of any width for 32x32 images: He et al. (arXiv 1512.03385), with a 3x3 stem and no max-pooling.

The speed of freezewise's `resnet18` is compared with it. Run as a program, it checks its parameter counts.
"""

import torch
from torch import nn
from torch.nn import functional as F

from preact_resnet import check_counts


class BasicBlock(nn.Module):
    """[N, inputs, H, W] -> [N, outputs, H / stride, W / stride]. Norms follow their convolutions."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Identity()
        if stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x):
        branch = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(branch + self.downsample(x))


class ResNet18(nn.Module):
    """[N, 3, H, W] -> [N, classes]."""

    def __init__(self, width=64, classes=10):
        super().__init__()
        convolution = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.stem = nn.Sequential(convolution, nn.BatchNorm2d(width), nn.ReLU())
        blocks, inputs = [], width
        for stage in range(4):
            outputs = width << stage
            blocks.append(BasicBlock(inputs, outputs, stride=1 if stage == 0 else 2))
            blocks.append(BasicBlock(outputs, outputs, stride=1))
            inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.fc = nn.Linear(inputs, classes)

    def freezable_layers(self):
        """The stem and the eight blocks."""
        return [self.stem, *self.blocks]

    def forward(self, x):
        for layer in self.freezable_layers():
            x = layer(x)
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


# Ten classes: width -> {frozen layers: trainable parameters}, as in `freezewise describe`.
COUNTS = {64: {0: 11_173_962, 1: 11_172_106, 6: 9_579_530, 8: 4_725_770, 9: 5_130}}

if __name__ == "__main__":
    check_counts(ResNet18, COUNTS)
