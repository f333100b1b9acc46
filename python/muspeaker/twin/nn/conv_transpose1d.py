"""1-D transposed convolution that runs channels-last, which is what CPUs are fast at."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class ConvTranspose1d(nn.ConvTranspose1d):
    """`torch.nn.ConvTranspose1d` with the same weights, computed like `conv1d.Conv1d`."""

    def forward(self, x: torch.Tensor, output_size: list[int] | None = None) -> torch.Tensor:
        """Upsample.

        Args:
            x: (batch, in_channels, frames).
            output_size: Not supported; kept for the signature of the base class.

        Returns:
            (batch, out_channels, frames * stride) when the padding is (kernel - stride) / 2.

        Raises:
            ValueError: If output_size is given.
        """
        if output_size is not None:
            raise ValueError("output_size is not supported")
        image = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        y = F.conv_transpose2d(
            image,
            self.weight.unsqueeze(2),
            self.bias,
            (1, self.stride[0]),
            (0, int(self.padding[0])),
        )
        return y.squeeze(2)
