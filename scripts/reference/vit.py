"""A small vision transformer for 32x32 images: Dosovitskiy et al. (arXiv 2010.11929), with torchvision's structure.

The speed of freezewise's `vit-cifar` is compared with it: patches of 4 pixels, six blocks, eight heads, width 512, MLP
width 512. Run as a program, it checks its parameter counts.
"""

import torch
from torch import nn
from torch.nn import functional as F

from preact_resnet import check_counts


class Embedding(nn.Module):
    """[N, 3, side, side] -> [N, 1 + patches, width]: a class token, then the patches."""

    def __init__(self, side, patch, width):
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, stride=patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(0.02 * torch.randn(1, 1 + (side // patch) ** 2, width))

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        first = self.class_token.expand(len(x), -1, -1)
        return torch.cat([first, tokens], 1) + self.positions


class Attention(nn.Module):
    """[N, tokens, width] -> the same shape, with PyTorch's fused attention."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.inputs = nn.Linear(width, 3 * width)
        self.outputs = nn.Linear(width, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        parts = self.inputs(x).view(batch, tokens, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.outputs(mixed.transpose(1, 2).reshape(batch, tokens, width))


class EncoderBlock(nn.Module):
    """[N, tokens, width] -> the same shape. A norm precedes the attention and the MLP."""

    def __init__(self, width, heads, mlp_width):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(width, mlp_width), nn.GELU(), nn.Linear(mlp_width, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    """[N, 3, side, side] -> [N, classes], from the class token."""

    def __init__(self, width=512, classes=10, side=32, patch=4, depth=6, heads=8, mlp_width=512):
        super().__init__()
        self.embedding = Embedding(side, patch, width)
        self.blocks = nn.ModuleList(EncoderBlock(width, heads, mlp_width) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, classes)

    def freezable_layers(self):
        """The embedding, the encoder's blocks and the last norm."""
        return [self.embedding, *self.blocks, self.norm]

    def forward(self, x):
        for layer in self.freezable_layers():
            x = layer(x)
        return self.head(x[:, 0])


# Ten classes: width -> {frozen layers: trainable parameters}, as in `freezewise describe`.
COUNTS = {512: {0: 9_532_938, 1: 9_474_058, 4: 4_740_106, 7: 6_154, 8: 5_130}}

if __name__ == "__main__":
    check_counts(ViT, COUNTS)
