"""Shows where libtorch's bf16 convolutions are wrong on a CPU: the weight gradient of a strided 3x3 convolution over
one-pixel feature maps. Memory is filled with NaN before each call to reveal values that are never written.

    python3 scripts/reference/one_pixel.py      # one line per wrong shape; none once libtorch is fixed
"""

import torch
from torch.nn import functional as F


def poison():
    held = [torch.full((count,), float("nan")) for count in (16, 64, 256, 1024, 4096, 16384)]
    del held


def errors(channels, side, kernel, stride, layout):
    """Describes differences between bf16 and fp32 of more than 5% of the largest value."""
    images = torch.randn(16, channels, side, side).to(torch.bfloat16)
    weights = torch.randn(2 * channels, channels, kernel, kernel).to(torch.bfloat16)
    ends = []
    for kind in (torch.bfloat16, torch.float32):
        inputs = [tensor.to(kind).contiguous(memory_format=layout).requires_grad_() for tensor in (images, weights)]
        poison()
        output = F.conv2d(*inputs, stride=stride, padding=kernel // 2)
        poison()
        ends.append([output, *torch.autograd.grad(output.float().square().mean(), inputs)])
    for name, narrow, wide in zip(("output", "gradient of images", "gradient of weights"), *ends):
        difference = (narrow.float() - wide).abs().max() / wide.abs().max()
        if not difference < 0.05:
            yield f"{name}: {difference:.3g}"


def main():
    torch.manual_seed(0)
    for channels in (2, 4, 8, 16, 32, 64):
        for side in (1, 2, 3, 4, 8):
            for kernel, stride in ((3, 1), (3, 2), (1, 1), (1, 2)):
                for layout in (torch.contiguous_format, torch.channels_last):
                    for error in errors(channels, side, kernel, stride, layout):
                        shape = f"{channels} channels, {side}x{side}, kernel {kernel}, stride {stride}, {layout}"
                        print(f"{shape}: {error}")


if __name__ == "__main__":
    main()
