"""Random values for every parameter and running statistic of a network, so that nothing is right by chance.

A fresh norm is the identity and a fresh ViT head is zero: two tensors swapped, or one never read, would not show.
"""

import torch
from torch import nn

NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm)


@torch.no_grad()
def redraw(network):
    """In place; of a scale at which the signal neither dies nor explodes. Variances are in [0.5, 2]."""
    for module in network.modules():
        scale = isinstance(module, NORMS)
        for name, tensor in module.named_parameters(recurse=False):
            if scale and name == "weight":
                tensor.uniform_(0.5, 1.5)
            elif name.endswith("bias") or tensor.dim() < 2:
                tensor.normal_(0.0, 0.2)
            elif name in ("class_token", "pos_embedding"):
                tensor.normal_(0.0, 1.0)
            else:
                # As a ReLU needs it for convolutions; half of it for the linear maps of a transformer.
                gain = 2.0 if tensor.dim() == 4 else 1.0
                tensor.normal_(0.0, (gain / tensor[0].numel()) ** 0.5)
        for name, tensor in module.named_buffers(recurse=False):
            if name == "running_mean":
                tensor.normal_(0.0, 0.2)
            elif name == "running_var":
                tensor.uniform_(0.5, 2.0)
    return network
