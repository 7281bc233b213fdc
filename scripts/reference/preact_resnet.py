"""PreAct-ResNet18 of any width for 32x32 images, after Nakkiran et al., "Deep Double Descent" (arXiv 1912.02292).

freezewise's `preact-resnet18` is compared with it. Run as a program, it checks its parameter counts against those that
follow from the shapes.
"""

import torch
from torch import nn
from torch.nn import functional as F


class PreActBlock(nn.Module):
    """[N, inputs, H, W] -> [N, outputs, H / stride, W / stride]. It starts with a norm."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            # A `Sequential`, so that its weight has torchvision's name, `downsample.0.weight`.
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False))

    def forward(self, x):
        activated = F.relu(self.bn1(x))
        # A projection takes the activated input, an identity the raw one, so that one path has no norms.
        shortcut = x if self.downsample is None else self.downsample(activated)
        return self.conv2(F.relu(self.bn2(self.conv1(activated)))) + shortcut


class PreActResNet18(nn.Module):
    """[N, 3, H, W] -> [N, classes]. There is no norm or ReLU between the last block and the pooling."""

    def __init__(self, width=64, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.layer1 = stage(width, width, 1)
        self.layer2 = stage(width, 2 * width, 2)
        self.layer3 = stage(2 * width, 4 * width, 2)
        self.layer4 = stage(4 * width, 8 * width, 2)
        self.fc = nn.Linear(8 * width, classes)

    def freezable_layers(self):
        """The stem and the eight blocks, in order; not the head."""
        return [self.conv1, *self.layer1, *self.layer2, *self.layer3, *self.layer4]

    def forward(self, x):
        for layer in self.freezable_layers():
            x = layer(x)
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


def stage(inputs, outputs, stride):
    """Two blocks; the first one changes the shape."""
    return nn.Sequential(PreActBlock(inputs, outputs, stride), PreActBlock(outputs, outputs, 1))


def freeze(network, count):
    """Freezes the first `count` layers: no gradients, and norms use running statistics without updating them.

    Call it after `network.train()`, which undoes the latter.
    """
    for layer in network.freezable_layers()[:count]:
        layer.eval().requires_grad_(False)


def trainable_parameters(network):
    """The number of parameters that the optimizer updates."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def check_counts(make, counts):
    """Checks trainable parameters against `counts`, {size: {frozen layers: parameters}}; `make` takes the size."""
    for size, expected in counts.items():
        network = make(size)
        # In ascending order, because `freeze` does not unfreeze layers.
        for frozen, count in sorted(expected.items()):
            freeze(network, frozen)
            found = trainable_parameters(network)
            assert found == count, f"width {size}, {frozen} frozen: expected {count} parameters, found {found}"
        assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
        print(f"width {size}: {expected[0]:,} parameters")


# Ten classes: width -> {frozen layers: trainable parameters}.
COUNTS = {
    8: {0: 176_050, 7: 132_170, 8: 74_634, 9: 650},
    16: {0: 700_762, 7: 526_474, 8: 296_714, 9: 1_290},
    64: {0: 11_171_146, 7: 8_397_322, 8: 4_725_770, 9: 5_130},
}

if __name__ == "__main__":
    check_counts(PreActResNet18, COUNTS)
