"""torchvision's networks at small widths and with either stem, with which freezewise's families are compared.

torchvision fixes the width of a ResNet; here its blocks are assembled at other widths. The `cifar` stem is a 3x3
convolution of stride 1 without max-pooling. Run as a program, it checks the parameter counts of the full-size networks.
"""

from torch import nn
from torchvision import models
from torchvision.models.resnet import BasicBlock, Bottleneck


class ResNet(models.ResNet):
    """[N, 3, H, W] -> [N, classes]."""

    def __init__(self, block, counts, width=64, classes=1000, stem="imagenet"):
        super().__init__(block, counts, num_classes=classes)
        self.conv1 = stem_convolution(width, stem)
        self.bn1 = nn.BatchNorm2d(width)
        if stem == "cifar":
            self.maxpool = nn.Identity()
        self.inplanes = width
        for stage, count in enumerate(counts):
            made = self._make_layer(block, width << stage, count, stride=1 if stage == 0 else 2)
            setattr(self, f"layer{stage + 1}", made)
        self.fc = nn.Linear(self.inplanes, classes)


def resnet(depth, **sizes):
    """ResNet-18, 34 or 50."""
    block = Bottleneck if depth == 50 else BasicBlock
    return ResNet(block, [2, 2, 2, 2] if depth == 18 else [3, 4, 6, 3], **sizes)


def densenet(blocks=(6, 12, 24, 16), growth=32, classes=1000, stem="imagenet"):
    """DenseNet; transitions halve the number of channels, as in torchvision."""
    network = models.DenseNet(growth, tuple(blocks), num_init_features=2 * growth, num_classes=classes)
    if stem == "cifar":
        network.features.conv0 = stem_convolution(2 * growth, stem)
        network.features.pool0 = nn.Identity()
    return network


def vit(image=224, patch=16, width=768, depth=12, heads=12, mlp_width=3072, classes=1000):
    """Vision transformer with a class token, without dropout."""
    return models.VisionTransformer(image, patch, depth, heads, width, mlp_width, num_classes=classes)


def stem_convolution(width, stem):
    kernel, stride = (3, 1) if stem == "cifar" else (7, 2)
    return nn.Conv2d(3, width, kernel, stride, padding=kernel // 2, bias=False)


# Parameters of the full-size networks, with 1000 classes.
COUNTS = {
    "resnet18": (lambda: resnet(18), 11_689_512),
    "resnet34": (lambda: resnet(34), 21_797_672),
    "resnet50": (lambda: resnet(50), 25_557_032),
    "densenet121": (densenet, 7_978_856),
    "vit-b16": (vit, 86_567_656),
}


def main():
    for name, (make, expected) in COUNTS.items():
        found = sum(parameter.numel() for parameter in make().parameters())
        assert found == expected, f"{name}: expected {expected} parameters, found {found}"
        print(f"{name}: {found:,} parameters")


if __name__ == "__main__":
    main()
