"""Attention maps of networks: one module per method, one call for all of them."""

from psychobench_torch.attention.attend import METHODS, READINGS, attend, attend_dense
from psychobench_torch.attention.cam import CAMWeights, fit_cam, head_weights
from psychobench_torch.attention.layers import stages

__all__ = [
    "METHODS",
    "READINGS",
    "CAMWeights",
    "attend",
    "attend_dense",
    "fit_cam",
    "head_weights",
    "stages",
]
