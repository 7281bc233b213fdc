"""Random values for every parameter and running statistic of a network, so that comparisons detect every mistake.

A new norm is the identity and a new ViT head is zero: swapped or unread tensors would go unnoticed.
"""

import torch
from torch import nn

NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm)


@torch.no_grad()
def redraw(network):
    """Redraws in place, at scales that keep activations from vanishing or exploding. Variances are in [0.5, 2]."""
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
                # He initialisation for convolutions; half of the variance for the linear layers of a transformer.
                gain = 2.0 if tensor.dim() == 4 else 1.0
                tensor.normal_(0.0, (gain / tensor[0].numel()) ** 0.5)
        for name, tensor in module.named_buffers(recurse=False):
            if name == "running_mean":
                tensor.normal_(0.0, 0.2)
            elif name == "running_var":
                tensor.uniform_(0.5, 2.0)
    return network
